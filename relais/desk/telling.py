"""Events and clocks told in words: what happened, and how a deadline came about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from relais.engine import dispatch_words
from relais.engine.decision import Line, read_line, spelled
from relais.engine.dispatch_words import behind
from relais.engine.segments import Kind, Segment
from relais.offer.models.service import in_language
from relais.people import calendars
from relais.people.models import Person

from .models import Clock, Event
from .telling_beside import beside_sentences, beside_words

CLOCKS, KINDS = dict(Clock.Kind.choices), dict(Event.Kind.choices)
ICONS = {
    "received": "inbox",
    "assigned": "user-check",
    "unassigned": "user-minus",
    "held": "player-pause",
    "unheld": "player-play",
    "proposed": "user-check",
    "proposal_expired": "user-minus",
    "pinned": "lock",
    "unpinned": "lock",
    "taken": "player-play",
    "replied": "message",
    "asked": "help-circle",
    "resumed": "player-play",
    "waited_third": "clock-pause",
    "delivered": "send",
    "accepted": "circle-check",
    "reopened": "rotate",
    "handed_over": "transfer",
    "cancelled": "x",
    "refused": "circle-x",
    "noted": "lock",
    "warned": "clock",
    "breached": "clock-exclamation",
    "reprioritised": "flag",
    "rescoped": "adjustments",
    "reclassified": "lock",
    "postponed": "calendar-plus",
    "arbitration_asked": "git-branch",
    "arbitrated": "git-branch",
    "amount_stated": "shield",
    "approval_asked": "shield",
    "approval_reminded": "bell",
    "approval_delegated": "transfer",
    "approved": "shield-check",
    "approval_refused": "circle-x",
    "promised": "calendar-event",
    "promise_kept": "check",
    "promise_broken": "alert-triangle",
    "promise_withdrawn": "x",
    "time_added": "clock",
    "timer_started": "clock-play",
    "timer_stopped": "clock-pause",
    "time_corrected": "pencil",
    "rated": "star",
    "settled": "arrows-sort",
    "clarity_marked": "zoom-question",
    "step_done": "circle-check",
    "step_undone": "rotate",
    "steps_waived": "alert-triangle",
    "reminded": "bell",
    "linked": "link",
    "unlinked": "unlink",
    "merged": "git-merge",
    "absorbed": "git-merge",
    "parted": "git-branch",
    "released": "git-branch",
    "undone": "arrow-back-up",
}


@dataclass(frozen=True)
class Told:
    """One event as the history shows it."""

    event: Event
    text: str
    icon: str


def history(events: Iterable[Event]) -> list[Told]:
    """Return the events in words, in order. The names of whom they speak cost one query."""
    events = list(events)
    names = names_in(events)
    return [Told(e, sentence(e, names), ICONS.get(e.kind, "circle-dot")) for e in events]


def names_in(events: Iterable[Event]) -> dict[int, str]:
    """Return the names of the persons whom the facts of these events speak of, by key."""
    events = list(events)
    keys = {e.facts.get(fact) for e in events for fact in ("holder", "from", "to")}
    keys |= {replanned(e).get("from") for e in events}
    people = Person.objects.filter(pk__in=[key for key in keys if isinstance(key, int)])
    return {person.pk: person.name for person in people}


def sentence(event: Event, names: dict[int, str]) -> str:
    """Return what happened, as one sentence in the reader's language."""
    facts = event.facts
    told = {
        "who": event.author or "Relais",
        "holder": names.get(facts.get("holder"), "—"),
        "to": names.get(facts.get("to"), "—"),
        "reason": facts.get("reason", ""),
        "missing": missing_text(facts.get("missing", "")),
        "clock": clock_name(facts.get("clock", "")),
        "percent": facts.get("percent", ""),
        "undone": kind_name(facts.get("undone", "")),
        "step": in_language(facts.get("fr", ""), facts.get("en", "")),
        **beside_words(event),
    }
    if moved := replanned(event):
        return _moved(event.kind, moved.get("code", "")) % (
            told | {"was": names.get(moved.get("from", 0), "—")}
        )
    if event.kind == Event.Kind.ASSIGNED and event.by is None:
        return _("Relais gave it to %(holder)s.") % told
    if event.kind == Event.Kind.ACCEPTED and event.by is None:
        return _("Accepted by itself: nobody objected in time.")
    return _sentences()[event.kind] % told


def replanned(event: Event) -> dict[str, Any]:
    """Return why it left somebody's hands by itself (`code`, `from`); empty if it did not."""
    facts = event.facts.get("decision") or event.facts
    found: dict[str, Any] = facts.get("replanned") or {}
    return found


def _moved(kind: str, code: str) -> str:
    if kind == Event.Kind.UNASSIGNED:
        if code == "gone":
            return _("Back in the queue: %(was)s is no longer in the pool, and %(missing)s.")
        return _("Back in the queue: %(was)s is absent, and %(missing)s.")
    return {
        "absent": _("Relais gave it to %(holder)s: %(was)s is absent."),
        "gone": _("Relais gave it to %(holder)s: %(was)s is no longer in the pool."),
        "returned": _("Relais gave it back to %(holder)s, who is there again."),
    }.get(code) or _("Relais moved it from %(was)s to %(holder)s: it fares better there.")


def _sentences() -> dict[str, str]:
    kind = Event.Kind
    return {
        kind.RECEIVED: _("%(who)s sent the request."),
        kind.ASSIGNED: _("%(who)s gave it to %(holder)s."),
        kind.UNASSIGNED: _("Nobody could take it: %(missing)s."),
        kind.HELD: _("%(who)s keeps it out of dispatch: %(reason)s"),
        kind.UNHELD: _("%(who)s let dispatch have it again."),
        kind.PROPOSED: _("Relais proposes %(holder)s: the lead confirms."),
        kind.PROPOSAL_EXPIRED: _("%(holder)s is no longer there: the proposal has expired."),
        kind.PINNED: _("%(who)s reserved it for %(holder)s: %(reason)s"),
        kind.UNPINNED: _("%(who)s no longer reserves it for %(holder)s."),
        kind.TAKEN: _("%(who)s took it in hand."),
        kind.REPLIED: _("%(who)s wrote."),
        kind.ASKED: _("%(who)s asked a question; the deadline stands still."),
        kind.RESUMED: _("%(who)s went on with it."),
        kind.WAITED_THIRD: _("%(who)s waits for a third party: %(reason)s"),
        kind.DELIVERED: _("%(who)s delivered it."),
        kind.ACCEPTED: _("%(who)s accepted it."),
        kind.REOPENED: _("%(who)s asked for a correction."),
        kind.HANDED_OVER: _("%(who)s handed it over to %(to)s."),
        kind.CANCELLED: _("%(who)s cancelled it."),
        kind.REFUSED: _("%(who)s declined it."),
        kind.NOTED: _("%(who)s left a note."),
        kind.WARNED: _("%(percent)s %% of the time is used up: %(clock)s."),
        kind.BREACHED: _("The deadline passed: %(clock)s."),
        **beside_sentences(),
        kind.SETTLED: _("%(who)s settled where it belongs."),
        kind.STEP_DONE: _("%(who)s ticked the step “%(step)s”."),
        kind.STEP_UNDONE: _("%(who)s opened the step “%(step)s” again."),
        kind.STEPS_WAIVED: _("%(who)s delivered with steps left: %(reason)s"),
        kind.REMINDED: _("Relais asked the requester for a word on the delivery."),
        # The other request is not named: who reads this may not see it.
        kind.LINKED: _("%(who)s linked it with another request."),
        kind.UNLINKED: _("%(who)s removed a link."),
        kind.MERGED: _("%(who)s had it handled together with another request."),
        kind.ABSORBED: _("%(who)s merged another request into this one."),
        kind.PARTED: _("%(who)s separated it from the other request again."),
        kind.RELEASED: _("%(who)s separated a merged request from this one."),
        kind.UNDONE: _("%(who)s undid this: %(undone)s"),
    }


def clock_name(kind: str) -> str:
    """Return what a clock measures, in the reader's language."""
    return str(CLOCKS.get(kind, ""))


def kind_name(kind: str) -> str:
    """Return what an event is called, in the reader's language."""
    return str(KINDS.get(kind, "—"))


def missing_text(code: str) -> str:
    """Return what was missing for somebody to take a ticket."""
    return {
        "off_duty": _("nobody who covers the site is on duty"),
        "absent": _("all who cover the site are absent"),
        "not_skilled": _("nobody on duty has the skill"),
        "not_cleared": _("nobody on duty is cleared for it"),
        "nobody_covers": _("nobody covers the site"),
        "manual": _("the lead gives these by hand"),
        "lead": _("the lead decides on these"),
        "pinned_away": _("it is reserved for somebody who cannot have it now"),
    }.get(code) or _of_dispatch(f"missing_{code}", _("nobody fits"))


def _of_dispatch(code: str, unknown: str) -> str:
    """Return the engine's own words for a code, in the reader's language."""
    language = "en" if (get_language() or "fr").startswith("en") else "fr"
    text = dispatch_words.phrase(code, language)
    return unknown if text == code else text


def reason_text(code: str) -> str:
    """Return why a candidate was chosen or not."""
    return {
        "fewest_open": _("has the fewest open requests"),
        "more_open": _("has more open requests"),
        "after": _("as few open requests, but not the site’s first assistant"),
        "off_duty": _("not on duty"),
        "absent": _("absent"),
        "not_cleared": _("not cleared for this class"),
        "not_skilled": _("lacks the skill"),
    }.get(code) or _of_dispatch(code, code)


# In which order one reads them.
OUTCOMES = {"chosen": 0, "runner_up": 1, "excluded": 2}


@dataclass(frozen=True)
class Considered:
    """One candidate of a dispatch, with the reasons in words."""

    name: str
    outcome: str
    reasons: str
    open: int


def considered(event: Event) -> list[Considered]:
    """Return everybody whom dispatch considered, the chosen one first."""
    decision = event.facts.get("decision") or event.facts
    lines = decision.get("candidates", ())
    found = [
        Considered(
            line.get("name", ""),
            line.get("outcome", ""),
            _reasons(line.get("reasons", ())),
            line.get("open", 0),
        )
        for line in lines
    ]
    if others := decision.get("others"):
        chosen = next((read_line(one) for one in lines if one["outcome"] == "chosen"), None)
        found += _in_short(others, chosen)
    return sorted(found, key=lambda one: OUTCOMES.get(one.outcome, len(OUTCOMES)))


def _in_short(others: dict[str, Any], chosen: Line | None) -> list[Considered]:
    """Return those of whom a decision tells the points alone, or only what excludes them."""
    held, found = others["open"], []
    for line in spelled(others):
        codes: Iterable[str] = (f"count_{hard.code}" for hard in line.hard)
        if not line.hard:
            codes = behind(chosen, line) if chosen is not None else ()
        outcome = "excluded" if line.hard else "runner_up"
        found.append(Considered(line.name, outcome, _reasons(codes), held.get(str(line.key), 0)))
    return found


def _reasons(codes: Iterable[str]) -> str:
    return ", ".join(reason_text(code) for code in codes)


# Deadlines ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """One line of the explanation of a deadline."""

    start: datetime
    end: datetime
    kind: str
    text: str
    counted: str


MOST_STRETCHES = 40


def explained(clock: Clock, now: datetime) -> list[Stretch]:
    """Return the stretches from the start of a clock to its deadline (or to `now` in a pause)."""
    if clock.calendar is None:
        return []
    end = clock.due_at or now
    if end <= clock.started_at:
        return []
    pauses = [
        (datetime.fromisoformat(start), datetime.fromisoformat(stop) if stop else end)
        for start, stop in clock.pauses
    ]
    pauses = [(start, stop) for start, stop in pauses if stop > start]
    found = calendars.timetable(clock.calendar).segments(clock.started_at, end, pauses)
    return [_stretch(segment) for segment in found[:MOST_STRETCHES]]


def _stretch(segment: Segment) -> Stretch:
    text = {
        Kind.OPEN: _("open: the time counts"),
        Kind.CLOSED: _("closed hours"),
        Kind.HOLIDAY: _("closed all day"),
        Kind.PAUSED: _("waiting for the requester: the time stands still"),
    }[segment.kind]
    if segment.reason and segment.kind in (Kind.CLOSED, Kind.HOLIDAY):
        text = f"{text} ({segment.reason})"
    counted = duration(segment.length) if segment.kind == Kind.OPEN else ""
    return Stretch(segment.start, segment.end, segment.kind.value, text, counted)


def duration(length: timedelta) -> str:
    """Return a length of open time: "4 h", "1 h 30", "20 min"."""
    minutes = round(length.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return ngettext("%(n)s min", "%(n)s min", rest) % {"n": rest}
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


def allowed(clock: Clock) -> str:
    """Return how much time a promise allows: "4 h", "2 working days"."""
    if clock.days is None:
        return duration(timedelta(seconds=clock.target))
    if not clock.days:
        return _("the same working day")
    text = ngettext("%(n)s working day", "%(n)s working days", clock.days)
    return text % {"n": clock.days}


def source_text(clock: Clock) -> str:
    """Return whose hours a clock counts."""
    return {
        "site": _("the site’s hours"),
        "entity": _("the legal entity’s hours"),
        "company": _("the company’s hours"),
    }.get(clock.calendar_source, "")


def is_open(site: Any, now: datetime) -> bool:
    """Return whether a site is open now; not, when nobody can say."""
    try:
        return site is not None and calendars.of_site(site).timetable.is_open(now)
    except (calendars.NoCalendar, ValueError):
        return False


def opening_today(site: Any, now: datetime) -> calendars.DayState | None:
    """Return what the site's calendar says of today there; None without a calendar."""
    try:
        found = calendars.of_site(site)
    except calendars.NoCalendar:
        return None
    zone = ZoneInfo(found.calendar.time_zone)
    return calendars.day(found.calendar, now.astimezone(zone).date())
