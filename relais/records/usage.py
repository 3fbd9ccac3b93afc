"""What a client used of its package: its lines from what happened, the statement of each month.

A line is a request in a month: the minutes noted on it, or its first delivery. Who worked is never
in it. Every month is counted anew from the package's beginning, so that what is carried over is
always what the lines say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Event, Letter, Ticket
from relais.engine import usage, worktime
from relais.offer.models import Priority
from relais.people import calendars
from relais.people.access import Access
from relais.people.models import Company, LegalEntity, Person, Site

from . import checks
from .checks import GONE, following
from .figures import zone_of
from .models import UsageDispute, UsagePlan
from .usage_errors import NoPackage, NoSuchLine

TIMES = (Event.Kind.TIME_ADDED, Event.Kind.TIMER_STOPPED, Event.Kind.TIME_CORRECTED)
CENT = Decimal("0.01")
STANDS = {
    UsageDispute.State.OPEN: usage.Dispute.OPEN,
    UsageDispute.State.UPHELD: usage.Dispute.UPHELD,
    UsageDispute.State.REJECTED: usage.Dispute.REJECTED,
}
Months = dict[date, list[usage.Line]]


@dataclass(frozen=True)
class Share:
    """What a place bears: its units and its part of the month's price, in cents."""

    place: str
    units: Decimal
    cents: int


@dataclass(frozen=True)
class Used:
    """One line as it is read: the request, what it counts, and what was said of it."""

    ticket: Ticket
    at: datetime
    amount: int
    units: Decimal
    over: Decimal
    dispute: UsageDispute | None


@dataclass(frozen=True)
class Told:
    """A month's statement as one reader has it. Units are rounded to hundredths to be shown.

    `others`: the units of requests that this reader may not read, put together.
    """

    company: Company
    month: date
    plan: UsagePlan
    made: usage.Statement
    lines: list[Used]
    others: Decimal
    forecast: usage.Forecast | None
    sites: list[Share]
    entities: list[Share]
    figures: dict[str, Decimal] = field(default_factory=dict)

    @property
    def cents(self) -> int:
        """Return what the month costs: the package and what went beyond it."""
        return self.made.fee_cents + self.made.over_cents

    @property
    def left(self) -> Decimal:
        """Return what is left of it; never below nought."""
        return shown(max(Fraction(0), self.made.available - self.made.used))

    @property
    def share(self) -> int:
        """Return how much of what was available is used, in whole percents."""
        return int(100 * self.made.used / self.made.available) if self.made.available else 0

    @property
    def brought(self) -> list[tuple[date, Decimal, date | None]]:
        """Return what was brought forward: from which month, how much, usable until which."""
        return [
            (lot.month, shown(lot.left), _until(self.month, lot.months))
            for lot in self.made.brought
        ]

    @property
    def carried(self) -> list[tuple[date, Decimal, date | None]]:
        """Return what goes on: from which month, how much, usable until the end of which."""
        return [
            (lot.month, shown(lot.left), _until(following(self.month), lot.months))
            for lot in self.made.carried
        ]

    @property
    def is_over(self) -> bool:
        """Return whether the month is over: its figures then move by a dispute alone."""
        return timezone.now() >= checks.begins(following(self.month), zone_of(self.company))

    @property
    def stops(self) -> bool:
        """Return whether the package says that nothing new begins now."""
        return not usage.may_begin(self.made, self.plan.rules)


def shown(units: Fraction) -> Decimal:
    """Return units as they are read: rounded to hundredths, halves up."""
    exact = Decimal(units.numerator) / Decimal(units.denominator)
    return exact.quantize(CENT, rounding=ROUND_HALF_UP)


def _until(month: date, months: int | None) -> date | None:
    """Return the last month in which units that live so many months may be used."""
    if months is None:
        return None
    for _each in range(max(months, 1) - 1):
        month = following(month)
    return month


# Lines --------------------------------------------------------------------------------------------


def lines_of(company: Company, until: date, plans: Iterable[UsagePlan]) -> Months:
    """Return the lines of each month up to `until` (its first day), as each month's package counts.

    Minutes belong to the month in which they were noted, as they were last corrected; a request
    counts once, in the month of its first delivery.
    """
    plans = list(plans)
    units = {plan.unit for plan in plans}
    zone = zone_of(company)
    timed = _minutes(company, until, zone) if UsagePlan.Unit.HOURS in units else {}
    delivered = _deliveries(company, until, zone) if units - {UsagePlan.Unit.HOURS} else {}
    keys = {key for key, _month in timed} | delivered.keys()
    tickets = {
        row[0]: row[1:]
        for row in Ticket.objects.filter(pk__in=keys).values_list(
            "pk", "site_id", "site__entity_id", "priority", "service__code"
        )
    }  # fmt: skip
    moved = _reprioritised(keys)
    months: Months = defaultdict(list)
    for (key, month), (minutes, at) in timed.items():
        plan = plan_in(plans, month)
        if plan is not None and plan.unit == UsagePlan.Unit.HOURS and minutes:
            # What was urgent later in the month was urgent in it; in a month to come it is not.
            end = checks.begins(following(month), zone)
            facts = _facts_at(tickets[key], moved.get(key, ()), end)
            months[month].append(_line(key, at, Fraction(minutes), facts))
    for key, at in delivered.items():
        month = checks.month_of(at, zone)
        plan = plan_in(plans, month)
        if plan is not None and plan.unit != UsagePlan.Unit.HOURS:
            amount = Fraction(1)
            if plan.unit == UsagePlan.Unit.POINTS:
                amount = Fraction(str(plan.points.get(tickets[key][3], 1)))
            facts = _facts_at(tickets[key], moved.get(key, ()), at)
            months[month].append(_line(key, at, amount, facts))
    return months


def _reprioritised(keys: Iterable[int]) -> dict[int, list[tuple[datetime, int]]]:
    """Return, by request, when its priority was changed and what it had been until then."""
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = Event.objects.filter(ticket__in=list(keys), kind=Event.Kind.REPRIORITISED)
    for key, at, was in rows.order_by("id").values_list("ticket", "at", "facts__from"):
        if was is not None:
            found[key].append((at, int(was)))
    return found


def _facts_at(facts: Any, moved: Iterable[tuple[datetime, int]], at: datetime) -> Any:
    """Return the facts of a request with the priority that it had at an instant, whatever since."""
    site, entity, priority, code = facts
    return site, entity, next((was for when, was in moved if when > at), priority), code


def _line(key: int, at: datetime, amount: Fraction, facts: Any) -> usage.Line:
    site, entity, priority, _code = facts
    urgent = priority == Priority.CRITICAL
    return usage.Line(str(key), at, amount, str(site), str(entity or ""), urgent)


def _minutes(
    company: Company, until: date, zone: ZoneInfo
) -> dict[tuple[int, date], tuple[int, datetime]]:
    """Return the minutes of each request in each month, and when the last of them were noted."""
    noted: dict[int, tuple[int, datetime]] = {}
    minutes: dict[int, int] = {}
    rows = Event.objects.filter(ticket__company=company, kind__in=TIMES).order_by("id")
    rows = rows.exclude(ticket__channel=Ticket.Channel.LOG)
    for key, kind, at, facts in rows.values_list("ticket_id", "kind", "at", "facts"):
        if kind != Event.Kind.TIME_CORRECTED:
            noted[facts["entry"]] = (key, at)
        minutes[facts["entry"]] = facts["minutes"]
    found: dict[tuple[int, date], tuple[int, datetime]] = {}
    for entry, (key, at) in noted.items():
        month = checks.month_of(at, zone)
        if month <= until:
            before, last = found.get((key, month), (0, at))
            found[key, month] = (before + minutes[entry], max(last, at))
    return found


def _deliveries(company: Company, until: date, zone: ZoneInfo) -> dict[int, datetime]:
    """Return when each request was first delivered; a delivery that was undone is none."""
    told = Event.objects.filter(ticket__company=company).exclude(
        ticket__channel=Ticket.Channel.LOG
    )  # fmt: skip
    undone = told.filter(kind=Event.Kind.UNDONE).values_list("facts__event", flat=True)
    rows = told.filter(kind=Event.Kind.DELIVERED, at__lt=checks.begins(following(until), zone))
    rows = rows.exclude(pk__in=[one for one in undone if one])
    rows = rows.exclude(ticket__state__in=GONE).order_by()
    first = rows.values("ticket_id").annotate(first=Min("at"))
    return dict(first.values_list("ticket_id", "first"))


# Statements ---------------------------------------------------------------------------------------


def plan_in(plans: Iterable[UsagePlan], month: date) -> UsagePlan | None:
    """Return the package that holds in a month: the latest version that does."""
    held = [plan for plan in plans if plan.holds_on(month)]
    return max(held, key=lambda plan: plan.number, default=None)


def plans_of(company: Company) -> list[UsagePlan]:
    """Return every version of a company's package, the first one first."""
    return list(UsagePlan.objects.filter(company=company).order_by("number"))


def statements(
    company: Company, until: date, plans: list[UsagePlan], lines: Mapping[date, list[usage.Line]]
) -> dict[date, usage.Statement]:
    """Return the statement of each month from the package's beginning up to `until`.

    Where no package held in between, or the unit changed, nothing is carried over.
    """
    found: dict[date, usage.Statement] = {}
    run: list[usage.Month] = []
    unit = ""
    month = plans[0].starts_on.replace(day=1) if plans else following(until)
    said = _disputes(company)
    while month <= until:
        plan = plan_in(plans, month)
        if run and (plan is None or plan.unit != unit):
            found |= _account(run)
            run = []
        if plan is not None:
            unit = plan.unit
            run.append(
                usage.Month(
                    month,
                    plan.rules,
                    tuple(
                        replace(one, dispute=said.get((int(one.key), month), usage.Dispute.NONE))
                        for one in lines.get(month, ())
                    ),
                    usage.in_force(month, plan.starts_on, plan.ends_on),
                    f"{month:%Y-%m}" in plan.held,
                )
            )
        month = following(month)
    return _charged(found | _account(run), plans)


def _account(run: list[usage.Month]) -> dict[date, usage.Statement]:
    return {made.begin: made for made in usage.account(run)}


def _charged(
    found: dict[date, usage.Statement], plans: list[UsagePlan]
) -> dict[date, usage.Statement]:
    """Return the statements, with no cent lost between two packages.

    What is charged with the next month goes to it although it counts in another unit; and where no
    package holds then, it is charged with its own month.
    """
    for month, made in sorted(found.items()):
        after = plan_in(plans, following(month))
        own = plan_in(plans, month)
        if not made.later_cents or (after and own and after.unit == own.unit):
            continue
        if after is None:
            cents = made.over_cents + made.later_cents
            found[month] = replace(made, over_cents=cents, later_cents=0)
        elif (then := found.get(following(month))) is not None:
            cents = then.over_cents + made.later_cents
            found[then.begin] = replace(then, over_cents=cents)
    return found


def _disputes(company: Company) -> dict[tuple[int, date], usage.Dispute]:
    rows = UsageDispute.objects.filter(company=company, state__in=STANDS)
    return {
        (ticket, month): STANDS[UsageDispute.State(state)]
        for ticket, month, state in rows.values_list("ticket_id", "month", "state")
    }


def statement(access: Access, company: Company, month: date) -> Told:
    """Return a month's statement as this person may read it. Raises `NoPackage`.

    Requests that she may not read count, put together; of the others the request, the day and
    what it counts are told, never who worked on it.
    """
    plans = plans_of(company)
    plan = plan_in(plans, month)
    if plan is None:
        raise NoPackage()
    lines = lines_of(company, month, plans)
    made = statements(company, month, plans, lines)[month]
    keys = [int(one.key) for one in lines.get(month, ())]
    seen = access.see(Ticket).filter(pk__in=keys).select_related("site", "service")
    tickets = {one.pk: one for one in seen}
    disputes = {
        one.ticket_id: one
        for one in access.see(UsageDispute)
        .filter(company=company, month=month)
        .select_related("by", "answered_by", "settled_by")
        .order_by("id")
    }
    charges = {int(one.line.key): one for one in made.charges}
    rows = []
    for line in sorted(lines.get(month, ()), key=lambda one: (one.at, one.key)):
        key = int(line.key)
        if key not in tickets:
            continue
        charge = charges.get(key)
        rows.append(
            Used(
                tickets[key], line.at, int(line.amount),
                shown(charge.units) if charge else Decimal(0),
                shown(charge.over) if charge else Decimal(0), disputes.get(key),
            )
        )  # fmt: skip
    hidden = (c.units for key, c in charges.items() if key not in tickets)
    others = sum(hidden, Fraction(0))
    ahead = _forecast(company, month, plan, made)
    return Told(
        company, month, plan, made, rows, shown(others), ahead,
        *_shares(company, made),
        figures={
            "available": shown(made.available), "included": shown(made.included),
            "brought": shown(usage.total(made.brought)), "used": shown(made.used),
            "over": shown(made.over), "lapsed": shown(made.lapsed),
            "carried": shown(usage.total(made.carried)), "disputed": shown(made.disputed),
        },
    )  # fmt: skip


def _shares(company: Company, made: usage.Statement) -> tuple[list[Share], list[Share]]:
    """Return who bears what, by site and by entity: each sums up to the cent."""
    sites = {str(one.pk): one.name for one in Site.objects.filter(company=company)}
    entities = {str(one.pk): one.name for one in LegalEntity.objects.filter(company=company)}
    cents = made.fee_cents + made.over_cents
    found = []
    for name, names in (("site", sites), ("entity", entities)):
        units = made.by(name) or dict.fromkeys(names, Fraction(0)) or {"": Fraction(0)}
        parts = usage.allocated(cents, units)
        shares = [
            Share(names.get(key) or _("Without legal entity"), shown(units[key]), parts[key])
            for key in units
        ]
        found.append(sorted(shares, key=lambda one: one.place))
    return found[0], found[1]


def _forecast(
    company: Company, month: date, plan: UsagePlan, made: usage.Statement
) -> usage.Forecast | None:
    """Return where the month that runs ends at its pace; None for another, or too early."""
    now = timezone.now()
    if month != checks.month_of(now, zone_of(company)):
        return None
    whole = usage.Month(
        month, plan.rules, tuple(one.line for one in made.charges),
        usage.in_force(month, plan.starts_on, plan.ends_on), f"{month:%Y-%m}" in plan.held,
    )  # fmt: skip
    return usage.forecast(whole, made.brought, passed(company, month, now))


def passed(company: Company, month: date, now: datetime) -> Fraction:
    """Return the share of the month's working days that are over, by the company's calendar."""
    calendar = company.calendar
    if calendar is None:
        site = Site.objects.filter(company=company, archived_at=None).order_by("pk").first()
        try:
            calendar = calendars.of_site(site).calendar if site else None
        except calendars.NoCalendar:
            calendar = None
    zone, end = zone_of(company), following(month)
    today = now.astimezone(zone).date()
    days = [month + timedelta(days=n) for n in range((end - month).days)]
    if calendar is None:
        worked = [day for day in days if day.weekday() < 5]
    else:
        worked = _open_days(calendars.timetable(calendar), month, zone)
    if not worked:
        return Fraction((min(today, end) - month).days, len(days))
    return Fraction(sum(day < today for day in worked), len(worked))


def _open_days(table: worktime.Calendar, month: date, zone: ZoneInfo) -> list[date]:
    whole = (checks.begins(month, zone), checks.begins(following(month), zone))
    opened = (one for one in table.segments(*whole) if one.kind == worktime.Kind.OPEN)
    return sorted({one.start.astimezone(zone).date() for one in opened})


# Contesting a line --------------------------------------------------------------------------------


def dispute(
    company: Company, ticket: Ticket, month: date, reason: str, *, by: Person
) -> UsageDispute:
    """Return the line contested. Raises `NoSuchLine` where the month does not count it."""
    lines = lines_of(company, month, plans_of(company)).get(month, ())
    if ticket.company_id != company.pk or str(ticket.pk) not in {one.key for one in lines}:
        raise NoSuchLine()
    return UsageDispute.dispute(ticket, month, reason, by=by)


# Alerts -------------------------------------------------------------------------------------------


def warn(now: datetime) -> int:
    """Return how many letters were written: each threshold once to each of the two referents."""
    made = 0
    plans: dict[int, list[UsagePlan]] = defaultdict(list)
    for plan in UsagePlan.objects.select_related("company").order_by("number"):
        plans[plan.company_id].append(plan)
    for mine in plans.values():
        company = mine[0].company
        month = checks.month_of(now, zone_of(company))
        plan, engagement = plan_in(mine, month), company.engagement
        if plan is None or engagement is None:
            continue
        lines = lines_of(company, month, mine)
        now_used = statements(company, month, mine, lines)[month]
        stops = not usage.may_begin(now_used, plan.rules)
        for alert in now_used.alerts:
            for person in (engagement.client_lead, engagement.provider_lead):
                made += _warn(
                    person, company, month, alert.percent, stops=stops and alert.percent >= 100
                )
    return made


def _warn(person: Person, company: Company, month: date, percent: int, *, stops: bool) -> int:
    key = f"usage:{company.pk}:{month:%Y-%m}:{percent}:{person.pk}"
    if Letter.objects.filter(key=key).exists():
        return 0
    with override(person.language):
        subject = _("%(percent)d%% of the month's package is used") % {"percent": percent}
        text = _(
            "%(company)s has used %(percent)d%% of what its package gives this month. The "
            "statement, line by line: %(link)s"
        ) % {
            "percent": percent,
            "company": company.name,
            "link": f"{settings.SITE_URL}/usage/{company.pk}/?month={month:%Y-%m}",
        }
        if stops:
            text += "\n\n" + _("The package is used up: no new work begins until it is enlarged.")
    try:
        with transaction.atomic():
            return int(Letter.inform(person, key, subject, text) is not None)
    except IntegrityError:  # another round was faster
        return 0
