"""The policy on the diagnostic: what a client says of its work, and what the provider makes of it.

Nobody is judged: what one person logs is hers and the pilot's, results are told by site and role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q, QuerySet

from . import access_desk

if TYPE_CHECKING:
    from .access import Access

# A client learns of a study once it is open; a site of its results once they are told.
OPEN = ("collecting", "restitution", "decided", "closed")
TOLD = ("restitution", "decided", "closed")


def piloted(access: Access, path: str = "") -> Q:
    """Return the rule for what only those see who lead the study (`path`: lookup of the study).

    Its pilot, while she is on the provider's staff, and who runs the pool. Join it to other rules
    through `or_leading`: "everything" is an empty rule, and lost in an "or".
    """
    if access.runs_pool:
        return access_desk.EVERYTHING
    if not access.is_staff:
        return access_desk.NOTHING
    return Q(**{f"{path}pilot": access.person})


def or_leading(rule: Callable[[Access], Q]) -> Callable[[Access], Q]:
    """Return a rule that shows everything to who runs the pool, and to others what it says."""
    return lambda access: access_desk.EVERYTHING if access.runs_pool else rule(access)


def steered(access: Access, path: str = "", when: tuple[str, ...] = OPEN) -> Q:
    """Return the rule for what the sponsor and the client lead read of their company's study."""
    if not access.is_client:
        return access_desk.NOTHING
    return Q(**{f"{path}company__in": access.steered_company_ids, f"{path}phase__in": when})


def at_led_site(access: Access, path: str, site: str) -> Q:
    """Return the rule for what a site lead reads of her site once results are told."""
    if not access.is_client or not access.led_site_ids:
        return access_desk.NOTHING
    return Q(**{f"{site}__in": access.led_site_ids, f"{path}phase__in": TOLD})


def asked(access: Access, path: str = "") -> Q:
    """Return the rule for what somebody sees who takes part, while it is open."""
    own = _rows("study.Participant").filter(person=access.person)
    return Q(**{f"{path}pk__in": own.values("study"), f"{path}phase__in": OPEN})


def studies(access: Access) -> Q:
    """Return the rule for studies: who leads them, who steers the client, who takes part."""
    if not access.roles:
        return access_desk.NOTHING
    rule = piloted(access) | steered(access) | asked(access)
    if access.is_client and access.led_site_ids:
        scopes = _rows("study.StudySite").filter(site__in=access.led_site_ids)
        rule |= Q(pk__in=scopes.values("study"), phase__in=TOLD)
    return rule


def scopes(access: Access) -> Q:
    """Return the rule for the sites of a study."""
    return (
        piloted(access, "study__")
        | steered(access, "study__")
        | at_led_site(access, "study__", "site")
    )


def participants(access: Access) -> Q:
    """Return the rule for who takes part: the study's leads, the client's, and herself."""
    mine = Q(person=access.person) & Q(study__phase__in=OPEN)
    return piloted(access, "study__") | steered(access, "study__") | mine


def lines(access: Access, path: str = "") -> Q:
    """Return the rule for lines of the inventory (`path`: lookup prefix of the line).

    What one person said of her own work is hers and the pilot's until it is validated: from then
    on it is the study's, and bears no name.
    """
    study = f"{path}study__"
    mine = Q(**{f"{path}author__person": access.person, f"{study}phase__in": OPEN})
    everybodys = Q(**{f"{path}author": None}) | Q(**{f"{path}validated_at__isnull": False})
    read = steered(access, study) | at_led_site(access, study, f"{path}site")
    return piloted(access, study) | mine | (read & everybodys)


def choosing(access: Access) -> Q:
    """Return the rule for what a choice is made of: who leads the study, and its sponsor.

    Prices of offers and the reasons of derogations are nobody else's.
    """
    if not access.is_client:
        return piloted(access, "study__")
    return Q(study__sponsor=access.person, study__phase__in=OPEN)


def results(access: Access, path: str = "study__") -> Q:
    """Return the rule for what the client's sponsor and lead read once results are told."""
    return piloted(access, path) | steered(access, path, TOLD)


def costs(access: Access, path: str) -> Q:
    """Return the rule for what it costs: the provider's management, and the client's sponsor."""
    if not access.is_client:
        return access_desk.EVERYTHING if access.has("management") else access_desk.NOTHING
    sponsored = [
        role.company_id for role in access.roles if role.kind == "sponsor" and role.company_id
    ]
    return Q(**{f"{path}company__in": sponsored, f"{path}phase__in": TOLD})


def restitutions(access: Access) -> Q:
    """Return the rule for editions of the documents: who reads one of them."""
    rule = results(access)
    if access.is_client and access.led_site_ids:
        scopes = _rows("study.StudySite").filter(site__in=access.led_site_ids)
        rule |= Q(study__in=scopes.values("study"), study__phase__in=TOLD)
    return rule


def reports(access: Access) -> Q:
    """Return the rule for documents: a site's for its lead, what it costs for very few."""
    path = "restitution__study__"
    told = results(access, path) | at_led_site(access, path, "site")
    if access.runs_pool:
        told = access_desk.EVERYTHING
    return (told & ~Q(kind="costs")) | (costs(access, path) & Q(kind="costs"))


def waves(access: Access, path: str) -> Q:
    """Return the rule for waves: who leads the study, and who steers the client."""
    return piloted(access, path) | steered(access, path)


def irritants(access: Access, path: str = "") -> Q:
    """Return the rule for pain points: who leads the study, and who steers the client.

    In their own words, never with who said them: that is the pilot's alone (see the views).
    """
    study = f"{path}study__"
    return piloted(access, study) | steered(access, study)


def hers(access: Access, path: str = "") -> Q:
    """Return the rule for what somebody answers of herself: nobody else, whoever leads."""
    return Q(**{f"{path}participant__person": access.person})


def interviews(access: Access) -> Q:
    """Return the rule for interviews: her own, and what was sent to who leads the study."""
    return hers(access) | (piloted(access, "study__") & Q(sent_at__isnull=False))


def actions(access: Access) -> Q:
    """Return the rule for actions of the change plan: the leads', the client's, and the owner's."""
    return irritants(access) | (Q(owner=access.person) & Q(study__phase__in=OPEN))


def _rows(label: str) -> QuerySet[Any]:
    """Return the rows of a table above this app, by its name."""
    rows: QuerySet[Any] = apps.get_model(label)._default_manager.order_by()
    return rows


RULES: dict[str, Callable[[Access], Q]] = {
    "study.Study": or_leading(studies),
    "study.StudySite": or_leading(scopes),
    "study.Participant": or_leading(participants),
    "study.InventoryLine": or_leading(lines),
    "study.Sizing": or_leading(results),
    "study.CostScenario": lambda access: costs(access, "study__"),
    "study.CostLine": lambda access: costs(access, "scenario__study__"),
    "study.Restitution": or_leading(restitutions),
    "study.Report": reports,
    "study.Duplicate": lambda access: piloted(access, "study__"),
    "study.SheetImport": lambda access: piloted(access, "study__"),
    "study.ModelOffer": choosing,
    "study.ChoiceWeights": choosing,
    "study.Correction": choosing,
    "study.ModelChoice": choosing,
    "study.Derogation": choosing,
    # What is made of it is worked on by the provider; waves are read by both sides' leads.
    "study.Generation": lambda access: piloted(access, "study__"),
    "study.Generated": lambda access: piloted(access, "generation__study__"),
    "study.Origin": lambda access: piloted(access, "generated__generation__study__"),
    "study.Post": lambda access: piloted(access, "study__"),
    "study.Wave": or_leading(lambda access: waves(access, "study__")),
    "study.WaveSite": or_leading(lambda access: waves(access, "wave__study__")),
    "study.Irritant": or_leading(irritants),
    "study.IrritantMeasure": or_leading(lambda access: irritants(access, "irritant__")),
    "study.IrritantLine": lambda access: piloted(access, "irritant__study__"),
    "study.BrakeAnswer": hers,
    "study.MaturityAnswer": or_leading(irritants),
    "study.ActivityCategory": or_leading(
        lambda access: piloted(access, "study__") | asked(access, "study__")
    ),
    "study.ActivityLog": hers,
    "study.ActivityEntry": lambda access: hers(access, "log__"),
    "study.StudyLink": lambda access: piloted(access, "participant__study__"),
    "study.Interview": interviews,
    "study.ChangeAction": or_leading(actions),
}
