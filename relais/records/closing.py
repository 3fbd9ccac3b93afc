"""A month is counted, closed, restated, and told; many clients' at once, by a worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Letter
from relais.desk.rules import access_of
from relais.engine import measures_frozen
from relais.engine.measures import Figure, Tally
from relais.engine.measures_facts import Period
from relais.lib.later import later
from relais.lib.problem import Problem
from relais.offer.models import Service
from relais.people.models import Company, Engagement, Person, Site

from . import crediting, excluding, figures, verdicts
from .lives import Places
from .models import Exclusion, Restatement, Review, ReviewReader
from .models.review import Counted

CLOSE = "relais.records.tasks.close_review"
DOCUMENTS = "relais.records.tasks.make_documents"
# What is cut by place and kind of work; the rest is told of the whole alone.
CUT = (
    "on_time", "first_response", "right_first_time", "turnaround_p50", "turnaround_p90",
    "received", "delivered", "backlog", "satisfaction",
)  # fmt: skip
# Whose lines stay in the summary: the funnel is drawn from them.
LINED = ("on_time",)


def period_of(company: Company, month: date) -> Period:
    """Return a client's month by its bounds, in the zone of the client."""
    return figures.month_of(figures.zone_of(company), f"{month:%Y-%m}")


def count(company: Company, month: date, as_of: datetime, places: Places | None = None) -> Counted:
    """Return a client's month as known at an instant: the same instant, the same bytes.

    `places`: those of the provider, if read already, for who counts many clients.
    """
    tally = figures.tally_of(company, period_of(company, month), as_of=as_of, places=places)
    found = (*tally.cut(), *tally.cut("site", keys=CUT), *tally.cut("family", keys=CUT))
    shown = [each for each in found if not each.definition.internal]
    inside = [each for each in found if each.definition.internal]
    digest, events = _events(tally, as_of)
    return Counted(
        as_of=as_of,
        figures=measures_frozen.frozen(shown),
        summary=measures_frozen.frozen(_light(shown)),
        inside=measures_frozen.frozen(inside),
        verdicts=verdicts.judge(company, month, tally, as_of),
        events_digest=digest,
        events=events,
        names=_names(found),
    )


def _light(found: Iterable[Figure]) -> list[Figure]:
    return [
        each if each.key in LINED and not each.cut else replace(each, lines=()) for each in found
    ]


# One line an event; the instant as a number, which no session's zone writes otherwise. Added up
# where the rows are: a month of all clients has millions of them.
DIGEST = """
select encode(sha256(convert_to(coalesce(string_agg(concat(id, ';', ticket_id, ';', kind, ';',
    (extract(epoch from at) * 1000000)::bigint, ';', coalesce(by_id, 0), E'\\n'), '' order by id),
    ''), 'UTF8')), 'hex'), count(*)
from desk_event where ticket_id = any(%s) and at <= %s
"""


def _events(tally: Tally, as_of: datetime) -> tuple[str, int]:
    """Return the digest of the events that were known of the requests counted, and how many."""
    with connection.cursor() as cursor:
        cursor.execute(DIGEST, [[int(life.key) for life in tally.lives], as_of])
        digest, events = cursor.fetchone()
    return digest, events


def _names(found: Iterable[Figure]) -> dict[str, dict[str, str]]:
    """Return what places are called now: a report names them as they were called then."""
    sites = {value for each in found for name, value in each.cut if name == "site"}
    rows = Site.objects.filter(pk__in=[int(each) for each in sites if each])
    return {"site": {str(site.pk): site.name for site in rows}}


def family_name(key: str) -> str:
    """Return what a family of services is called."""
    return str(dict(Service.Family.choices).get(key, key))


# Flows --------------------------------------------------------------------------------------------


def prepare(review: Review, *, by: Person | None, at: datetime | None = None) -> None:
    """Count a month in preparation as it is known now."""
    review.count(count(review.company, review.month, at or timezone.now()), by=by)


def close(
    review: Review, *, by: Person, at: datetime | None = None, places: Places | None = None
) -> None:
    """Close a month: freeze it, draft its credits, have its documents made, tell both leads."""
    at = at or timezone.now()
    told = count(review.company, review.month, at, places)
    with transaction.atomic():
        review.close(told, by=by, over_at=period_of(review.company, review.month).end)
        crediting.draft(review, at=at)
        later(DOCUMENTS, provider_id=review.provider_id, review_id=review.pk)
        for person in referents(review.company):
            with override(person.language):
                subject = _("Service review closed: %(review)s") % {"review": review}
                text = _("The figures of %(review)s are closed. Read them here: %(link)s")
                text %= {"review": review, "link": link_to(review)}
            Letter.inform(person, f"review:{review.pk}:{person.pk}", subject, text)


def restate(review: Review, *, by: Person | None, at: datetime | None = None) -> Restatement | None:
    """Return the restatement where a closed month counts otherwise now, told to both leads."""
    at = at or timezone.now()
    told = count(review.company, review.month, at)
    with transaction.atomic():
        made = review.restate(told, by=by)
        if made is None:
            return None
        crediting.redraft(review, at=at)
        later(DOCUMENTS, provider_id=review.provider_id, review_id=review.pk)
        # Whoever was told of the figures is told that they differ.
        told_before = {p.pk: p for p in (*referents(review.company), *subscribers(review))}
        for person in told_before.values():
            with override(person.language):
                subject = _("Figures restated: %(review)s") % {"review": review}
                text = _(
                    "Figures of %(review)s differ from those that were closed. What differs and "
                    "why, beside the figures as they were closed: %(link)s"
                ) % {"review": review, "link": link_to(review)}
            key = f"restated:{review.pk}:{made.number}:{person.pk}"
            Letter.inform(person, key, subject, text)
    return made


def leave_out(row: Exclusion, *, by: Person, word: str = "", at: datetime | None = None) -> None:
    """Agree to an exclusion; where its month is closed already, both leads are told of it.

    What was closed stays as it is until whoever leads the pool restates it. Raises `NotReferent`,
    `NotInThisState`.
    """
    with transaction.atomic():
        row.agree(by=by, word=word, at=at)
        months = excluding.months_of(row, figures.zone_of(row.company))
        closed = Review.objects.filter(company=row.company_id, month__in=months)
        for review in closed.exclude(state=Review.State.OPEN):
            for person in referents(row.company):
                with override(person.language):
                    subject = _("Figures to restate: %(review)s") % {"review": review}
                    text = _(
                        "Since %(review)s was closed, both leads agreed to leave a promise of it "
                        "out. Count the month anew and compare: %(link)s"
                    ) % {"review": review, "link": link_to(review)}
                key = f"left-out:{row.pk}:{review.pk}:{person.pk}"
                Letter.inform(person, key, subject, text)


def same_as_closed(review: Review) -> bool:
    """Return whether counting it anew, as known then, gives the bytes that were frozen."""
    kept = review.counted
    return kept is not None and count(review.company, review.month, kept.as_of) == kept


def referents(company: Company) -> list[Person]:
    """Return the two leads of a client's engagement."""
    engagement: Engagement | None = company.engagement
    return [engagement.client_lead, engagement.provider_lead] if engagement else []


def subscribers(review: Review) -> list[Person]:
    """Return who asked for the reviews of this client, and may still read this one."""
    rows = ReviewReader.objects.filter(company=review.company_id, person__archived_at=None)
    people = [row.person for row in rows.select_related("person__provider", "person__company")]
    return [p for p in people if access_of(p).see(Review).filter(pk=review.pk).exists()]


def link_to(review: Review) -> str:
    """Return the address of a review, behind the sign-in."""
    return f"{settings.SITE_URL}/reviews/{review.pk}/"


# Many at once -------------------------------------------------------------------------------------


def clients_of(month: date) -> list[Company]:
    """Return the clients served in a month."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    engaged = Engagement.objects.filter(started_on__lt=after).exclude(ended_on__lt=month)
    return list(
        Company.objects.filter(pk__in=engaged.values("company"), archived_at=None)
        .select_related("calendar")
        .order_by("name_key", "id")
    )


def ask_all(month: date, *, by: Person, at: datetime | None = None) -> int:
    """Return for how many clients a worker was asked to close the month: those still open."""
    asked, at = 0, at or timezone.now()
    for company in clients_of(month):
        review = Review.open(company, month, by=by, at=at)
        if review.is_open and review.ask(by=by, at=at):
            later(
                CLOSE, lock=f"review:{review.pk}", provider_id=review.provider_id,
                review_id=review.pk,
            )  # fmt: skip
            asked += 1
    return asked


def close_asked(review_id: int) -> None:
    """Close a month that was asked for; say on its page why it could not be done. May run twice."""
    rows = Review.objects.select_related("company__calendar", "asked_by")
    review = rows.filter(pk=review_id, state=Review.State.OPEN, asked_at__isnull=False).first()
    if review is None or review.asked_by is None:
        return
    try:
        with transaction.atomic():
            close(review, by=review.asked_by)
    except Problem as problem:
        with override(review.asked_by.language):
            review.stop_asking(_(problem.message) % problem.values)


def propose(today: date) -> int:
    """Return how many months were opened for closing: those over of clients served, once each.

    The pool's lead is told by letter. What is counted then are figures to talk about, not closed.
    """
    opened = 0
    month = month_before(today)
    for company in clients_of(month):
        if Review.objects.filter(company=company, month=month).exists():
            continue
        review = Review.open(company, month, by=None)
        prepare(review, by=None)
        opened += 1
        for person in referents(company):
            with override(person.language):
                subject = _("Service review to prepare: %(review)s") % {"review": review}
                text = _("%(review)s is over. Comment its figures before it is closed: %(link)s")
                text %= {"review": review, "link": link_to(review)}
            Letter.inform(person, f"review-open:{review.pk}:{person.pk}", subject, text)
    return opened


def month_before(day: date) -> date:
    """Return the first day of the month before that of a day."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def former(review: Review, months: int = 12) -> Sequence[Review]:
    """Return the closed months before it, the newest first."""
    rows = Review.objects.filter(company=review.company_id, month__lt=review.month)
    closed = rows.exclude(state=Review.State.OPEN).defer("figures", "inside", "verdicts")
    return list(closed.order_by("-month")[:months])
