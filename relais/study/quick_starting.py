"""From the quick draft offer to the first request: one action opens all that it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from relais.desk.errors import BadValue, Missing
from relais.desk.models import Ticket
from relais.offer import awaiting, keeping, signing
from relais.offer.models import AgreementVersion
from relais.people import invitations, organisation
from relais.people.access import Access
from relais.people.models import Company, Engagement, Person, Role, Site

from . import generating
from .choosing_errors import NothingToGenerate
from .models import Generated, Generation, Post, Study, Wave


@dataclass(frozen=True)
class Named:
    """Somebody at the client, as she is typed."""

    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True)
class Step:
    """One thing between the draft and the first request: whether it is done, and what is left."""

    label: str
    done: bool
    left: str = ""
    address: tuple[str, int] | None = None  # the name of the page, and its key


@transaction.atomic
def start(study: Study, lead: Named | None, asker: Named | None, site: Site, *, by: Person) -> None:
    """Open the service at the first site: who steers, who asks, who answers, what is signed.

    The engagement begins with `lead` at the client and `by` here; both are invited; the posts go to
    those who were proposed; the agreement takes effect today and is signed for the provider; the
    site's wave starts. Done twice, nothing is done twice. Raises `NotPiloting`, `MayNotKeep`,
    `NothingToGenerate`, `Missing`, `BadValue`, `InvitationRefused`, and what the verbs raise.
    """
    study.check_lead(by)
    keeping.check_keeps(by, study)
    held = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    generation = generating.standing(held)
    if generation is None:
        raise NothingToGenerate(mend=_("make the draft offer first."))
    wave = held.waves.filter(sites__site=site).exclude(state=Wave.State.DROPPED).first()
    if wave is None:
        raise BadValue(field=_("site"), mend=_("choose a site of the first wave"))
    engagement = held.company.engagement or _engage(held.company, lead, by)
    invited = [engagement.client_lead]
    invited.append(_asker(held.company, asker, site, by, otherwise=engagement.client_lead))
    _fill_posts(held, wave, by)
    _sign(generation, by)
    if wave.state == Wave.State.PLANNED:
        generating.start_wave(wave, by=by)
    for person in dict.fromkeys(invited):
        if person.user_id is None:
            invitations.invite_once(person, by=by, to_sign=_to_sign(generation, person))


def _engage(company: Company, lead: Named | None, by: Person) -> Engagement:
    if lead is None:
        raise Missing(field=_("e-mail of the client lead"))
    engagement = Engagement.objects.create(
        provider_id=by.provider_id, company=company, started_on=timezone.localdate(),
        client_lead=_person(company, lead, None, by), provider_lead=by,
    )  # fmt: skip
    organisation.record(engagement, "created", by)
    organisation.enable_leads(engagement, by=by)
    return engagement


def _person(company: Company, named: Named, site: Site | None, by: Person) -> Person:
    """Return the person of this address at the client, made if nobody has it."""
    email = named.email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadValue(field=_("e-mail"), mend=_("give a whole address")) from None
    known = Person.objects.filter(email=email).first()
    if known is not None:
        if known.company_id != company.pk or known.archived_at:
            mend = _("%(email)s is somebody else's: give another address") % {"email": email}
            raise BadValue(field=_("e-mail"), mend=mend)
        return known
    if not named.last_name.strip():
        raise Missing(field=_("last name"))
    made = Person.objects.create(
        provider_id=by.provider_id, company=company, site=site, email=email,
        first_name=named.first_name.strip()[:100], last_name=named.last_name.strip()[:100],
    )  # fmt: skip
    organisation.record(made, "created", by)
    return made


def _asker(
    company: Company, named: Named | None, site: Site, by: Person, *, otherwise: Person
) -> Person:
    """Return who asks first at the site: the client's lead herself where nobody is named."""
    person = _person(company, named, site, by) if named is not None else otherwise
    if person.site_id is None:
        Person.objects.filter(pk=person.pk).update(site=site)
    asks = person.roles.in_force().filter(
        kind__in=[Role.Kind.REQUESTER, Role.Kind.SITE_LEAD], company=company
    )
    if not asks.exists():
        role = Role.objects.create(
            provider_id=by.provider_id, person=person, kind=Role.Kind.REQUESTER, company=company,
            site=site, starts_on=timezone.localdate(),
        )  # fmt: skip
        organisation.role_given(role, by=by)
    return person


def _fill_posts(study: Study, wave: Wave, by: Person) -> None:
    """Give each post of the wave's sites that nobody holds to whom it was proposed for."""
    free = Post.objects.filter(
        study=study, dropped=False, person=None, site__in=wave.sites.values("site")
    )
    for post in free.exclude(proposed=None).select_related("study", "site", "proposed"):
        if post.proposed is not None:
            post.fill(post.proposed, by=by)


def _sign(generation: Generation, by: Person) -> None:
    """Let the drafted agreement take effect today, signed for the provider."""
    draft = drafted(generation)
    if draft is None or draft.state != AgreementVersion.State.DRAFT or draft.provider_signed_at:
        return
    if signing.side_of(draft.agreement, by) != signing.PROVIDER:
        return
    today = timezone.localdate()
    if draft.effective_from != today and not draft.client_signed_at:
        draft.edit(by=by, effective_from=today)
        # Its own date, moved by its own start, is nobody's work on it.
        Generated.objects.filter(
            generation=generation, kind=Generated.Kind.AGREEMENT, thing_id=draft.pk
        ).update(mark=draft.revision)
    draft.sign(by=by, side=signing.PROVIDER)


def _to_sign(generation: Generation, person: Person) -> dict[str, str]:
    """Return the name and the page of the drafted agreement where it waits for this person."""
    draft = drafted(generation)
    if draft is None or not awaiting.awaits(draft, person):
        return {}
    page = reverse("agreement_sign", args=[draft.agreement_id, draft.number])
    return {draft.agreement.name: page}


def drafted(generation: Generation) -> AgreementVersion | None:
    """Return the agreement that the study drafted, None where one stood already."""
    made = generation.things.filter(kind=Generated.Kind.AGREEMENT).first()
    rows = AgreementVersion.objects.select_related("agreement__company")
    return rows.filter(pk=made.thing_id).first() if made else None


def first_sites(study: Study) -> list[Site]:
    """Return the sites of the first wave: there the service begins."""
    wave = study.waves.exclude(state=Wave.State.DROPPED).order_by("number").first()
    return [one.site for one in wave.sites.select_related("site")] if wave else []


def steps(study: Study, access: Access) -> list[Step]:
    """Return what stands between the draft offer and the first request, in its order."""
    generation = generating.standing(study)
    engagement = study.company.engagement
    if generation is None:
        return []
    draft, wave = drafted(generation), study.waves.exclude(state="dropped").first()
    people = [engagement.client_lead] if engagement else []
    sites = first_sites(study)
    askers = Person.objects.filter(
        company=study.company, site__in=sites, archived_at=None, roles__kind=Role.Kind.REQUESTER
    )
    people += [one for one in askers.distinct()[:5] if one not in people]
    waiting = [one.name for one in people if one.user_id is None]
    first = (
        access.see(Ticket).filter(site__in=sites, received_at__gte=generation.at)
        .order_by("received_at").first()
    )  # fmt: skip
    return [
        Step(_("The engagement is open, with its two leads"), engagement is not None),
        Step(
            _("The agreement is signed by both sides"),
            draft is not None and draft.state == AgreementVersion.State.SIGNED,
            _left_to_sign(draft),
            ("agreement", draft.agreement_id) if draft else None,
        ),
        Step(
            _("The first wave is started: its services are offered"),
            wave is not None and wave.state in (Wave.State.STARTED, Wave.State.STEADY),
            " ".join(wave.missing())
            if engagement and wave and wave.state == Wave.State.PLANNED else "",
            ("waves", study.pk),
        ),
        Step(
            _("Who asks has an account"), bool(people) and not waiting,
            _("Invited by mail, not in yet: %(names)s.") % {"names": ", ".join(waiting)}
            if waiting else "",
        ),
        Step(
            _("The first request is there"), first is not None,
            _("%(time)s after the diagnostic was begun") % {"time": _long(first, study)}
            if first else "",
            ("ticket", first.pk) if first else None,
        ),
    ]  # fmt: skip


def _left_to_sign(draft: AgreementVersion | None) -> str:
    if draft is None or draft.state != AgreementVersion.State.DRAFT:
        return ""
    if draft.provider_signed_at and not draft.client_signed_at:
        return _("The client lead signs it on her own page.")
    return _("Neither side has signed it.") if not draft.client_signed_at else ""


def _long(ticket: Ticket, study: Study) -> str:
    """Return how long it took from the study's first word to a request."""
    took: timedelta = ticket.received_at - study.made_at
    minutes = max(1, round(took.total_seconds() / 60))
    if minutes < 120:
        return _("%(n)d min") % {"n": minutes}
    return _("%(n)d h") % {"n": round(minutes / 60)}
