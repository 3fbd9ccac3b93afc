"""The terms of an agreement as plain values: what is written, compared, checked and promised from.

The most specific word wins. Places: a site before its entity before the whole company; then a
family before all families. Targets: a service before its family before everything; then a priority
before all priorities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from relais.engine.credits import Levels, Measured, Month, Multiplier, Rules, Statistic, Verdict

KINDS = ("first_response", "next_reply", "delivery", "acceptance")
WINDOWS = ("month", "quarter")
MOST_HOURS, MOST_DAYS = Decimal(2000), 250
# Working days after which a delivery is recalled, and held accepted (domain, [P]).
REMIND_AFTER_DAYS, CLOSE_AFTER_DAYS, MOST_SILENCE = 3, 5, 60
MOST_LINES, MOST_LETTERS = 500, 1000
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an agreement holds: a site, an entity or (neither) the company; a family or all."""

    entity: int | None = None
    site: int | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class TargetTerms:
    """One promise: hours of opening or working days, and the levels at which it is kept.

    Levels of `pct_within` are percentages, of `mean`, `median` and `p90` hours, of `count` misses.
    """

    kind: str
    service: int | None = None
    family: str = ""
    priority: int | None = None
    hours: Decimal | None = None
    days: int | None = None
    statistic: str = "pct_within"
    expected: Decimal = Decimal(92)
    target: Decimal = Decimal(96)
    critical: Decimal = Decimal(85)
    window: str = "month"
    smallest_sample: int = 20
    weight: Decimal = Decimal(0)

    @property
    def place(self) -> tuple[Any, ...]:
        """Return what makes it one promise and not two."""
        return (self.kind, self.service, self.family, self.priority)

    @property
    def seconds(self) -> int | None:
        """Return the hours in seconds, or None for working days."""
        return None if self.hours is None else int(self.hours * 3600)

    @property
    def levels(self) -> Levels:
        """Return the levels as the rules judge by them."""
        return Levels(
            Statistic(self.statistic),
            self.expected,
            self.target,
            self.critical,
            self.smallest_sample,
        )


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """What the provider puts at risk. Fee in euros a month, before tax; shares in percent.

    `cap_pct` is the share of the pool that may be credited in a month at most.
    """

    monthly_fee: Decimal
    pool_pct: Decimal = Decimal(10)
    rule: str = "linear"
    cap_pct: Decimal = Decimal(100)
    repeat_from: int = 3
    repeat_by: Decimal = Decimal("1.5")
    earn_back_months: int = 3

    @property
    def rules(self) -> Rules:
        """Return the numbers that credits are computed by: those agreed on and no others."""
        return Rules(
            at_risk=self.pool_pct / HUNDRED,
            multiplier=Multiplier(self.rule),
            cap=self.cap_pct / HUNDRED,
            repeat_from=self.repeat_from,
            repeat_by=self.repeat_by,
            earn_back_months=self.earn_back_months,
        )


SILENCE = ("remind_after_days", "close_after_days")


@dataclass(frozen=True, slots=True)
class Terms:
    """All that two parties sign."""

    effective_from: date | None = None
    ends_on: date | None = None
    note: str = ""
    remind_after_days: int | None = REMIND_AFTER_DAYS
    close_after_days: int | None = CLOSE_AFTER_DAYS
    # Whether the promise stands still while the client has to approve an amount.
    approval_pauses: bool = True
    scopes: tuple[Scope, ...] = (Scope(),)
    targets: tuple[TargetTerms, ...] = ()
    exclusions: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    credits: CreditTerms | None = None

    def facts(self) -> dict[str, Any]:
        """Return the terms as JSON can hold them; `from_facts` reads them back."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Terms:
        """Return the terms that `facts` wrote down."""
        given = dict(facts)
        for name in ("effective_from", "ends_on"):
            if given.get(name):
                given[name] = date.fromisoformat(given[name])
        given["scopes"] = tuple(Scope(**each) for each in given.get("scopes", ()))
        given["targets"] = tuple(
            TargetTerms(**_decimals(TargetTerms, each)) for each in given.get("targets", ())
        )
        for name in ("exclusions", "obligations"):
            given[name] = tuple(given.get(name, ()))
        if given.get("credits"):
            given["credits"] = CreditTerms(**_decimals(CreditTerms, given["credits"]))
        return cls(**given)

    def target(
        self, kind: str, *, service: int, family: str, priority: int | None
    ) -> TargetTerms | None:
        """Return the most specific promise of that kind for a service, or None."""
        found = [
            each
            for each in self.targets
            if each.kind == kind
            and each.service in (None, service)
            and each.family in ("", family)
            and each.priority in (None, priority)
        ]
        return max(
            found,
            key=lambda each: (
                each.service is not None,
                bool(each.family),
                each.priority is not None,
            ),
            default=None,
        )

    def month(self, begin: date, verdicts: Mapping[tuple[Any, ...], Verdict]) -> Month | None:
        """Return a month of the credits' account: verdicts by the `place` of their promise.

        None without credits. A promise that weighs nothing is left out.
        """
        if self.credits is None:
            return None
        measured = tuple(
            Measured(" ".join(map(str, each.place)), each.weight, each.levels, verdicts[each.place])
            for each in self.targets
            if each.weight and each.place in verdicts
        )
        return Month(begin, self.credits.monthly_fee, self.credits.rules, measured)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Scope | TargetTerms | CreditTerms):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


def _decimals(kind: type, facts: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind) if "Decimal" in str(each.type)}
    return {
        name: Decimal(value) if name in names and value is not None else value
        for name, value in facts.items()
    }


# Comparing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two versions say differently; `before` or `after` is None when it is new or
    gone. `subject` is the field, and `of` the target or scope it belongs to."""

    subject: str
    before: Any
    after: Any
    of: TargetTerms | Scope | None = None


def compare(before: Terms, after: Terms) -> list[Difference]:
    """Return what changes from one version to the other, in the order in which it is read."""
    found = [
        Difference(name, getattr(before, name), getattr(after, name))
        for name in ("effective_from", "ends_on", "note", *SILENCE, "approval_pauses")
        if getattr(before, name) != getattr(after, name)
    ]
    found += [Difference("scope", each, None, each) for each in _less(before.scopes, after.scopes)]
    found += [Difference("scope", None, each, each) for each in _less(after.scopes, before.scopes)]
    found += _targets(before, after)
    for name in ("exclusions", "obligations"):
        old, new = getattr(before, name), getattr(after, name)
        found += [Difference(name, each, None) for each in _less(old, new)]
        found += [Difference(name, None, each) for each in _less(new, old)]
    if before.credits != after.credits:
        found += _credits(before.credits, after.credits)
    return found


def _targets(before: Terms, after: Terms) -> Iterator[Difference]:
    old = {each.place: each for each in before.targets}
    new = {each.place: each for each in after.targets}
    for place, target in old.items():
        if place not in new:
            yield Difference("target", target, None, target)
    for place, target in new.items():
        if place not in old:
            yield Difference("target", None, target, target)
            continue
        for each in fields(TargetTerms):
            was, now = getattr(old[place], each.name), getattr(target, each.name)
            if was != now:
                yield Difference(each.name, was, now, target)


def _credits(before: CreditTerms | None, after: CreditTerms | None) -> Iterator[Difference]:
    if before is None or after is None:
        yield Difference("credits", before, after)
        return
    for each in fields(CreditTerms):
        was, now = getattr(before, each.name), getattr(after, each.name)
        if was != now:
            yield Difference(f"credits.{each.name}", was, now)


def _less(these: Iterable[Any], those: Iterable[Any]) -> list[Any]:
    known = set(those)
    return [each for each in these if each not in known]


# Checking -------------------------------------------------------------------------------------


def faults(terms: Terms) -> list[tuple[str, str]]:
    """Return what nobody could keep as written: pairs of field (`targets.0.hours`) and mend."""
    return [
        *_dates_at_fault(terms),
        *_scopes_at_fault(terms),
        *_targets_at_fault(terms),
        *_silence_at_fault(terms),
        *_credits_at_fault(terms.credits),
        *_clauses_at_fault(terms),
    ]


def _dates_at_fault(terms: Terms) -> Iterator[tuple[str, str]]:
    for name in ("effective_from", "ends_on"):
        day = getattr(terms, name)
        if day is not None and not EARLIEST <= day <= LATEST:
            yield name, _("Give a date between 2000 and 2100.")
    if terms.effective_from and terms.ends_on and terms.ends_on < terms.effective_from:
        yield "ends_on", _("The last day comes before the first: exchange them.")


def _silence_at_fault(terms: Terms) -> Iterator[tuple[str, str]]:
    for name in SILENCE:
        days = getattr(terms, name)
        if days is not None and not 1 <= days <= MOST_SILENCE:
            yield (
                name,
                _("Give between 1 and %(most)s working days, or none.") % {"most": MOST_SILENCE},
            )
    remind, close = terms.remind_after_days, terms.close_after_days
    if remind is not None and close is not None and remind >= close:
        yield "remind_after_days", _("Recall the delivery before it is held accepted.")


def _scopes_at_fault(terms: Terms) -> Iterator[tuple[str, str]]:
    if not terms.scopes:
        yield "scopes", _("Say where it holds: the whole company, entities or sites.")
    if len(set(terms.scopes)) < len(terms.scopes):
        yield "scopes", _("The same place and family are named twice: keep one.")
    if any(each.site and each.entity for each in terms.scopes):
        yield "scopes", _("Name a site or an entity, not both in one line.")


def _targets_at_fault(terms: Terms) -> Iterator[tuple[str, str]]:
    seen = set()
    for number, target in enumerate(terms.targets):
        at = f"targets.{number}"
        if target.place in seen:
            yield (
                at,
                _("Line %(line)d promises the same thing as one above: keep one.")
                % {"line": number + 1},
            )
        seen.add(target.place)
        for field, mend in _target_at_fault(target):
            yield (
                f"{at}.{field}",
                _("Target, line %(line)d: %(mend)s")
                % {
                    "line": number + 1,
                    "mend": mend,
                },
            )
    if sum((each.weight for each in terms.targets), Decimal(0)) > 1:
        yield "targets", _("The weights add up to more than 1: lower some of them.")


def _target_at_fault(target: TargetTerms) -> Iterator[tuple[str, str]]:
    if target.kind not in KINDS:
        yield "kind", _("choose one of %(kinds)s.") % {"kinds": ", ".join(KINDS)}
    if target.hours is None and target.days is None:
        yield "hours", _("give hours or working days.")
    if target.hours is not None and target.days is not None:
        yield "hours", _("give hours or working days, not both.")
    if target.hours is not None and not 0 < target.hours <= MOST_HOURS:
        yield "hours", _("give between 0 and %(most)s hours.") % {"most": MOST_HOURS}
    if target.days is not None and not 0 <= target.days <= MOST_DAYS:
        yield "days", _("give between 0 and %(most)s working days.") % {"most": MOST_DAYS}
    if target.service and target.family:
        yield "service", _("name a service or a family, not both.")
    if target.window not in WINDOWS:
        yield "window", _("choose one of %(windows)s.") % {"windows": ", ".join(WINDOWS)}
    if target.smallest_sample < 1:
        yield "smallest_sample", _("give a smallest sample of 1 or more.")
    if not 0 <= target.weight <= 1:
        yield "weight", _("give a weight between 0 and 1.")
    yield from _levels_at_fault(target)


def _levels_at_fault(target: TargetTerms) -> Iterator[tuple[str, str]]:
    if target.statistic not in list(Statistic):
        yield "statistic", _("choose one of %(statistics)s.") % {"statistics": ", ".join(Statistic)}
        return
    levels = [target.critical, target.expected, target.target]
    rising = target.statistic == Statistic.PCT_WITHIN
    if levels != sorted(levels, reverse=not rising):
        yield "expected", _("put the expected level between the critical one and the target.")
    if rising and not (min(levels) >= 0 and max(levels) <= HUNDRED):
        yield "expected", _("levels are percentages between 0 and 100.")
    if not rising and min(levels) < 0:
        yield "expected", _("levels are zero or more.")


def _clauses_at_fault(terms: Terms) -> Iterator[tuple[str, str]]:
    for name in ("scopes", "targets", "exclusions", "obligations"):
        if len(getattr(terms, name)) > MOST_LINES:
            yield name, _("%(most)d lines at most: put some together.") % {"most": MOST_LINES}
    for name in ("exclusions", "obligations"):
        for number, text in enumerate(getattr(terms, name)):
            if not text.strip() or len(text) > MOST_LETTERS:
                yield (
                    f"{name}.{number}",
                    _("Write between 1 and %(most)d letters a line.") % {"most": MOST_LETTERS},
                )


def _credits_at_fault(terms: CreditTerms | None) -> Iterator[tuple[str, str]]:
    if terms is None:
        return
    if terms.monthly_fee <= 0:
        yield "credits.monthly_fee", _("Credits need a monthly fee of more than zero.")
    for name in ("pool_pct", "cap_pct"):
        if not 0 < getattr(terms, name) <= HUNDRED:
            yield f"credits.{name}", _("Give a share of more than 0 and at most 100 percent.")
    if terms.rule not in list(Multiplier):
        yield "credits.rule", _("Choose the rule of the multiplier: linear or step.")
    if not 2 <= terms.repeat_from <= 12:
        yield "credits.repeat_from", _("Repeats count from the second to the twelfth month on.")
    if not 1 <= terms.repeat_by <= 10:
        yield "credits.repeat_by", _("A repeated miss counts between 1 and 10 times.")
    if not 0 <= terms.earn_back_months <= 12:
        yield "credits.earn_back_months", _("Earn back within 0 to 12 months.")


def without_dates(terms: Terms) -> Terms:
    """Return what a new draft starts from: the same promises, no dates, no note."""
    return replace(terms, effective_from=None, ends_on=None, note="")
