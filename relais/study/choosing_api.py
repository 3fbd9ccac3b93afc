"""The API of the choice of models: for who leads the study and its sponsor; nobody else sees it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema, Status

from relais.engine import choice_words
from relais.engine.choice import Model
from relais.lib.api_types import Fault, FieldFaults, Key, Line, Moment, PathKey, Text
from relais.people.api import NamedOut, access_of
from relais.people.kept_api import one
from relais.people.models import Site

from . import choosing, choosing_rules, choosing_words
from .models import ChoiceWeights, Correction, Derogation, ModelChoice, ModelOffer, Study

router = Router(tags=["study"])
REFUSALS = {403: Fault, 404: Fault, 409: Fault, 422: FieldFaults}
MOST = 500
ModelName = Literal["internal", "provider", "hybrid", "platform"]
Code = Literal["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8"]
Family = Annotated[Line, Field(max_length=20)]
Why = Annotated[Line, Field(min_length=1, max_length=300)]
Word = Annotated[Text, Field(max_length=2000)]
Price = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
Quality = Annotated[Decimal, Field(ge=1, le=5, max_digits=2, decimal_places=1)]


class ModelOfferIn(Schema):
    """`price`: euros a year; none when nobody gave one. `version`: as read; else 409."""

    name: Annotated[Line, Field(min_length=1, max_length=120)]
    model: ModelName
    price: Price | None = None
    quality: Quality = Decimal(3)
    references: Annotated[int, Field(ge=0, le=1000)] = 0
    non_disclosure: bool = False
    hosted_in_eu: bool = False
    access_register: bool = False
    named_persons: bool = False
    referent: bool = False
    trained_backup: bool = False
    low_price_explained: bool = False
    reversibility: bool = False


class ModelOfferEditIn(ModelOfferIn):
    version: Key | None = None


class ModelOfferOut(ModelOfferIn):
    id: int
    version: int


class WeightsIn(Schema):
    """Points from 0 to 100 by criterion, all of them. `seen`: the version read, 0 for none."""

    values: dict[str, float]
    why: Why
    seen: Annotated[int, Field(ge=0, le=10**6)] | None = None


class WeightsOut(Schema):
    number: int
    values: dict[str, float]
    why: str


class CorrectionIn(Schema):
    """`value`: from 1 to 5, 1 or 0 for yes or no; none: back to what the lines say."""

    site: Key
    family: Family
    field: Annotated[Line, Field(max_length=20)]
    value: Annotated[float, Field(ge=0, le=5)] | None = None
    why: Why


class FigureOut(Schema):
    field: str
    computed: float | None
    value: float | None
    why: str
    by: str


class CellOut(Schema):
    site: NamedOut
    family: str
    hours: float
    lines: int
    figures: list[FigureOut]


class DerogationIn(Schema):
    guardrail: Code
    reason: Annotated[Word, Field(min_length=1)]
    site: Key | None = None
    family: Family = ""
    offer: Key | None = None


class DerogationOut(Schema):
    id: int
    guardrail: str
    site: NamedOut | None
    family: str
    offer: NamedOut | None
    reason: str
    state: str
    asked_by: NamedOut
    asked_at: Moment
    answered_by: NamedOut | None
    answered_at: Moment | None
    answer: str


class WordIn(Schema):
    word: Word = ""


class TermOut(Schema):
    criterion: str
    level: float | None
    fit: float
    weight: float
    points: float


class BreachOut(Schema):
    """`lifted`: by a signed derogation. `mend`: how what is missing is obtained."""

    guardrail: str
    missing: list[str]
    mend: list[str]
    lifted: bool


class JudgedLineOut(Schema):
    offer: str
    model: str
    score: float
    excluded: bool
    terms: list[TermOut]
    breaches: list[BreachOut]


class JudgedOut(Schema):
    """`chosen`: none when every offer is excluded. `turns`: what turns it, to whom."""

    site: NamedOut
    family: str
    chosen: str | None
    model: str | None
    robust: bool
    turns: list[str]
    why: list[str]
    lines: list[JudgedLineOut]


class MixOut(Schema):
    model: str
    hours: float
    share: float


class ChoiceOut(Schema):
    """One computation; `same_again`: whether it comes to the same result now."""

    number: int
    at: Moment
    by: NamedOut
    weights: int | None
    inputs_digest: str
    result_digest: str
    same_again: bool
    mix: list[MixOut]
    cells: list[JudgedOut]


class TraceOut(Schema):
    number: int
    at: Moment
    by: NamedOut
    inputs_digest: str
    result_digest: str


# Reading ------------------------------------------------------------------------------------------


def study_of(request: HttpRequest, key: int, lead: bool = False) -> Study:
    """Return the study; "not found" for who neither leads it (nor, without `lead`, sponsors it)."""
    access = access_of(request)
    study = one(access, Study, key)
    if study.may_lead(access.person):
        return study
    if not lead and choosing_rules.may_sign(study, access.person):
        return study
    raise Http404


@router.get("/studies/{key}/cells", response={200: list[CellOut], 404: Fault})
def cells(request: HttpRequest, key: PathKey) -> Any:
    return [_cell(each) for each in choosing.cells(study_of(request, key))]


@router.get("/studies/{key}/choices", response={200: list[TraceOut], 404: Fault})
def choices(request: HttpRequest, key: PathKey) -> Any:
    study = study_of(request, key)
    rows = access_of(request).see(ModelChoice).filter(study=study).select_related("by")
    return [_trace(row) for row in rows.defer("inputs", "result", "places")[:MOST]]


@router.post("/studies/{key}/choices", response={201: ChoiceOut, **REFUSALS})
def choose(request: HttpRequest, key: PathKey) -> Status:
    study = study_of(request, key, lead=True)
    return Status(201, _choice(request, choosing.choose(study, by=access_of(request).person)))


@router.get("/studies/{key}/choices/{number}", response={200: ChoiceOut, 404: Fault})
def choice(request: HttpRequest, key: PathKey, number: PathKey) -> Any:
    study = study_of(request, key)
    rows = access_of(request).see(ModelChoice).filter(study=study, number=number)
    row = rows.select_related("by", "weights").first()
    if row is None:
        raise Http404
    return _choice(request, row)


@router.get("/studies/{key}/choices/{number}/forced", response={200: list[str], 404: Fault})
def forced(request: HttpRequest, key: PathKey, number: PathKey, model: ModelName) -> Any:
    """Who loses if this one model served everything, each in a sentence."""
    study = study_of(request, key)
    row = access_of(request).see(ModelChoice).filter(study=study, number=number).first()
    if row is None:
        raise Http404
    return choosing.losers(choosing.judged(row), Model(model))


# Offers, weights, corrections ---------------------------------------------------------------------


@router.get("/studies/{key}/model-offers", response={200: list[ModelOfferOut], 404: Fault})
def offers(request: HttpRequest, key: PathKey) -> Any:
    study = study_of(request, key)
    return access_of(request).see(ModelOffer).filter(study=study, withdrawn_at=None)[:MOST]


@router.post("/studies/{key}/model-offers", response={201: ModelOfferOut, **REFUSALS})
def put_offer(request: HttpRequest, key: PathKey, sent: ModelOfferIn) -> Status:
    study = study_of(request, key, lead=True)
    made = ModelOffer.put(study, by=access_of(request).person, **sent.model_dump())
    return Status(201, made)


@router.post("/studies/{key}/model-offers/{offer}", response={200: ModelOfferOut, **REFUSALS})
def edit_offer(request: HttpRequest, key: PathKey, offer: PathKey, sent: ModelOfferEditIn) -> Any:
    found = _offer(request, study_of(request, key, lead=True), offer)
    told = sent.model_dump()
    found.edit(by=access_of(request).person, seen=told.pop("version"), **told)
    return found


@router.post("/studies/{key}/model-offers/{offer}/withdraw", response={204: None, **REFUSALS})
def withdraw_offer(request: HttpRequest, key: PathKey, offer: PathKey) -> Status:
    found = _offer(request, study_of(request, key, lead=True), offer)
    found.withdraw(by=access_of(request).person)
    return Status(204, None)


@router.get("/studies/{key}/weights", response={200: WeightsOut, 404: Fault})
def weights(request: HttpRequest, key: PathKey) -> Any:
    row = choosing.weights_of(study_of(request, key))
    why = row.why if row else ""
    return {"number": row.number if row else 0, "values": choosing.values_of(row), "why": why}


@router.post("/studies/{key}/weights", response={201: WeightsOut, **REFUSALS})
def set_weights(request: HttpRequest, key: PathKey, sent: WeightsIn) -> Status:
    study = study_of(request, key, lead=True)
    person = access_of(request).person
    return Status(201, ChoiceWeights.set(study, sent.values, sent.why, by=person, seen=sent.seen))


@router.post("/studies/{key}/corrections", response={201: FigureOut, **REFUSALS})
def correct(request: HttpRequest, key: PathKey, sent: CorrectionIn) -> Status:
    study = study_of(request, key, lead=True)
    found = next(
        (c for c in choosing.cells(study) if (c.site.pk, c.family) == (sent.site, sent.family)),
        None,
    )
    if found is None:
        raise Http404
    figure = found.figures.get(sent.field)
    made = Correction.correct(
        study, found.site, sent.family, sent.field, sent.value, sent.why,
        by=access_of(request).person, computed=figure.computed if figure else None,
    )  # fmt: skip
    counts = made.computed if made.value is None else made.value
    told = {"field": made.field, "computed": made.computed, "value": counts}
    return Status(201, told | {"why": made.why, "by": made.by.name})


# Derogations --------------------------------------------------------------------------------------


@router.get("/studies/{key}/derogations", response={200: list[DerogationOut], 404: Fault})
def derogations(request: HttpRequest, key: PathKey) -> Any:
    study = study_of(request, key)
    rows = access_of(request).see(Derogation).filter(study=study)
    return [
        _derogation(row)
        for row in rows.select_related("site", "offer", "asked_by", "answered_by")[:MOST]
    ]


@router.post("/studies/{key}/derogations", response={201: DerogationOut, **REFUSALS})
def ask_derogation(request: HttpRequest, key: PathKey, sent: DerogationIn) -> Status:
    study = study_of(request, key, lead=True)
    access = access_of(request)
    made = Derogation.ask(
        study, sent.guardrail, sent.reason, by=access.person, family=sent.family,
        site=one(access, Site, sent.site) if sent.site else None,
        offer=_offer(request, study, sent.offer) if sent.offer else None,
    )  # fmt: skip
    return Status(201, _derogation(made))


@router.post("/studies/{key}/derogations/{row}/sign", response={200: DerogationOut, **REFUSALS})
def sign_derogation(request: HttpRequest, key: PathKey, row: PathKey, sent: WordIn) -> Any:
    found = _asked(request, key, row)
    found.sign(by=access_of(request).person, word=sent.word)
    return _derogation(found)


@router.post("/studies/{key}/derogations/{row}/refuse", response={200: DerogationOut, **REFUSALS})
def refuse_derogation(request: HttpRequest, key: PathKey, row: PathKey, sent: WordIn) -> Any:
    found = _asked(request, key, row)
    found.refuse(sent.word, by=access_of(request).person)
    return _derogation(found)


@router.post("/studies/{key}/derogations/{row}/revoke", response={200: DerogationOut, **REFUSALS})
def revoke_derogation(request: HttpRequest, key: PathKey, row: PathKey, sent: WordIn) -> Any:
    found = _asked(request, key, row)
    found.revoke(sent.word, by=access_of(request).person)
    return _derogation(found)


# How it is told -----------------------------------------------------------------------------------


def _offer(request: HttpRequest, study: Study, key: int) -> ModelOffer:
    rows = access_of(request).see(ModelOffer).filter(study=study, withdrawn_at=None)
    return one(access_of(request), rows.select_related("study"), key)


def _asked(request: HttpRequest, key: int, row: int) -> Derogation:
    study = study_of(request, key)
    rows = access_of(request).see(Derogation).filter(study=study)
    return one(access_of(request), rows.select_related("study", "site", "offer", "asked_by"), row)


def _named(row: Any) -> dict[str, Any] | None:
    return {"id": row.pk, "name": str(row)} if row is not None else None


def _cell(cell: choosing.Cell) -> dict[str, Any]:
    return {
        "site": _named(cell.site),
        "family": cell.family,
        "hours": cell.shape.hours,
        "lines": cell.lines,
        "figures": [
            {
                "field": name,
                "computed": figure.computed,
                "value": figure.value,
                "why": figure.correction.why if figure.correction else "",
                "by": figure.correction.by.name if figure.correction else "",
            }
            for name, figure in cell.figures.items()
        ],
    }


def _derogation(row: Derogation) -> dict[str, Any]:
    names = ("id", "guardrail", "family", "reason", "state", "asked_at", "answered_at", "answer")
    told = {name: getattr(row, name) for name in names}
    for name in ("site", "offer", "asked_by", "answered_by"):
        told[name] = _named(getattr(row, name))
    return told


def _trace(row: ModelChoice) -> dict[str, Any]:
    names = ("number", "at", "inputs_digest", "result_digest")
    return {name: getattr(row, name) for name in names} | {"by": _named(row.by)}


def _choice(request: HttpRequest, row: ModelChoice) -> dict[str, Any]:
    found = choosing.judged(row)
    sites = access_of(request).see(Site).in_bulk({each.site for each in found})
    return _trace(row) | {
        "weights": row.weights.number if row.weights else None,
        "same_again": row.same_again(),
        "mix": [
            {"model": name, "hours": hours, "share": share}
            for name, hours, share in choosing.mix_of(found)
        ],
        "cells": [_judged(each, sites) for each in found],
    }


def _judged(each: choosing.Judged, sites: dict[int, Site]) -> dict[str, Any]:
    site = sites.get(each.site)
    name = site.name if site else each.choice.cluster.site
    language = choosing.language()
    return {
        "site": {"id": each.site, "name": name},
        "family": each.family,
        "chosen": each.chosen.offer.name if each.chosen else None,
        "model": each.chosen.offer.model.value if each.chosen else None,
        "robust": each.choice.robust,
        "turns": [
            f"{choice_words.phrase(turn.criterion.value, language)} {turn.by:+.0f}: {turn.offer}"
            for turn in each.choice.turns
        ],
        "why": each.sentences,
        "lines": [
            {
                "offer": line.offer.name,
                "model": line.offer.model.value,
                "score": line.score,
                "excluded": line.excluded,
                "terms": [
                    {
                        "criterion": term.code,
                        "level": term.level,
                        "fit": term.fit,
                        "weight": term.weight,
                        "points": term.points,
                    }
                    for term in line.terms
                ],
                "breaches": [
                    {
                        "guardrail": breach.code,
                        "missing": list(breach.missing),
                        "mend": [choosing_words.mend(code) for code in breach.missing],
                        "lifted": breach.derogation is not None,
                    }
                    for breach in line.breaches
                ],
            }
            for line in each.choice.lines
        ],
    }
