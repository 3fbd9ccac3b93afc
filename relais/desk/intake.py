"""A request comes in: one transaction from the words to a dated ticket on its way to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from relais.engine import triage
from relais.lib.compiled import Compiled
from relais.lib.problem import Problem
from relais.offer import questions
from relais.offer.models import Service
from relais.people.models import Confidentiality, Person, Site

from . import rules
from .errors import CameBefore, NoApprover, NotYours
from .ground import Ground, Offered
from .models import Approval, Attachment, Letter, Message, Ticket
from .models.attachment import send_along

LONGEST = 200_000
# What is wanted « for tomorrow » is wanted before people go home.
END_OF_DAY = time(18)
_SENT = Compiled(
    lambda provider, channel, external_ref: Ticket.objects.filter(
        provider_id=provider, channel=channel, external_ref=external_ref
    )[:1],
    provider=int,
    channel=str,
    external_ref=str,
)


class NoSite(Problem):
    """Nobody can tell which site this person asks for."""

    message = _("%(person)s belongs to no site: give this person a site, or name one.")


class MayNotAsk(Problem):
    """This person may not ask for this site."""

    message = _("%(person)s may not ask anything for the site %(site)s.")


class NothingOffered(Problem):
    """The provider's catalogue has no service that can be asked for."""

    message = _("The catalogue is empty: offer at least one service.")


class WrongAnswers(Problem):
    """The fields of the service are not answered as they ask; `faults` says which, and the mend."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = list(faults)
        super().__init__(detail=" ".join(text for _field, text in self.faults))


class TokenTaken(Problem):
    """This reference was used for somebody else's request."""

    message = _("The reference “%(ref)s” was used for another request: send it with a new one.")


def receive(
    *,
    requester: Person,
    subject: str,
    body: str = "",
    channel: str,
    site: Site | None = None,
    service: Service | None = None,
    by: Person | None = None,
    priority: int | None = None,
    confidentiality: int | None = None,
    wanted_by: datetime | None = None,
    external_ref: str = "",
    at: datetime | None = None,
    mail: dict[str, Any] | None = None,
    held: Message | None = None,
    files: Sequence[Attachment] = (),
    answers: Mapping[str, Any] | None = None,
    ground: Ground | None = None,
) -> Ticket:
    """Return the ticket of this request: a new one, or the one that it became before.

    `external_ref` tells the same request again: a form's token, a caller's number, a Message-ID.
    `by` is the member of staff who writes down what the requester said. `mail` holds the fields
    of the message that a mail brought, `held` is one that waited in quarantine. `files` are drafts.
    `answers` are those to the service's own fields, by key; without any none is asked for.
    `ground` is shared with other requests of the same transaction.
    Raises `NoSite`, `MayNotAsk`, `NothingOffered`, `TokenTaken`, `WrongAnswers`,
    `calendars.NoCalendar`.
    """
    site = site or site_of(requester)
    check_asking(by or requester, site)
    ground = ground or Ground()
    try:
        guess = _guess(subject, body, site, at or timezone.now(), ground)
        chosen = service or ground.service(_service_for(guess, ground.services))
        there = ground.at_site(chosen, site)
        kept = _answers(there, answers)
        with _whole(held, files, kept):
            ticket = Ticket.receive(
                site=site,
                requester=requester,
                service=chosen,
                subject=subject.strip() or _first_line(body) or chosen.name,
                body=body[:LONGEST],
                channel=channel,
                by=by,
                at=at,
                facts={"triage": _reasons(guess, chosen, ground, given=service is not None)},
                priority=priority or _priority(there, guess),
                confidentiality=_class_of(chosen, guess, confidentiality),
                wanted_by=wanted_by or _wanted(guess, site),
                external_ref=external_ref,
                answers=kept,
                book=ground.book(site.company_id),
                words=(mail or {}) if held is None else None,
            )
            asked = ticket.asked = ticket.asked or _take_in(held, ticket)
            send_along(files, asked)
            letter = Letter.acknowledge(ticket, asked)
            _ask_approval(ticket, by or requester)
            ground.follow_up(ticket, letter)
    except (CameBefore, Problem):
        # A double click, or sent again: the other one was faster and its ticket is this one's.
        if known := _known(requester, channel, external_ref):
            return known
        raise
    return ticket


def _whole(
    held: Message | None, files: Sequence[Attachment], answers: Sequence[Any]
) -> AbstractContextManager[object]:
    """Return what takes all back that was written, where more than the ticket itself is.

    The ticket with its clocks, event and words is one statement, which does all or nothing.
    """
    return transaction.atomic() if held or files or answers else nullcontext()


def _answers(service: Service, given: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the answers as a ticket keeps them. Raises `WrongAnswers`."""
    if given is None:
        return []
    kept, faults = questions.check(questions.read(service.questions), given)
    if faults:
        raise WrongAnswers(faults)
    return kept


def _ask_approval(ticket: Ticket, by: Person) -> None:
    """Put an amount that `by` typed, and that is above the ceiling, to who approves it."""
    stated, above = questions.amount_in(ticket.answers), None
    if stated is not None:
        above = rules.approval_above(ticket)
    if stated is None or above is None or stated <= above:
        return
    # Where nobody may approve it, the delivery says so; a request is not refused for that.
    with suppress(NoApprover, NotYours):
        Approval.ask(ticket, stated, "", by=by, at=ticket.received_at)


def _priority(service: Service, guess: triage.Guess) -> int:
    """Return how pressing it is: what is usual for the service, more when the words say so."""
    return min(service.priority, Ticket.Priority.HIGH) if guess.urgent else service.priority


def _take_in(held: Message | None, ticket: Ticket) -> Message:
    """Return the mail that waited in quarantine, now the first message of the thread."""
    assert held is not None
    held.ticket, held.sender = ticket, ticket.requester
    held.quarantine = Message.Quarantine.NO
    held.save(update_fields=["ticket", "sender", "quarantine"])
    return held


def site_of(person: Person) -> Site:
    """Return the site for which this person asks when none is named. Raises `NoSite`."""
    if person.site is not None:
        return person.site
    sites = {role.site_id for role in rules.access_of(person).roles if role.site_id}
    if len(sites) == 1:
        return Site.objects.get(pk=sites.pop())
    raise NoSite(person=str(person))


def check_asking(person: Person, site: Site) -> None:
    """Raise `MayNotAsk` unless this person may ask for the site."""
    if not rules.may_ask(rules.access_of(person), site):
        raise MayNotAsk(person=str(person), site=str(site))


def _known(requester: Person, channel: str, external_ref: str) -> Ticket | None:
    if not external_ref:
        return None
    ticket = _SENT.first(provider=requester.provider_id, channel=channel, external_ref=external_ref)
    if ticket is not None and ticket.requester_id != requester.pk:
        raise TokenTaken(ref=external_ref)
    return ticket


def _guess(subject: str, body: str, site: Site, at: datetime, ground: Ground) -> triage.Guess:
    """Return what the words seem to ask. Raises `NothingOffered`."""
    if not ground.services:
        raise NothingOffered
    model, _number = ground.lesson
    return triage.classify(
        subject,
        body,
        ground.offers,
        places=ground.places(site.company_id),
        today=at.astimezone(ZoneInfo(site.time_zone)).date(),
        model=model,
    )


def _wanted(guess: triage.Guess, site: Site) -> datetime | None:
    """Return the end of the day that the words ask for, at the site."""
    if guess.wanted is None:
        return None
    return datetime.combine(guess.wanted, END_OF_DAY, tzinfo=ZoneInfo(site.time_zone))


def _service_for(guess: triage.Guess, services: list[Offered]) -> int:
    """Return the key of the service guessed; when unsure, "something else" if it is offered."""
    if guess.service is not None and guess.sure:
        return guess.service
    others = [each.pk for each in services if each.family == Service.Family.OTHER]
    return others[0] if others else guess.service or services[0].pk


def _class_of(service: Service, guess: triage.Guess, asked: int | None) -> int:
    """Return the highest class that anybody asked for: nothing said lowers it."""
    return max(service.confidentiality, guess.confidentiality, asked or Confidentiality.PUBLIC)


def _reasons(
    guess: triage.Guess, chosen: Service, ground: Ground, *, given: bool
) -> dict[str, Any]:
    return {
        "service": chosen.code,
        "by": "requester" if given else guess.by,
        "sure": given or guess.sure,
        "guess": guess.service,
        "words": [[r.word, r.place, r.speaks_for, round(r.weight, 3)] for r in guess.reasons],
        "runners_up": [[key, round(score, 3)] for key, score in guess.runners_up],
        "unsure": [what for what in guess.unsure if not (given and what == "service")],
        "language": guess.language,
        **({"site": guess.site} if guess.site is not None else {}),
        **({"wanted": guess.wanted.isoformat()} if guess.wanted else {}),
        **(
            {"lesson": ground.lesson[1], "probability": round(guess.probability, 3)}
            if guess.probability
            else {}
        ),
    }


def _first_line(body: str) -> str:
    return next((line.strip() for line in body.splitlines() if line.strip()), "")[:120]
