"""A client's month before it is closed: who closes it, what stops it, what is missing still.

What is missing keeps no month open, but for what no closing can do without: a month that is over,
and somebody who leads the pool to close it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from relais.desk.models import Letter
from relais.desk.rules import access_of
from relais.lib.problem import Problem
from relais.people.models import Company, Person

from . import closing, verdicts
from .models import Commentary, Exclusion, QualityCheck, Review

# From this day on a month still open is reminded of.
DAY = 8


class NoSuchClient(Problem):
    message = gettext_noop("There is no client %(name)s served in %(month)s. Known: %(known)s")


class NobodyOfThisName(Problem):
    message = gettext_noop("Nobody with the address %(email)s leads the pool. Known: %(known)s")


@dataclass(frozen=True)
class Ahead:
    """A client's month before it is closed: who closes it, what stops it, what is missing."""

    company: Company
    by: Person | None
    closed: bool
    stops: tuple[str, ...]
    missing: tuple[str, ...]


def months_ahead(
    month: date, company: str = "", by: str = "", at: datetime | None = None
) -> Iterator[Ahead]:
    """Yield each client's month with what stops it. Raises `NoSuchClient`, `NobodyOfThisName`."""
    served, at = closing.clients_of(month), at or timezone.now()
    chosen = [each for each in served if not company or each.name.lower() == company.lower()]
    if company and not chosen:
        known = ", ".join(each.name for each in served)
        raise NoSuchClient(name=company, month=f"{month:%Y-%m}", known=known)
    closer = _closer(by) if by else None
    for each in chosen:
        yield _ahead(each, month, closer, at)


def _closer(email: str) -> Person:
    rows = Person.objects.filter(company=None, archived_at=None).exclude(email="")
    leads = {one.email.lower(): one for one in rows if access_of(one).runs_pool}
    if email.lower() not in leads:
        raise NobodyOfThisName(email=email, known=", ".join(sorted(leads)))
    return leads[email.lower()]


def _ahead(company: Company, month: date, closer: Person | None, at: datetime) -> Ahead:
    review = Review.objects.filter(company=company, month=month).first()
    engagement = company.engagement
    by = closer or (engagement.provider_lead if engagement else None)
    stops = []
    end = closing.period_of(company, month).end
    if at < end:
        day = date_format(timezone.localtime(end), "DATE_FORMAT")
        stops.append(_("it is not over yet: close it from %(day)s on") % {"day": day})
    if by is None or not access_of(by).runs_pool:
        stops.append(_("its lead does not run the pool: give --by"))
    is_closed = review is not None and not review.is_open
    left = () if is_closed else tuple(missing(company, month, review))
    return Ahead(company, by, is_closed, tuple(stops), left)


def missing(
    company: Company, month: date, review: Review | None, *, inside: bool = True
) -> Iterator[str]:
    """Yield what would better be there before both sides meet over the month.

    `inside`: with what is the provider's own affair.
    """
    said = set(review.commentaries.values_list("side", flat=True)) if review else set()
    for side, text in (
        (Commentary.Side.PROVIDER, _("no commentary of the provider")),
        (Commentary.Side.CLIENT, _("no commentary of the client")),
    ):
        if side not in said:
            yield text
    if not verdicts.versions_of(company, month):
        yield _("no agreement in force: nothing is judged, no credit is due")
    waiting = Exclusion.objects.filter(company=company, state=Exclusion.State.PROPOSED).count()
    if waiting:
        text = ngettext(
            "%(n)d exclusion waits for the other side", "%(n)d exclusions wait for the other side",
            waiting,
        )  # fmt: skip
        yield text % {"n": waiting}
    checks = QualityCheck.objects.filter(month=month, ticket__company=company)
    undone = inside and checks.exclude(state=QualityCheck.State.FINISHED).count()
    if undone:
        text = ngettext(
            "%(n)d check of quality is not finished", "%(n)d checks of quality are not finished",
            undone,
        )  # fmt: skip
        yield text % {"n": undone}


def remind(today: date) -> int:
    """Return how many letters were written: a month still open, once to each of its two leads."""
    month = closing.month_before(today)
    if today.day < DAY:
        return 0
    rows = Review.objects.filter(month=month, state=Review.State.OPEN, asked_at=None)
    opened = rows.select_related("company__calendar").defer("figures", "inside", "verdicts")
    return sum(
        _remind(person, review) for review in opened for person in closing.referents(review.company)
    )


def _remind(person: Person, review: Review) -> int:
    key = f"review-still-open:{review.pk}:{person.pk}"
    if Letter.objects.filter(key=key).exists():
        return 0
    with override(person.language):
        left = missing(review.company, review.month, review, inside=not person.is_client)
        subject = _("Service review still open: %(review)s") % {"review": review}
        text = _(
            "%(review)s is over and not closed yet. Still missing: %(missing)s. Read its figures, "
            "comment them, and meet over them: %(link)s"
        ) % {
            "review": review, "missing": "; ".join(left) or _("nothing"),
            "link": closing.link_to(review),
        }  # fmt: skip
    try:
        with transaction.atomic():
            return int(Letter.inform(person, key, subject, text) is not None)
    except IntegrityError:  # another round was faster
        return 0
