"""A choice of model in French and in English: what it is, why, what excludes, whether it holds.

Whole sentences in each language, not pieces put together.
"""

from __future__ import annotations

from collections.abc import Mapping

from relais.engine.choice import Breach, Choice, Line, Turn
from relais.engine.choice_mix import Loser, Moved

# A criterion that moves the lead by less than this says nothing.
WORTH_SAYING = 0.5
MOST = 3


def sentences(choice: Choice, language: str = "fr") -> list[str]:
    """Return the choice as one reads it: who, why, the next best, who is excluded, does it hold."""
    texts = _texts(language)
    place = {"site": choice.cluster.site, "family": choice.cluster.family}
    left = [line for line in choice.lines if not line.excluded]
    if choice.chosen is None:
        found = [texts["nobody"].format(**place)]
    else:
        name, score = choice.chosen.offer.name, _number(choice.chosen.score, language)
        model = texts[f"model_{choice.chosen.offer.model}"]
        found = [texts["chosen"].format(name=name, model=model, score=score, **place)]
        if len(left) > 1:
            found.append(_why(choice.chosen, left[1], language))
        else:
            found.append(texts["only_one"])
    for line in choice.lines:
        found += [_breach(line, breach, language) for breach in line.breaches]
    if choice.chosen is not None:
        found.append(holds(choice, language))
    found += [texts[f"action_{action}"] for action in choice.actions]
    return found


def holds(choice: Choice, language: str = "fr") -> str:
    """Return whether the choice is robust or fragile, and what would turn it."""
    texts = _texts(language)
    if choice.robust:
        return texts["robust"]
    turns = texts["and"].join(_turn(turn, language) for turn in choice.turns)
    return texts["fragile"].format(turns=turns)


def change(moved: Moved, language: str = "fr") -> str:
    """Return why another look came to another choice."""
    texts = _texts(language)
    if moved.before == moved.after:
        return texts["unmoved"]
    reasons = texts["and"].join(
        texts["by_points"].format(what=texts[code], points=_number(points, language, sign=True))
        for code, points in moved.why[:MOST]
    )
    nobody = texts["none"]
    return texts["moved"].format(
        before=moved.before or nobody, after=moved.after or nobody, reasons=reasons or nobody
    )


def loser(one: Loser, language: str = "fr") -> str:
    """Return what one model for all would cost this site's family."""
    texts = _texts(language)
    facts = {"site": one.site, "family": one.family}
    if one.points is not None:
        return texts["loses"].format(points=_number(one.points, language), **facts)
    if not one.breaches:
        return texts["loses_no_offer"].format(**facts)
    missing = [name for breach in one.breaches for name in breach.missing]
    return texts["loses_excluded"].format(missing=_missing(missing, texts), **facts)


def phrase(code: str, language: str = "fr") -> str:
    """Return the words of a criterion, a model (`model_…`), a guardrail or what is missing."""
    return _texts(language).get(code, code)


def _why(chosen: Line, second: Line, language: str) -> str:
    texts = _texts(language)
    gains = [(a.points - b.points, a.code) for a, b in zip(chosen.terms, second.terms, strict=True)]
    gains = sorted((g for g in gains if g[0] >= WORTH_SAYING), key=lambda g: (-g[0], g[1]))
    reasons = texts["and"].join(
        texts["by_points"].format(what=texts[code], points=_number(points, language, sign=True))
        for points, code in gains[:MOST]
    )
    points = _number(chosen.score - second.score, language)
    name = second.offer.name
    return texts["why"].format(name=name, points=points, reasons=reasons or texts["as_good"])


def _breach(line: Line, breach: Breach, language: str) -> str:
    texts = _texts(language)
    facts = {
        "name": line.offer.name,
        "code": breach.code,
        "rule": texts[breach.code],
        "missing": _missing(breach.missing, texts),
    }
    if breach.derogation is None:
        return texts["excluded"].format(**facts)
    signed = breach.derogation
    day = signed.signed_on.strftime(texts["date"])
    return texts["lifted"].format(sponsor=signed.sponsor, reason=signed.reason, day=day, **facts)


def _missing(names: tuple[str, ...] | list[str], texts: Mapping[str, str]) -> str:
    return ", ".join(texts[f"missing_{name}"] for name in names)


def _turn(turn: Turn, language: str) -> str:
    texts = _texts(language)
    points = _number(turn.by, language, sign=True)
    return texts["turn"].format(what=texts[turn.criterion.value], points=points, name=turn.offer)


def _number(value: float, language: str, sign: bool = False) -> str:
    text = f"{value:+.1f}" if sign else f"{value:.1f}"
    return text.replace(".", ",").replace("-", "−") if language == "fr" else text.replace("-", "−")


def _texts(language: str) -> Mapping[str, str]:
    if language not in _TEXTS:
        raise ValueError(f"no sentences in {language!r}: choose one of {', '.join(_TEXTS)}")
    return _TEXTS[language]


_TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "and": " ; ",
        "none": "aucun",
        "date": "%d/%m/%Y",
        "chosen": "{site}, {family} : {name} ({model}), {score} points sur 100.",
        "nobody": "{site}, {family} : aucune solution ne passe les garde-fous.",
        "only_one": "C’est la seule solution que les garde-fous laissent.",
        "why": "Devant {name} de {points} points : {reasons}.",
        "as_good": "un peu partout",
        "by_points": "{what} ({points})",
        "excluded": "{name} est écartée par {code}, {rule} : {missing}.",
        "lifted": "{name} : {code}, {rule} ({missing}), levé par dérogation de {sponsor} "
        "le {day} : « {reason} ».",
        "robust": "Choix robuste : il tient si l’on déplace chaque poids de cinq points.",
        "fragile": "Choix fragile : il change avec {turns}.",
        "turn": "{what} {points} (alors {name})",
        "unmoved": "Le choix reste le même.",
        "moved": "Le choix passe de {before} à {after} : {reasons}.",
        "loses": "{site}, {family} : {points} points de moins que le meilleur choix.",
        "loses_no_offer": "{site}, {family} : aucune offre de ce modèle.",
        "loses_excluded": "{site}, {family} : écarté par un garde-fou ({missing}).",
        "action_training_plan": "À faire avant de commencer : un plan de formation aux outils.",
        "action_change_plan": "À faire avant de commencer : un plan d’accompagnement "
        "du changement.",
        "action_reversibility": "À obtenir : un plan de réversibilité.",
        "action_referent": "À obtenir : un référent nommé.",
        "action_trained_backup": "À obtenir : un suppléant formé.",
        "action_low_price": "À obtenir : l’explication d’un prix anormalement bas.",
        "model_platform": "plateforme",
        "model_provider": "prestataire",
        "model_hybrid": "hybride",
        "model_internal": "mutualisation interne",
        "personal": "personnalisation",
        "secrecy": "confidentialité",
        "maturity": "maturité digitale",
        "standard": "standardisation des tâches",
        "swing": "variabilité et pics",
        "presence": "présence sur site",
        "continuity": "continuité",
        "languages": "langues et horaires",
        "cost": "coût",
        "shape": "composition du travail",
        "G1": "poids du coût",
        "G2": "plancher de qualité",
        "G3": "confidentialité",
        "G4": "prestataire encadré",
        "G5": "climat social",
        "G6": "prix anormalement bas",
        "G7": "maturité digitale",
        "G8": "réversibilité",
        "missing_cost_weight": "le coût pèse plus de 20 %",
        "missing_quality": "qualité attendue sous 3 sur 5",
        "missing_references": "pas de références",
        "missing_non_disclosure": "pas d’accord de confidentialité",
        "missing_hosted_in_eu": "pas d’hébergement dans l’Union européenne",
        "missing_access_register": "pas de registre des accès",
        "missing_named_persons": "pas de personnes nommées",
        "missing_referent": "pas de référent nommé",
        "missing_trained_backup": "pas de suppléant formé",
        "missing_change_plan": "pas de plan d’accompagnement du changement",
        "missing_low_price": "prix à plus de 20 % sous la médiane, sans explication",
        "missing_maturity": "maturité digitale inférieure à 2, plateforme seule",
        "missing_reversibility": "pas de plan de réversibilité",
    },
    "en": {
        "and": "; ",
        "none": "none",
        "date": "%d/%m/%Y",
        "chosen": "{site}, {family}: {name} ({model}), {score} points of 100.",
        "nobody": "{site}, {family}: no solution passes the guardrails.",
        "only_one": "It is the only solution that the guardrails leave.",
        "why": "Ahead of {name} by {points} points: {reasons}.",
        "as_good": "a little of everything",
        "by_points": "{what} ({points})",
        "excluded": "{name} is excluded by {code}, {rule}: {missing}.",
        "lifted": "{name}: {code}, {rule} ({missing}), lifted by {sponsor}'s derogation "
        "of {day}: “{reason}”.",
        "robust": "Robust choice: it holds when each weight is moved by five points.",
        "fragile": "Fragile choice: it changes with {turns}.",
        "turn": "{what} {points} (then {name})",
        "unmoved": "The choice stays the same.",
        "moved": "The choice goes from {before} to {after}: {reasons}.",
        "loses": "{site}, {family}: {points} points less than the best choice.",
        "loses_no_offer": "{site}, {family}: no offer of this model.",
        "loses_excluded": "{site}, {family}: excluded by a guardrail ({missing}).",
        "action_training_plan": "To be done before it starts: a plan of training in the tools.",
        "action_change_plan": "To be done before it starts: a plan to accompany the change.",
        "action_reversibility": "To be obtained: a plan of reversibility.",
        "action_referent": "To be obtained: a named referent.",
        "action_trained_backup": "To be obtained: a trained backup.",
        "action_low_price": "To be obtained: why a price is abnormally low.",
        "model_platform": "platform",
        "model_provider": "provider",
        "model_hybrid": "hybrid",
        "model_internal": "internal pool",
        "personal": "personalisation",
        "secrecy": "confidentiality",
        "maturity": "digital maturity",
        "standard": "standardisation of tasks",
        "swing": "variability and peaks",
        "presence": "presence on site",
        "continuity": "continuity",
        "languages": "languages and hours",
        "cost": "cost",
        "shape": "make of the work",
        "G1": "weight of cost",
        "G2": "floor of quality",
        "G3": "confidentiality",
        "G4": "provider with a lead",
        "G5": "social climate",
        "G6": "abnormally low price",
        "G7": "digital maturity",
        "G8": "reversibility",
        "missing_cost_weight": "cost weighs more than 20%",
        "missing_quality": "expected quality under 3 of 5",
        "missing_references": "no references",
        "missing_non_disclosure": "no non-disclosure agreement",
        "missing_hosted_in_eu": "not hosted in the European Union",
        "missing_access_register": "no register of accesses",
        "missing_named_persons": "no named persons",
        "missing_referent": "no named referent",
        "missing_trained_backup": "no trained backup",
        "missing_change_plan": "no plan to accompany the change",
        "missing_low_price": "price more than 20% under the median, not explained",
        "missing_maturity": "digital maturity below 2, platform alone",
        "missing_reversibility": "no plan of reversibility",
    },
}
