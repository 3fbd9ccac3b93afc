"""What happened to an agreement, told event by event."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from relais.people.access import Access
from relais.people.models import Person

from . import signing
from .models import Agreement, AgreementEvent, AgreementVersion
from .reading import Change, Names, changes, terms_for
from .terms import Terms, compare

Kind = AgreementEvent.Kind
MOST_EVENTS = 200


@dataclass(frozen=True)
class Told:
    """One event as it is read."""

    event: AgreementEvent
    title: str
    by: str
    lines: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def told(event: AgreementEvent, names: Names, known: Collection[int | None]) -> Told:
    """Return an event in words; `known`: the keys of the persons whom the reader knows by name."""
    by = "" if event.by is None else event.by.name
    if event.by_id is not None and event.by_id not in known:
        by = _("The client") if event.by.is_client else _("The provider")
    version = pgettext("agreement", "Version %(n)d") % {"n": event.version.number}
    title = f"{version} · {event.get_kind_display()}"
    facts = event.facts
    lines: list[str] = []
    changed: list[Change] = []
    if event.kind == Kind.EDITED:
        before, after = (Terms.from_facts(facts.get(side, {})) for side in ("before", "after"))
        changed = changes(compare(before, after), names)
    elif event.kind == Kind.SIGNED:
        client = facts.get("side") == signing.CLIENT
        lines = [
            _("For the client") if client else _("For the provider"),
            _("Fingerprint of the text: %(digest)s") % {"digest": facts.get("digest", "")[:16]},
        ]
    elif event.kind == Kind.RETRACTED:
        client = facts.get("side") == signing.CLIENT
        lines = [_("For the client") if client else _("For the provider")]
    elif event.kind == Kind.WITHDRAWN and facts.get("reason"):
        lines = [facts["reason"]]
    elif event.kind == Kind.ENDED:
        lines = [_("Replaced by version %(n)s.") % {"n": facts.get("replaced_by", "")}]
    elif event.kind == Kind.DRAFTED and facts.get("from"):
        lines = [_("Copied from version %(n)s.") % {"n": facts["from"]}]
    return Told(event, title, by, lines, changed)


def of_agreement(access: Access, shown: Agreement) -> list[Told]:
    """Return the newest events of an agreement, to those who steer it; to others nothing."""
    rows = access.see(AgreementEvent).filter(agreement=shown)
    found = list(rows.select_related("version__agreement", "by").order_by("-pk")[:MOST_EVENTS])
    names = Names.of(access, shown)
    known = set(access.see(Person).values_list("pk", flat=True))
    if engagement := shown.company.engagement:
        known |= {engagement.client_lead_id, engagement.client_deputy_id}
        known |= {engagement.provider_lead_id, engagement.provider_deputy_id}
    return [told(event, names, known) for event in found]


def followed(access: Access, version: AgreementVersion) -> AgreementVersion | None:
    """Return the version that this one follows: in force for a draft, else the one before."""
    signed = (
        access.see(AgreementVersion)
        .filter(agreement=version.agreement, state="signed")
        .exclude(pk=version.pk)
        .order_by("-number")
    )
    if version.state == "draft":
        return signed.filter(period__contains=timezone.localdate()).first() or signed.first()
    return signed.filter(number__lt=version.number).first()


def changed_since(
    access: Access, before: AgreementVersion | None, version: AgreementVersion
) -> list[Change]:
    """Return what this person may read of what changes; against nothing, everything is new."""
    old = terms_for(access, before) if before else Terms(scopes=())
    names = Names.of(access, version.agreement)
    return changes(compare(old, terms_for(access, version)), names)
