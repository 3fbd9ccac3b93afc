"""A decision of dispatch in French and in English: why her, why not the others, what is missing.

Whole sentences in each language, not pieces put together; times are those of `zone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from relais.engine.candidates import Hard
from relais.engine.decision import Decision, Line, Term

# A term that moves the score by less than this says nothing.
WORTH_SAYING = 1.0


def sentences(
    decision: Decision,
    zone: ZoneInfo,
    language: str = "fr",
    names: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the decision as one reads it: who and when, why, the next best, who could not.

    `names` are the words for what a hard reason is about (skills by their key, languages…).
    """
    texts = _texts(language)
    if decision.chosen is None:
        return _nobody(decision, zone, texts)
    chosen = decision.line(decision.chosen)
    assert chosen is not None
    facts = {
        "name": chosen.name,
        "start": _known(decision.start, zone, texts),
        "finish": _known(decision.finish, zone, texts),
        "chance": _percent(chosen.chance, texts),
    }
    lines = [texts["waits" if decision.waits else "chosen"].format(**facts)]
    lines += [texts["why"].format(reasons=why) for why in [in_favour(decision, language)] if why]
    kept = dict(decision.kept)
    for line in decision.runners_up[:2]:
        if line.key in kept:
            text = texts["kept"]
            lines.append(text.format(name=line.name, ticket=kept[line.key]))
        else:
            lines.append(against(decision, line, language))
    lines += [counted(decision, language)] if decision.excluded else []
    return lines


def in_favour(decision: Decision, language: str = "fr") -> str:
    """Return what speaks for the chosen one beside the next best, the strongest first."""
    texts = _texts(language)
    chosen = decision.line(decision.chosen)
    if chosen is None:
        return ""
    others = decision.runners_up
    if not others:
        return texts["only_one"]
    found = [texts[f"for_{code}"] for code in _gains(others[0], chosen)]
    return texts["and"].join(found[:3]) or texts["as_good"]


def against(decision: Decision, line: Line, language: str = "fr") -> str:
    """Return why this candidate comes after the chosen one."""
    texts = _texts(language)
    chosen = decision.line(decision.chosen)
    if chosen is None or line.score is None or chosen.score is None:
        return ""
    found = [texts[f"against_{code}"] for code in _gains(line, chosen)][:3]
    reasons = texts["and"].join(found) or texts["as_good"]
    points = f"{max(line.score - chosen.score, 0.0):.0f}"
    return texts["runner_up"].format(name=line.name, points=points, reasons=reasons)


def codes(decision: Decision, line: Line) -> tuple[str, ...]:
    """Return the codes of what speaks for the chosen one, or puts this one after her."""
    chosen = decision.line(decision.chosen)
    if chosen is None:
        return ()
    if line.key != chosen.key:
        return behind(chosen, line)
    others = decision.runners_up
    if not others:
        return ("only_one",)
    return tuple(f"for_{code}" for code in _gains(others[0], chosen)[:3]) or ("as_good",)


def behind(chosen: Line, line: Line) -> tuple[str, ...]:
    """Return the codes of what puts this one after the chosen one."""
    return tuple(f"against_{code}" for code in _gains(line, chosen)[:3]) or ("as_good",)


def phrase(code: str, language: str = "fr") -> str:
    """Return the words of a code of `codes`, or of what is missing; the code itself if unknown."""
    return _texts(language).get(code, code)


def hard(
    reason: Hard, zone: ZoneInfo, language: str = "fr", names: Mapping[str, str] | None = None
) -> str:
    """Return one hard reason in words."""
    texts, known = _texts(language), names or {}
    what = ", ".join(known.get(f"{reason.code}:{each}", each) for each in reason.what)
    until = _moment(reason.until, zone, texts) if reason.until is not None else ""
    key = f"hard_{reason.code}"
    if until and f"{key}_until" in texts:
        key = f"{key}_until"
    first, second = (*reason.what, "", "")[:2]
    return texts[key].format(what=what, until=until, first=first, second=second)


def term(part: Term, language: str = "fr") -> str:
    """Return the name of a term of the score."""
    return _texts(language)[f"term_{part.code}"]


def counted(decision: Decision, language: str = "fr") -> str:
    """Return how many could not and for what, the commonest reason first."""
    texts = _texts(language)
    parts = [f"{count} {texts[f'count_{code}']}" for code, count in decision.counted()]
    return texts["counted"].format(count=len(decision.excluded), reasons=", ".join(parts))


def _nobody(decision: Decision, zone: ZoneInfo, texts: Mapping[str, str]) -> list[str]:
    missing = texts["and"].join(texts[f"missing_{code}"] for code in decision.missing)
    lines = [texts["nobody"].format(missing=missing)]
    for call in decision.calls[:3]:
        text = texts["call_until" if call.until is not None else "call"]
        until = _moment(call.until, zone, texts) if call.until is not None else ""
        lines.append(text.format(name=call.name, why=texts[f"count_{call.code}"], until=until))
    if not decision.calls and decision.next_at is not None:
        lines.append(texts["next"].format(until=_moment(decision.next_at, zone, texts)))
    return lines


def _gains(worse: Line, better: Line) -> list[str]:
    """Return the terms by which one is better than the other, the most first."""
    mine = {each.code: each.points for each in better.terms}
    gains = [(each.points - mine[each.code], each.code) for each in worse.terms]
    kept = [pair for pair in gains if pair[0] >= WORTH_SAYING]
    return [code for _gain, code in sorted(kept, key=lambda pair: (-pair[0], pair[1]))]


def _texts(language: str) -> Mapping[str, str]:
    if language not in _TEXTS:
        raise ValueError(f"no sentences in {language!r}: choose one of {', '.join(_TEXTS)}")
    return _TEXTS[language]


def _moment(when: datetime, zone: ZoneInfo, texts: Mapping[str, str]) -> str:
    local = when.astimezone(zone)
    return f"{texts['weekdays'].split()[local.weekday()]} {local:{texts['time']}}"


def _known(when: datetime | None, zone: ZoneInfo, texts: Mapping[str, str]) -> str:
    return texts["beyond"] if when is None else _moment(when, zone, texts)


def _percent(chance: float | None, texts: Mapping[str, str]) -> str:
    return texts["percent"].format(round(100 * (chance or 0.0)))


_TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "weekdays": "lun. mar. mer. jeu. ven. sam. dim.",
        "time": "%d/%m à %H:%M",
        "percent": "{} %",
        "and": " ; ",
        "beyond": "au-delà des horaires connus",
        "chosen": "{name} : début {start}, fin prévue {finish}, risque de retard {chance}.",
        "waits": "Mieux vaut attendre {name} : début {start}, fin prévue {finish}, risque de "
        "retard {chance}.",
        "why": "Pourquoi : {reasons}.",
        "only_one": "personne d’autre ne peut la prendre",
        "as_good": "à égalité, l’ordre des positions décide",
        "runner_up": "{name} vient après ({points} points de plus) : {reasons}.",
        "kept": "{name} conviendrait mieux, mais reste pour la demande n° {ticket}.",
        "counted": "Hors de question pour {count} : {reasons}.",
        "nobody": "Personne ne peut la prendre maintenant : {missing}.",
        "next": "Le premier retour : {until}.",
        "call": "On peut appeler {name} ({why}).",
        "call_until": "On peut appeler {name} ({why}, de retour {until}).",
        "for_lateness": "la rend plus tôt",
        "for_risk": "le risque de retard est plus faible",
        "for_stranger": "connaît mieux le site",
        "for_time": "plus rapide sur ce travail",
        "for_start": "peut commencer ce qui presse",
        "for_lead": "plus proche du site",
        "for_file": "a déjà traité ce dossier",
        "for_load": "a moins de travail en main",
        "for_learning": "a ce travail à apprendre",
        "for_fairness": "en a eu moins que sa part",
        "for_change": "la demande lui est déjà annoncée",
        "against_lateness": "rendue plus tard",
        "against_risk": "risque de retard plus élevé",
        "against_stranger": "connaît moins bien le site",
        "against_time": "plus de temps sur ce travail",
        "against_start": "commence moins vite ce qui presse",
        "against_lead": "moins proche du site",
        "against_file": "n’a pas traité ce dossier",
        "against_load": "plus de travail en main",
        "against_learning": "n’a pas besoin d’apprendre ce travail",
        "against_fairness": "en a eu plus que sa part",
        "against_change": "déjà annoncée à quelqu’un d’autre",
        "term_lateness": "minutes de retard à craindre",
        "term_risk": "risque de retard",
        "term_stranger": "connaissance du site",
        "term_time": "durée du travail",
        "term_start": "urgence",
        "term_lead": "place auprès du site",
        "term_file": "même dossier",
        "term_load": "travail en main",
        "term_learning": "besoin d’apprendre",
        "term_fairness": "équité",
        "term_change": "changement",
        "hard_wall": "ne couvre pas ce site",
        "hard_clearance": "sans habilitation ({what})",
        "hard_access": "accès non testé : {what}",
        "hard_skill": "compétence insuffisante : {what}",
        "hard_language": "ne parle pas la langue au niveau demandé ({first}, {second})",
        "hard_readiness": "préparation {first}, il faut {second}",
        "hard_absent": "absent·e",
        "hard_absent_until": "absent·e jusqu’à {until}",
        "hard_off_duty": "pas en service",
        "hard_off_duty_until": "pas en service avant {until}",
        "hard_shift": "sa journée finit trop tôt",
        "hard_shift_until": "sa journée finit {until}, trop tôt",
        "hard_working_time": "le temps de travail légal ne le permet plus ({first} min)",
        "hard_capacity": "a déjà {first} demande(s) en main",
        "hard_pinned": "la demande est réservée à quelqu’un d’autre",
        "hard_held": "la demande est retenue par le référent",
        "count_wall": "hors du site",
        "count_clearance": "sans habilitation",
        "count_access": "sans accès testé",
        "count_skill": "sans la compétence",
        "count_language": "sans la langue",
        "count_readiness": "pas assez préparé·e",
        "count_absent": "absent·e",
        "count_off_duty": "pas en service",
        "count_shift": "en fin de journée",
        "count_working_time": "au bout du temps légal",
        "count_capacity": "les mains pleines",
        "count_pinned": "demande réservée à quelqu’un d’autre",
        "count_held": "demande retenue par le référent",
        "missing_nobody_covers": "personne ne couvre ce site",
        "missing_wall": "personne ne couvre ce site",
        "missing_clearance": "il manque une habilitation",
        "missing_access": "il manque un accès testé",
        "missing_skill": "il manque une compétence",
        "missing_language": "il manque une langue",
        "missing_readiness": "il manque quelqu’un de préparé",
        "missing_absent": "qui pourrait est absent·e",
        "missing_off_duty": "qui pourrait n’est pas en service",
        "missing_shift": "la journée finit trop tôt",
        "missing_working_time": "le temps de travail légal est atteint",
        "missing_capacity": "toutes les mains sont pleines",
        "missing_pinned": "elle est réservée à quelqu’un",
        "missing_held": "elle est retenue par le référent",
    },
    "en": {
        "weekdays": "Mon Tue Wed Thu Fri Sat Sun",
        "time": "%d/%m at %H:%M",
        "percent": "{}%",
        "and": "; ",
        "beyond": "beyond the hours that are known",
        "chosen": "{name}: starts {start}, expected done {finish}, risk of being late {chance}.",
        "waits": "Better to wait for {name}: starts {start}, expected done {finish}, risk of being "
        "late {chance}.",
        "why": "Why: {reasons}.",
        "only_one": "nobody else can take it",
        "as_good": "equal, the order of positions decides",
        "runner_up": "{name} comes after ({points} points more): {reasons}.",
        "kept": "{name} would suit better, but is kept for request no. {ticket}.",
        "counted": "{count} excluded: {reasons}.",
        "nobody": "Nobody can take it now: {missing}.",
        "next": "The first to be back: {until}.",
        "call": "{name} could be called ({why}).",
        "call_until": "{name} could be called ({why}, back {until}).",
        "for_lateness": "done sooner",
        "for_risk": "less likely to be late",
        "for_stranger": "knows the site better",
        "for_time": "faster at this work",
        "for_start": "can start what is urgent",
        "for_lead": "closer to the site",
        "for_file": "has worked on this file",
        "for_load": "has less work in hand",
        "for_learning": "has this work to learn",
        "for_fairness": "has had less than her share",
        "for_change": "it was announced to her",
        "against_lateness": "done later",
        "against_risk": "more likely to be late",
        "against_stranger": "knows the site less",
        "against_time": "slower at this work",
        "against_start": "starts what is urgent less soon",
        "against_lead": "less close to the site",
        "against_file": "has not worked on this file",
        "against_load": "has more work in hand",
        "against_learning": "has no need to learn this work",
        "against_fairness": "has had more than her share",
        "against_change": "it was announced to somebody else",
        "term_lateness": "minutes late to be feared",
        "term_risk": "risk of being late",
        "term_stranger": "knowledge of the site",
        "term_time": "time it takes",
        "term_start": "urgency",
        "term_lead": "place with the site",
        "term_file": "same file",
        "term_load": "work in hand",
        "term_learning": "need to learn",
        "term_fairness": "fairness",
        "term_change": "change",
        "hard_wall": "does not cover this site",
        "hard_clearance": "not cleared ({what})",
        "hard_access": "access not tested: {what}",
        "hard_skill": "skill too low: {what}",
        "hard_language": "does not speak the language at the level asked for ({first}, {second})",
        "hard_readiness": "readiness {first}, {second} needed",
        "hard_absent": "absent",
        "hard_absent_until": "absent until {until}",
        "hard_off_duty": "not on duty",
        "hard_off_duty_until": "not on duty before {until}",
        "hard_shift": "her day ends too soon",
        "hard_shift_until": "her day ends {until}, too soon",
        "hard_working_time": "the rules of working time leave too little ({first} min)",
        "hard_capacity": "has {first} request(s) in hand already",
        "hard_pinned": "reserved for somebody else",
        "hard_held": "held by the lead",
        "count_wall": "off this site",
        "count_clearance": "not cleared",
        "count_access": "without a tested access",
        "count_skill": "without the skill",
        "count_language": "without the language",
        "count_readiness": "not ready enough",
        "count_absent": "absent",
        "count_off_duty": "not on duty",
        "count_shift": "at the end of the day",
        "count_working_time": "at the end of legal time",
        "count_capacity": "with full hands",
        "count_pinned": "not the reserved one",
        "count_held": "waiting for the lead",
        "missing_nobody_covers": "nobody covers this site",
        "missing_wall": "nobody covers this site",
        "missing_clearance": "a clearance is missing",
        "missing_access": "a tested access is missing",
        "missing_skill": "a skill is missing",
        "missing_language": "a language is missing",
        "missing_readiness": "somebody ready is missing",
        "missing_absent": "those who could are absent",
        "missing_off_duty": "those who could are not on duty",
        "missing_shift": "the day ends too soon",
        "missing_working_time": "legal working time is used up",
        "missing_capacity": "all hands are full",
        "missing_pinned": "it is reserved for somebody",
        "missing_held": "it is held by the lead",
    },
}
