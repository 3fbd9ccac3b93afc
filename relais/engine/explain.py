"""Why this due date? Every segment from the start to the deadline, as data and as sentences.

The sentences are whole templates in French and English, not pieces put together, so that each
language says it its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from relais.engine.sla import Status
from relais.engine.worktime import Calendar, Kind, Segment


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was promised, each segment up to the deadline, and where the clock stands.

    The open segments add up to `status.allowed`. `zone` is that of the site, in which people
    read it.
    """

    status: Status
    segments: tuple[Segment, ...]
    zone: ZoneInfo


def explain(status: Status, calendar: Calendar) -> Explanation:
    """Return the explanation of a status; while paused, of the deadline if it resumed then."""
    segments = calendar.segments(status.clock.started, status.if_resumed, status.pauses)
    return Explanation(status, tuple(segments), calendar.zone)


def sentences(explanation: Explanation, language: str = "fr") -> list[str]:
    """Return the explanation in French ("fr") or English ("en"): promise, segments, outcome.

    Times are those of the site. Names of holidays, reasons and persons stay as they were given.
    """
    if language not in _TEXTS:
        raise ValueError(f"no sentences in {language!r}: choose one of {', '.join(_TEXTS)}")
    texts, zone = _TEXTS[language], explanation.zone
    status = explanation.status
    target = status.clock.target
    hand = target.name.removeprefix("hand:")
    name = texts["hand"].format(hand=hand) if hand != target.name else texts.get(hand, hand)
    begun = _moment(status.clock.started, zone, texts)
    if target.days is None:
        lines = [texts["hours"].format(name=name, length=_length(status.allowed), begun=begun)]
    else:
        lines = [texts["days"].format(name=name, days=target.days, begun=begun)]
    lines += [_line(segment, zone, texts) for segment in explanation.segments]
    due = _moment(status.if_resumed, zone, texts)
    total = sum((x.length for x in explanation.segments if x.kind is Kind.OPEN), timedelta(0))
    lines.append(texts["total"].format(length=_length(total), due=due))
    late = _length(abs(status.remaining))
    ended = status.clock.ended
    end = _moment(ended, zone, texts) if ended is not None else ""
    lines.append(texts[status.state].format(due=due, left=late, ended=end))
    return lines


def _line(segment: Segment, zone: ZoneInfo, texts: Mapping[str, str]) -> str:
    key = f"segment_{segment.kind}"
    if segment.reason:
        key += "_named"
    if segment.by:
        key += "_by"
    return texts[key].format(
        begin=_moment(segment.start, zone, texts),
        end=_moment(segment.end, zone, texts),
        length=_length(segment.length),
        reason=segment.reason,
        by=segment.by,
    )


def _moment(when: datetime, zone: ZoneInfo, texts: Mapping[str, str]) -> str:
    local = when.astimezone(zone)
    weekday = texts["weekdays"].split()[local.weekday()]
    month = texts["months"].split()[local.month - 1]
    text = f"{weekday} {local.day} {month} {local.year} {local:%H:%M}"
    if local.second:
        text += f":{local.second:02d}"
    # In the hour that is repeated a time alone would be read two ways.
    other = local.replace(fold=1 - local.fold)
    return text if other.utcoffset() == local.utcoffset() else f"{text} ({local:%z})"


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


_TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "weekdays": "lun. mar. mer. jeu. ven. sam. dim.",
        "months": "janv. févr. mars avr. mai juin juill. août sept. oct. nov. déc.",
        "first_response": "Première réponse",
        "next_reply": "Réponse suivante",
        "delivery": "Livraison",
        "correction": "Correction",
        "acceptance": "Acceptation",
        "hand": "Prise en charge par {hand}",
        "hours": "{name} promise en {length} de temps ouvert, à compter du {begun}.",
        "days": "{name} promise à J+{days} (jours ouvrés), à compter du {begun}.",
        "segment_open": "Du {begin} au {end} : ouvert, compté {length}.",
        "segment_open_named": "Du {begin} au {end} : ouvert ({reason}), compté {length}.",
        "segment_closed": "Du {begin} au {end} : fermé.",
        "segment_closed_named": "Du {begin} au {end} : fermé ({reason}).",
        "segment_holiday": "Du {begin} au {end} : jour fermé.",
        "segment_holiday_named": "Du {begin} au {end} : jour fermé, {reason}.",
        "segment_paused": "Du {begin} au {end} : en pause.",
        "segment_paused_by": "Du {begin} au {end} : en pause, par {by}.",
        "segment_paused_named": "Du {begin} au {end} : en pause, {reason}.",
        "segment_paused_named_by": "Du {begin} au {end} : en pause, {reason}, par {by}.",
        "total": "Temps ouvert compté jusqu’à l’échéance : {length}.",
        "running": "Échéance : {due}. Il reste {left} de temps ouvert.",
        "paused": "En pause : si elle reprenait maintenant, l’échéance serait {due}.",
        "late": "Échéance : {due}, dépassée de {left} de temps ouvert.",
        "met": "Échéance : {due}. Tenue le {ended}.",
        "missed": "Échéance : {due}. Manquée : fait le {ended}, {left} de temps ouvert trop tard.",
        "void": "Sans objet depuis le {ended}.",
    },
    "en": {
        "weekdays": "Mon Tue Wed Thu Fri Sat Sun",
        "months": "January February March April May June July August September October "
        "November December",
        "first_response": "First response",
        "next_reply": "Next reply",
        "delivery": "Delivery",
        "correction": "Correction",
        "acceptance": "Acceptance",
        "hand": "Answer of {hand}",
        "hours": "{name} promised within {length} of open time, counted from {begun}.",
        "days": "{name} promised by the close of working day {days} (0: the same) after {begun}.",
        "segment_open": "{begin} to {end}: open, {length} counted.",
        "segment_open_named": "{begin} to {end}: open ({reason}), {length} counted.",
        "segment_closed": "{begin} to {end}: closed.",
        "segment_closed_named": "{begin} to {end}: closed ({reason}).",
        "segment_holiday": "{begin} to {end}: closed day.",
        "segment_holiday_named": "{begin} to {end}: closed day, {reason}.",
        "segment_paused": "{begin} to {end}: paused.",
        "segment_paused_by": "{begin} to {end}: paused by {by}.",
        "segment_paused_named": "{begin} to {end}: paused, {reason}.",
        "segment_paused_named_by": "{begin} to {end}: paused, {reason}, by {by}.",
        "total": "Open time counted up to the deadline: {length}.",
        "running": "Due {due}. {left} of open time left.",
        "paused": "Paused: if it resumed now, it would be due {due}.",
        "late": "Due {due}, late by {left} of open time.",
        "met": "Due {due}. Kept on {ended}.",
        "missed": "Due {due}. Missed: done on {ended}, {left} of open time too late.",
        "void": "No longer counts since {ended}.",
    },
}
