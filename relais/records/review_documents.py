"""The documents of a closed month: the review and the executive's page (PDF), in both languages.

One document for both sides: nothing of the provider's own, no request by name, none of class C3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.engine.measures_words import DEFINITIONS, Definition
from relais.lib import charts, typeset
from relais.people.models import Confidentiality

from . import credit_words, figures, review_charts, review_words
from .models import CreditStatement, Exclusion, Review, ReviewDocument, ReviewItem
from .reading import Reading, changes_of
from .review_words import Line, said

HERE = Path(__file__).resolve().parent / "documents"
LANGUAGES = ("fr", "en")
PDF = ("review", "executive")
SVG = ("trend", "sites", "families")


def make_all(review_id: int) -> int:
    """Return how many documents were made: those that are not there as they would be now."""
    rows = Review.objects.select_related("company__calendar", "provider", "closed_by")
    review = rows.filter(pk=review_id).exclude(state=Review.State.OPEN).first()
    if review is None:
        return 0
    return sum(_make(review, language) for language in LANGUAGES)


def _make(review: Review, language: str) -> int:
    with override(language):
        reading = Reading(review)
        data = data_of(reading, language)
        mark = mark_of(data)
        known = dict(
            review.documents.filter(language=language).values_list("kind", "mark")
        )  # fmt: skip
        if known and all(each == mark for each in known.values()):
            return 0
        drawings = review_charts.all_of(reading, language)
        made = {kind: pdf(kind, data, drawings, reading) for kind in PDF}
    made |= {name: svg.encode() for name, svg in drawings.items()}
    review.documents.filter(language=language).exclude(kind__in=made).delete()
    for kind, content in made.items():
        ReviewDocument.objects.update_or_create(
            provider_id=review.provider_id, review=review, kind=kind, language=language,
            defaults={"content": content, "mark": mark, "made_at": timezone.now()},
        )  # fmt: skip
    return len(made)


def pdf(kind: str, data: Mapping[str, Any], drawings: Mapping[str, str], reading: Reading) -> bytes:
    """Return a document as PDF: the same data and drawings, the same bytes."""
    at = reading.frozen.as_of
    assert at is not None
    told = {
        name: svg.replace(charts.FONT, typeset.FONT) for name, svg in drawings.items()
    }  # fmt: skip
    title = data["title"] if kind == "review" else data["executive"]["title"]
    sent = {**data, "title": title, "charts": {name: told.get(name, "") for name in SVG}}
    return typeset.document(HERE / f"{kind}.typ", sent, at=at)


def mark_of(data: Mapping[str, Any]) -> str:
    """Return the digest of what a document is made from."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


# What stands in them ------------------------------------------------------------------------------


def data_of(reading: Reading, language: str) -> dict[str, Any]:
    """Return what the templates say, every part a text in the language that is entered."""
    review, frozen = reading.review, reading.frozen
    month = review_words.month_text(review.month)
    zone = figures.zone_of(review.company)
    assert frozen.as_of is not None
    known_at = date_format(frozen.as_of.astimezone(zone), "DATETIME_FORMAT")
    under = _("%(client)s · %(month)s · served by %(provider)s") % {
        "client": review.company.name, "month": month, "provider": review.provider.name,
    }  # fmt: skip
    return {
        "language": language,
        "title": _("Service review, %(month)s") % {"month": month},
        "author": review.provider.name,
        "under": under,
        "foot": _("%(client)s · %(month)s · seal %(seal)s") % {
            "client": review.company.name, "month": month, "seal": frozen.seal[:12],
        },
        "known": _("Figures known at %(at)s (%(zone)s).") % {"at": known_at, "zone": zone.key},
        "secret": _("Requests of class C3 are for named persons: they are counted nowhere here."),
        "state": _state(review),
        "headline": reading.headline,
        "words": _labels(),
        "figures": [_figure_row(each) for each in reading.lines],
        "trend": _trend(reading),
        "sites": {
            "sentence": reading.sites_sentence,
            "rows": [[str(row["name"]), str(row["n"]), row["share"], row["interval"],
                      row["limits"], row["standing"]] for row in reading.sites],
        },
        "families": {
            "sentence": _families_sentence(reading),
            "rows": [[str(row["name"]), row["received"], row["share"], row["interval"],
                      row["median"], row["note"]] for row in reading.families],
        },
        "promises": {
            "sentence": reading.promises_sentence,
            "rows": [[each["name"], each["expected"], each["target"], each["critical"],
                      each["reached"], each["n"], each["level"]] for each in reading.promises],
        },
        "credits": _credits(review),
        "exclusions": _exclusions(review),
        "commentary": [
            {"side": each.get_side_display(), "by": each.by.name,
             "paragraphs": [part for part in each.text.splitlines() if part.strip()]}
            for each in reading.commentaries.values()
        ],
        "actions": _items(reading, ReviewItem.Kind.ACTION),
        "decisions": _items(reading, ReviewItem.Kind.DECISION),
        "restatements": _restatements(reading),
        "definitions": [_definition(each) for each in _defined(reading)],
        "executive": _executive(reading, month),
    }  # fmt: skip


def _labels() -> dict[str, Any]:
    """Return the headings and heads of tables."""
    figure, value, interval, n = _("Figure"), _("Value"), _("95 % interval"), _("Sample")
    return {
        "figures": _("The month in figures"), "trend": _("Month by month"),
        "sites": _("Is every site served alike?"), "families": _("By family of services"),
        "promises": _("Promises of the agreement"), "credits": _("Service credits"),
        "exclusions": _("Left out by agreement of both referents"),
        "commentary": _("Commentary"), "actions": _("Actions"), "decisions": _("Decisions"),
        "restatements": _("Restatements"), "definitions": _("What the figures mean"),
        "how": _("How to read this"),
        "how_text": _(
            "An interval tells how far chance alone could move a share: two shares whose intervals "
            "overlap widely are not to be told apart. Small months are read over three months. "
            "Sites are never ranked: each is held against the rate of all."
        ),
        "none": _("None."),
        "figures_head": [figure, value, interval, n, _("Since last month"), _("To know")],
        "sites_head": [_("Site"), _("Deadlines"), _("Share kept"), interval, _("Limits of chance"),
                       _("Reading")],
        "families_head": [_("Family"), _("Requests received"), _("Share kept"), interval,
                          _("Median time"), _("To know")],
        "promises_head": [_("Promise"), _("Expected"), _("Target"), _("Critical"), _("Reached"),
                          n, _("Level")],
        "credits_head": [_("Promise"), _("Reached"), _("Expected"), _("Multiplier"), _("Repeat"),
                         _("Credited")],
        "exclusions_head": [_("Promise"), _("Reason"), _("Agreed on")],
        "items_head": [_("What"), _("By whom"), _("Until"), _("State")],
        "restatements_head": [figure, _("For"), _("Before"), _("Now"), _("Cause")],
    }  # fmt: skip


def _state(review: Review) -> str:
    if review.state == Review.State.RESTATED:
        number = getattr(review.latest, "number", 0)
        return _("Closed, then restated (%(n)s): the figures as closed are kept.") % {"n": number}
    return _("Closed: these figures do not change any more.")


def _figure_row(line: Line) -> list[str]:
    change = " · ".join(part for part in (line.change, line.move) if part)
    return [line.name, line.value, line.interval, line.n, change, line.note]


def _trend(reading: Reading) -> dict[str, Any]:
    rows = [
        [month, *(part for cell in cells for part in cell)] for month, cells in reading.trend_rows
    ]
    heads = [
        part for name in reading.trend_heads for part in (name, _("95 % interval"), _("Sample"))
    ]
    return {"sentence": reading.trend_sentence, "head": [_("Month"), *heads], "rows": rows}


def _families_sentence(reading: Reading) -> str:
    if not reading.families:
        return _("No request was received nor due in this month.")
    largest = max(reading.families, key=lambda row: (_volume(row), str(row["name"])))
    return _("The largest family is “%(name)s”, with %(n)s requests received.") % {
        "name": largest["name"], "n": largest["received"],
    }  # fmt: skip


def _volume(row: Mapping[str, Any]) -> int:
    digits = "".join(each for each in str(row["received"]) if each.isdigit())
    return int(digits or 0)


def _credits(review: Review) -> dict[str, Any]:
    statements = CreditStatement.objects.filter(review=review).prefetch_related("lines")
    rows, sentences = [], []
    for each in statements.order_by("pk"):
        told = credit_words.lines(each)
        rows += [[line["name"], line["reached"], line["expected"], line["multiplier"],
                  line["repeat"], line["due"]] for line in told]  # fmt: skip
        sentences.append(credit_words.sentence(each))
    if not sentences:
        sentences = [_("The agreement in force puts no fee at risk.")]
    return {"sentence": " ".join(sentences), "rows": rows}


def _exclusions(review: Review) -> list[list[str]]:
    """Return what was left out this month; no request is named, and of class C3 nothing is said."""
    from .closing import period_of

    period = period_of(review.company, review.month)
    rows = Exclusion.objects.filter(
        company=review.company_id, state=Exclusion.State.AGREED,
        ticket__confidentiality__lt=Confidentiality.EXECUTIVE,
        ticket__clocks__due_at__gte=period.begin, ticket__clocks__due_at__lt=period.end,
    ).distinct().order_by("pk")  # fmt: skip
    zone = period.begin.tzinfo
    return [
        [each.get_of_display(), each.reason,
         date_format(each.decided_at.astimezone(zone), "SHORT_DATE_FORMAT")
         if each.decided_at else ""]
        for each in rows
    ]  # fmt: skip


def _items(reading: Reading, kind: str) -> list[list[str]]:
    return [
        [each.text, each.owner.name if each.owner else "–",
         date_format(each.due_on, "SHORT_DATE_FORMAT") if each.due_on else "–",
         each.get_state_display() if kind == ReviewItem.Kind.ACTION else ""]
        for each in reading.items
        if each.kind == kind
    ]  # fmt: skip


def _restatements(reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            "title": _("Restatement %(n)s of %(day)s") % {
                "n": each["number"], "day": date_format(each["made_at"], "DATE_FORMAT"),
            },
            "rows": [[line["name"], line["cut"] or _("everything"), line["before"], line["now"],
                      line["causes"]] for line in each["lines"]],
        }
        for each in changes_of(reading, {})
    ]  # fmt: skip


def _defined(reading: Reading) -> Iterator[Definition]:
    keys = dict.fromkeys(line.key for line in reading.lines)
    yield from (DEFINITIONS[key] for key in keys)


def _definition(each: Definition) -> list[str]:
    small = _("Counts: %(counts)s. Leaves out: %(leaves_out)s. Smallest sample: %(n)s.") % {
        "counts": said(each.population), "leaves_out": said(each.excluded), "n": each.smallest,
    }  # fmt: skip
    return [said(each.name), said(each.what), small]


def _executive(reading: Reading, month: str) -> dict[str, Any]:
    lines = review_words.lines(reading.figures, reading.before, review_words.EXECUTIVE)
    actions = _items(reading, ReviewItem.Kind.ACTION)
    return {
        "title": _("The service in %(month)s, on one page") % {"month": month},
        "figures": [[each.name, each.value, each.interval,
                     " · ".join(part for part in (each.change, each.move) if part)]
                    for each in lines],
        "head": [_("Figure"), _("Value"), _("95 % interval"), _("Since last month")],
        "sentences": [reading.headline, reading.promises_sentence, reading.sites_sentence],
        "actions": actions[:5],
        "actions_title": _("What is being done"),
        "figures_title": _("In figures"),
    }  # fmt: skip
