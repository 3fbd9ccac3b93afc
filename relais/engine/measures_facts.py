"""What is known of a request's life, as the figures read it: facts with their instants.

A fact counts in a report only if it was known when the report was made (`as_of`). The same facts
and the same instant give the same figures for ever; what came to be known later is told as a
restatement, and changes nothing silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from .credits import Outcome

DELIVERY, FIRST_RESPONSE, WORD = "delivery", "first_response", "commitment"


@dataclass(frozen=True, slots=True)
class Period:
    """A month by its bounds, [begin, end), in the calendar of the agreement. `name`: 2027-03."""

    name: str
    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.begin.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"{self.name}: give the bounds of a month with their time zone")
        if self.begin >= self.end:
            raise ValueError(f"{self.name}: a month ends after it began")

    def holds(self, at: datetime | None) -> bool:
        """Return whether an instant falls into it: its first moment does, its end does not."""
        return at is not None and self.begin <= at < self.end


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a promise is not counted; in force once both referents had agreed."""

    why: str
    agreed_at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock that was promised: what, until when, and when it was met.

    `key` tells two commitments of one request apart. `void_at` is when it no longer counted (the
    request was cancelled, the commitment withdrawn by agreement). `due` is None while it waits.
    """

    kind: str
    due: datetime | None
    met: datetime | None = None
    void_at: datetime | None = None
    excluded: Exclusion | None = None
    key: str = ""
    seconds: int = 0

    def outcome(self, as_of: datetime) -> Outcome | None:
        """Return how it ended, as far as known then; None while it runs in time, or is void.

        Late counts in the month of its breach, whether it is met later or still open; in time, in
        that of its end. So each promise is counted in one month, and once.
        """
        if self.due is None or known(self.void_at, as_of):
            return None
        why = ""
        if self.excluded is not None and known(self.excluded.agreed_at, as_of):
            why = self.excluded.why
        hours = self.seconds / 3600
        if self.met is not None and self.met <= self.due:
            return Outcome(self.met, True, hours, why) if known(self.met, as_of) else None
        return Outcome(self.due, False, hours, why) if self.due < as_of else None


@dataclass(frozen=True, slots=True)
class Reopening:
    """The client did not accept what was delivered, so many whole working days after it was."""

    at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Rating:
    """What the requester said: 1 to 5, 5 is best; `effort` the same for how easy it was to ask."""

    at: datetime
    score: int
    effort: int | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """A check of quality: how many critical and other errors were found."""

    at: datetime
    critical: int
    minor: int = 0


@dataclass(frozen=True, slots=True)
class Life:
    """One request from its reception on. Keys are text, empty where there is none.

    `worked` and `waited` are open seconds of its calendar from reception to first delivery: with
    the waits for the requester taken out, and those waits alone. `asked_by_fault` are the times
    that the provider had to ask for what it should have known. `units` are what it is sold as.
    `bypassed` is None where nobody can tell: it is then counted nowhere.
    The minutes of the executive: `standard` (what it would have cost her, of the diagnostic; None
    where nobody measured), `written` messages and `validation` minutes.
    """

    key: str
    client: str
    site: str
    received: datetime
    entity: str = ""
    family: str = ""
    service: str = ""
    priority: str = ""
    requester: str = ""
    assistant: str = ""
    void_at: datetime | None = None
    deliveries: tuple[datetime, ...] = ()
    promises: tuple[Promise, ...] = ()
    worked: int | None = None
    waited: int = 0
    asked_by_fault: tuple[datetime, ...] = ()
    corrected: tuple[datetime, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    invited: datetime | None = None
    rating: Rating | None = None
    audits: tuple[Audit, ...] = ()
    off_catalogue: bool = False
    anticipated: bool = False
    bypassed: bool | None = False
    documented: bool = False
    units: Fraction = Fraction(1)
    left_minutes: int = 0
    standard: int | None = None
    written: int = 0
    validation: int = 0

    def void(self, as_of: datetime) -> bool:
        """Return whether it was cancelled, refused or merged away, as far as known then."""
        return known(self.void_at, as_of)

    def delivered(self, as_of: datetime) -> datetime | None:
        """Return when it was first delivered, which is when it counts as closed."""
        first = min(self.deliveries, default=None)
        return first if known(first, as_of) and not self.void(as_of) else None

    def open(self, at: datetime) -> bool:
        """Return whether work was open on it at that instant: received, or reopened, and undone."""
        if self.received >= at or (self.void_at is not None and self.void_at < at):
            return False
        delivered = [each for each in self.deliveries if each < at]
        again = [each.at for each in self.reopenings if each.at < at]
        if not delivered or not again:
            return not delivered
        if max(delivered) != max(again):
            return max(again) > max(delivered)
        # At one instant they take turns: counted, they leave no doubt which came last.
        return len(delivered) <= len(again)


@dataclass(frozen=True, slots=True)
class Means:
    """What a month cost and could do, for the keys given: the provider's own affair."""

    key: str
    period: str
    cents: int = 0
    used_minutes: int = 0
    practical_minutes: int = 0
    client: str = ""
    site: str = ""
    entity: str = ""
    family: str = ""
    service: str = ""
    priority: str = ""
    requester: str = ""
    assistant: str = ""


def _no_days(life: Life, at: datetime) -> int:
    raise ValueError("age of the backlog: give `age`, the working days of a request until then")


@dataclass(frozen=True, slots=True)
class Given:
    """What the figures need beside the lives, and what they assume.

    `age` counts the whole working days from a request's reception to an instant, by the calendar
    of its site. `daily_minutes` is the work that a day can do. `standards` says where the minutes
    of an executive come from: without it no time returned is shown.
    """

    age: Callable[[Life, datetime], int] = _no_days
    daily_minutes: int = 0
    means: Sequence[Means] = ()
    standards: str = ""
    minutes_a_message: int = 3
    reopened_within: int = 10
    smallest: dict[str, int] = field(default_factory=dict)


def known(at: datetime | None, as_of: datetime) -> bool:
    """Return whether it had happened by then."""
    return at is not None and at <= as_of
