"""What the columns of another tool's export mean: guessed, shown, written down, edited, read again.

A mapping names for each of our fields the heading that holds it, what to put where no column does,
and what the tool's own words for states and priorities mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from relais.lib.problem import Problem
from relais.lib.streams import Stream
from relais.lib.text import french_key

from .log_words import COLUMNS, PRIORITIES, PROFILES, STATES, STEPS

REQUESTS, EVENTS = "requests", "events"
NEEDED = {
    REQUESTS: ("ref", "site", "requester", "opened_at"),
    EVENTS: ("ref", "event_at", "event_state"),
}
TIMES = ("opened_at", "taken_at", "resolved_at", "closed_at", "last_at", "event_at")
# What an events file has to tell when no requests file does.
ALONE = ("site", "requester")
SAMPLE = 400
SHOWN = 3
Key = str


class BadMapping(Problem):
    """The mapping cannot be: the text says which line and what to write."""

    message = _("The columns cannot be understood so: %(detail)s")


@dataclass
class Mapping:
    """How a file is understood. `columns`: field → heading; `defaults`: field → text."""

    kind: str
    profile: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    # The tool's words (as `key` writes them) → one of STEPS; → 1 to 4.
    states: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    day_first: bool = True
    # True when nothing in the file tells day from month.
    day_first_assumed: bool = False
    header: list[str] = field(default_factory=list)

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Return for each field the column (from 0) that holds it. Raises `BadMapping`."""
        at = {}
        for name, heading in self.columns.items():
            if heading not in header:
                told = {"heading": heading, "field": name, "known": ", ".join(filter(None, header))}
                detail = gettext(
                    _("%(field)s: there is no column “%(heading)s”. The columns are: %(known)s.")
                )
                raise BadMapping(detail=detail % told)
            at[name] = list(header).index(heading)
        return at

    def missing(self) -> list[str]:
        """Return the fields that are needed and that neither a column nor a default gives."""
        return [n for n in NEEDED[self.kind] if n not in self.columns and n not in self.defaults]

    def check(self) -> None:
        """Raise `BadMapping` for a mapping by which no row could be taken."""
        if missing := self.missing():
            words = "; ".join(
                f"{name} ({', '.join(COLUMNS[name][:4])})" for name in missing if name in COLUMNS
            )
            detail = gettext(
                _("no column for %(fields)s: name one under [columns], or a text under [defaults]")
            )
            raise BadMapping(detail=detail % {"fields": words})
        for word, step in self.states.items():
            if step not in STEPS:
                detail = gettext(
                    _("the state “%(word)s” cannot mean “%(step)s”; choose of %(steps)s")
                )
                told = {"word": word, "step": step, "steps": ", ".join(STEPS)}
                raise BadMapping(detail=detail % told)
        for word, priority in self.priorities.items():
            if priority not in (1, 2, 3, 4):
                detail = gettext(_("the priority “%(word)s” is a number from 1 to 4"))
                raise BadMapping(detail=detail % {"word": word})


def key(text: str) -> Key:
    """Return a heading or a word of a tool without accents, case and punctuation."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", french_key(text.replace("’", "'"))).split())


# Guessing ------------------------------------------------------------------------------------


def guess(stream: Stream) -> tuple[Mapping, list[list[str]]]:
    """Return the mapping that the headings and the first rows suggest, and rows to show with it.

    Raises a `TableProblem` for a file that is none.
    """
    rows = stream.rows()
    header = [cell.strip().lstrip("\ufeff") for cell in next(rows, (0, []))[1]]
    sample = [cells for _number, cells in islice(rows, SAMPLE)]
    keys = [key(name) for name in header]
    kind = EVENTS if _are_events(keys) else REQUESTS
    found = Mapping(kind, _profile(keys), header=header)
    for name, candidates in COLUMNS.items():
        if name.startswith("event_") and kind == REQUESTS:
            continue
        if (place := _first(keys, candidates)) is not None:
            found.columns[name] = header[place]
    if kind == EVENTS:
        for name in ("state", "taken_at", "resolved_at", "closed_at", "last_at"):
            found.columns.pop(name, None)  # each row tells one moment only
        _settle_state(found, header, keys, sample)
    _settle_words(found, header, sample)
    _settle_dates(found, header, sample)
    return found, sample[:SHOWN]


def _are_events(keys: Sequence[str]) -> bool:
    return any(each in keys for each in COLUMNS["event_no"]) or (
        _first(keys, COLUMNS["event_at"]) is not None
        and _first(keys, COLUMNS["opened_at"]) is None
        and _first(keys, COLUMNS["event_state"]) is not None
    )


def _profile(keys: Sequence[str]) -> str:
    for name, marks in PROFILES.items():
        if set(marks) <= set(keys):
            return name
    return ""


def _first(keys: Sequence[str], candidates: Iterable[str]) -> int | None:
    return next((keys.index(each) for each in candidates if each in keys), None)


def _settle_state(
    found: Mapping, header: list[str], keys: list[str], sample: list[list[str]]
) -> None:
    """Take the column whose words tell the most: “active” may be all that is not closed."""

    def told(place: int) -> int:
        words = {key(row[place]) for row in sample if place < len(row)}
        return len({STATES[word] for word in words if word in STATES})

    places = [keys.index(each) for each in COLUMNS["event_state"] if each in keys]
    if places:
        found.columns["event_state"] = header[max(places, key=told)]


def _settle_words(found: Mapping, header: list[str], sample: list[list[str]]) -> None:
    def words(name: str) -> dict[str, None]:
        if name not in found.columns:
            return {}
        place = header.index(found.columns[name])
        return dict.fromkeys(row[place] for row in sample if place < len(row) and row[place])

    # What a word cannot mean by itself is left out: the reader is asked.
    for name in ("event_state", "state"):
        found.states |= {w: STATES[key(w)] for w in words(name) if key(w) in STATES}
    found.priorities = {
        w: PRIORITIES[key(w)] for w in words("priority") if PRIORITIES.get(key(w)) is not None
    }


_DAY_MONTH = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})\b")


def _settle_dates(found: Mapping, header: list[str], sample: list[list[str]]) -> None:
    """Tell 03/04 from 04/03 by the rows in which only one reading is a date."""
    places = [header.index(found.columns[name]) for name in TIMES if name in found.columns]
    seen = [
        (int(at[1]), int(at[2]))
        for row in sample
        for place in places
        if place < len(row) and (at := _DAY_MONTH.match(row[place].strip()))
    ]
    day, month = any(a > 12 for a, _b in seen), any(b > 12 for _a, b in seen)
    found.day_first = day or not month
    found.day_first_assumed = bool(seen) and not day and not month


# Written down --------------------------------------------------------------------------------


def write(mapping: Mapping, name: str, sample: Sequence[Sequence[str]], read_as: str) -> str:
    """Return the mapping as a file that a person can read and change (TOML)."""
    lines = [
        f"# {name}: {read_as}",
        "# " + gettext(_("Change what is wrong, and import again with this file.")),
        f"kind = {_quoted(mapping.kind)}  # requests | events",
        f"profile = {_quoted(mapping.profile)}",
        f"day_first = {str(mapping.day_first).lower()}"
        + (
            "  # " + gettext(_("assumed: no row tells day from month"))
            if mapping.day_first_assumed
            else ""
        ),
        "",
        "[columns]",
    ]
    for field_, heading in mapping.columns.items():
        place = mapping.header.index(heading) if heading in mapping.header else -1
        texts = [row[place] for row in sample if 0 <= place < len(row) and row[place]]
        shown = " | ".join(" ".join(text.split())[:40] for text in texts)
        lines.append(f"{field_} = {_quoted(heading)}" + (f"  # {shown}" if shown else ""))
    unused = [name for name in mapping.header if name and name not in mapping.columns.values()]
    lines += ["# " + gettext(_("not used: ")) + ", ".join(unused)] if unused else []
    lines += ["", "[defaults]", *(f"{n} = {_quoted(t)}" for n, t in mapping.defaults.items())]
    lines += [f'# {n} = "…"' for n in mapping.missing()]
    lines += ["", "[states]", "# " + " | ".join(STEPS)]
    lines += [f"{_quoted(word)} = {_quoted(step)}" for word, step in mapping.states.items()]
    lines += ["", "[priorities]"]
    lines += [f"{_quoted(word)} = {rank}" for word, rank in mapping.priorities.items()]
    return "\n".join(lines) + "\n"


def read(text: str) -> Mapping:
    """Return the mapping that a file holds. Raises `BadMapping` naming the line."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadMapping(detail=str(fault)) from fault
    kind = said.get("kind", REQUESTS)
    if kind not in NEEDED:
        raise BadMapping(detail=gettext(_("kind is “requests” or “events”")))
    mapping = Mapping(
        kind, str(said.get("profile", "")), day_first=bool(said.get("day_first", True))
    )
    for name in ("columns", "defaults", "states"):
        setattr(mapping, name, {str(k): str(v) for k, v in _table(said, name).items()})
    mapping.priorities = {
        str(word): rank if isinstance(rank, int) else 0
        for word, rank in _table(said, "priorities").items()
    }
    if strange := [n for n in {**mapping.columns, **mapping.defaults} if n not in COLUMNS]:
        detail = gettext(_("there is no field “%(field)s”; the fields are %(known)s"))
        raise BadMapping(detail=detail % {"field": strange[0], "known": ", ".join(COLUMNS)})
    return mapping


def _table(said: dict[str, object], name: str) -> dict[str, object]:
    found = said.get(name, {})
    if not isinstance(found, dict):
        raise BadMapping(detail=gettext(_("[%(name)s] is a table")) % {"name": name})
    return found


def _quoted(text: str) -> str:
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    return f'"{escaped}"'
