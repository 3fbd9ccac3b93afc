"""The API of sizings: terms in, people out, by formula and by simulation, with intervals."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from ninja import Field, Query, Router, Schema, Status

from relais.lib.api_types import Fault, Line, Moment, PartOf, PathKey
from relais.people.access import Access
from relais.people.api import access_of
from relais.people.kept_api import REFUSALS, checked, one

from . import sizing as flow
from . import sizing_words as words
from .models import Sizing, Study
from .sizing_forms import TermsForm
from .sizing_rules import may_read

router = Router(tags=["studies"])
Figure = Annotated[float, Field(ge=0, le=1000)]


class SizingTermsIn(Schema):
    """What a sizing takes as given; what is left out is as usual. Shares are per cents.

    `correlation`, `spread`: null is estimated from data; `calls` an hour and site: null is none.
    """

    note: Line = ""
    service: Figure | None = None
    weekdays: Annotated[int, Field(ge=0, le=366)] | None = None
    leave: Figure | None = None
    extra_leave: Figure | None = None
    sickness: Figure | None = None
    training: Figure | None = None
    hours_a_day: Figure | None = None
    rituals: Figure | None = None
    practical: Figure | None = None
    presence_hours: Figure | None = None
    step: Figure | None = None
    away: Figure | None = None
    covered: Figure | None = None
    first_hours: Figure | None = None
    upkeep_hours: Figure | None = None
    years: Figure | None = None
    correlation: Figure | None = None
    spread: Figure | None = None
    urgent_share: Figure | None = None
    normal_share: Figure | None = None
    urgent_hours: Figure | None = None
    normal_hours: Figure | None = None
    later_hours: Figure | None = None
    replications: Annotated[int, Field(ge=0, le=1000)] | None = None
    calls: Figure | None = None
    call_minutes: Figure | None = None
    answer_minutes: Figure | None = None
    answered: Figure | None = None


class SizingVersionIn(Schema):
    """`version`: as it was read; changed since: refused (409)."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class GainOut(Schema):
    """Hours a year beside teams apart, and its parts; `why` it loses; `upkeep_limit`: hours a month
    and pair beyond which nothing is left."""

    share: float
    variance: float
    rounding: float
    standby: float
    knowledge: float
    net: float
    loses: bool
    why: list[str]
    upkeep_limit: float | None
    sentence: str


class LivedOut(Schema):
    """Heads that drawn weeks need, ± half a 95 % interval; `fewer` than apart, the same."""

    heads: float
    half: float
    whole: int
    formula: float | None
    fewer: float | None
    fewer_half: float | None
    verdict: str
    gaps: list[str]
    curve: list[tuple[float, float]]


class WayOut(Schema):
    way: str
    name: str
    hours: float
    posts: float
    people: int
    pairs: int
    knowledge_hours: float
    gain: GainOut | None
    simulated: LivedOut | None


class SizingOut(Schema):
    """`digest`: of terms, inputs and seed. `state`: told (by formula), running, lived."""

    id: int
    number: int
    version: int
    note: str
    state: str
    seed: int
    digest: str
    made_at: Moment
    done: int
    replications: int
    problem: str


class SizingDetail(SizingOut):
    """`standby`: how many people so that those needed are there. `phone`: by Erlang C."""

    terms: dict[str, float | None]
    correlation: dict[str, float | bool]
    basis: str
    sites: list[tuple[int, float, float]]
    year: dict[str, float]
    ways: list[WayOut]
    same_peaks: str
    standby: list[tuple[int, int]]
    phone: dict[str, float] | None


class SizingPage(Schema):
    items: list[SizingOut]
    next: str | None


class SizingChartOut(Schema):
    """A drawing (SVG), in the reader's language."""

    name: str
    svg: str


def _study(request: HttpRequest, key: int, *, lead: bool = False) -> tuple[Access, Study]:
    access = access_of(request)
    study = one(access, Study, key)
    allowed = study.may_lead(access.person) if lead else may_read(access, study)
    if not allowed:
        raise Http404
    return access, study


def _led(request: HttpRequest, key: int, sent: SizingVersionIn) -> Sizing:
    access = access_of(request)
    found = one(access, Sizing.objects.select_related("study"), key)
    if not found.study.may_lead(access.person):
        raise Http404
    if sent.version is not None:
        found.version = sent.version
    return found


@router.get("/studies/{key}/sizings", response={200: SizingPage, 404: Fault})
def sizings(request: HttpRequest, key: PathKey, part: Query[PartOf]) -> dict[str, Any]:
    access, study = _study(request, key)
    cut = part.cut(access.see(Sizing).filter(study=study).defer("charts").order_by("id"))
    return cut | {"items": [_line(each) for each in cut["items"]]}


@router.post("/studies/{key}/sizings", response={201: SizingDetail, **REFUSALS})
def new_sizing(request: HttpRequest, key: PathKey, sent: SizingTermsIn) -> Status:
    access, study = _study(request, key, lead=True)
    given = SizingTermsIn(**{
        name: value for name, value in sent.model_dump(exclude_unset=True).items()
        if value is not None
    })  # fmt: skip
    form = checked(TermsForm, given)
    note = form.cleaned_data["note"]
    made = flow.make(study, form.terms(), by=access.person, note=note)
    return Status(201, _detail(made))


@router.get("/sizings/{key}", response={200: SizingDetail, 404: Fault})
def sizing(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    return _detail(one(access_of(request), Sizing, key))


@router.post("/sizings/{key}/live", response={200: SizingOut, **REFUSALS})
def live_sizing(request: HttpRequest, key: PathKey, sent: SizingVersionIn) -> dict[str, Any]:
    found = _led(request, key, sent)
    flow.begin(found, by=access_of(request).person)
    return _line(found)


@router.post("/sizings/{key}/stop", response={200: SizingOut, **REFUSALS})
def stop_sizing(request: HttpRequest, key: PathKey) -> dict[str, Any]:
    found = _led(request, key, SizingVersionIn())
    found.stop(by=access_of(request).person)
    return _line(found)


@router.get("/sizings/{key}/charts/{name}", response={200: SizingChartOut, 404: Fault})
def sizing_chart(request: HttpRequest, key: PathKey, name: str) -> dict[str, Any]:
    found = one(access_of(request), Sizing, key)
    svg = found.charts.get(name, {}).get((get_language() or "fr")[:2])
    if not svg:
        raise Http404
    return {"name": name, "svg": svg}


def _line(found: Sizing) -> dict[str, Any]:
    plain = (
        "number", "version", "note", "state", "seed", "digest", "made_at", "done", "problem",
    )  # fmt: skip
    told = {name: getattr(found, name) for name in plain}
    return told | {"id": found.pk, "replications": found.lived.get("replications", 0)}


def _detail(found: Sizing) -> dict[str, Any]:
    basis, formula = found.basis, found.formula
    year = {key: formula["year"][key] for key in ("days", "hours", "productive", "a_week")}
    sites = zip(basis["sites"], basis["means"], basis["sds"], strict=True)
    return _line(found) | {
        "terms": found.terms,
        "correlation": basis["correlation"],
        "basis": words.basis_said(basis, found.terms),
        "sites": [(int(site), mean, sd) for site, mean, sd in sites],
        "year": year | {"after_rituals": formula["year"]["after_rituals"]},
        "ways": [_way(way) for way in words.ways(formula, found.lived)],
        "same_peaks": words.peaks_said(formula),
        "standby": [tuple(row) for row in formula["standby"]],
        "phone": formula["phone"],
    }


def _gain(gain: dict[str, Any], sentence: str) -> dict[str, Any]:
    others = {name: value for name, value in gain.items() if name != "absence"}
    return others | {"standby": gain["absence"], "sentence": sentence}


def _way(way: words.Way) -> dict[str, Any]:
    gain, lived = way.gain, way.lived
    beside = (lived or {}).get("difference") or {}
    return {
        "way": way.code, "name": str(way.name), "hours": way.hours, "posts": way.posts,
        "people": way.people, "pairs": way.pairs, "knowledge_hours": way.knowledge,
        "gain": _gain(gain, words.gain_said(way)) if gain else None,
        "simulated": lived and {
            **{name: lived[name] for name in ("heads", "half", "whole", "formula", "gaps")},
            "curve": [tuple(point) for point in lived["curve"]],
            "fewer": beside.get("heads"), "fewer_half": beside.get("half"),
            "verdict": beside.get("verdict", ""),
        },
    }  # fmt: skip
