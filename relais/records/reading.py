"""A review as its page, its API and its documents show it: read once, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relais.engine import measures
from relais.engine.measures import Figure
from relais.engine.measures_alike import STANDINGS, Alike, Standing
from relais.engine.measures_words import DEFINITIONS, Words

from . import closing, review_words, verdicts
from .figures_words import short_month
from .models import Commentary, FrozenMonth, Review, ReviewItem
from .review_words import Line, said

TREND = ("on_time", "first_response")
MONTHS = 12


@dataclass
class Reading:
    """What a review says. `inside`: whether the provider's own figures are told."""

    review: Review
    inside: bool = False

    @cached_property
    def frozen(self) -> FrozenMonth:
        return self.review.latest

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        return self.frozen.shown

    @cached_property
    def whole(self) -> dict[str, Figure]:
        return review_words.whole(self.figures)

    @cached_property
    def former(self) -> Sequence[Review]:
        return closing.former(self.review, MONTHS)

    @cached_property
    def before(self) -> tuple[Figure, ...]:
        """Return the figures of the month before, if it was closed."""
        month = closing.month_before(self.review.month)
        found = next((each for each in self.former if each.month == month), None)
        return found.latest.shown if found else ()

    @cached_property
    def lines(self) -> list[Line]:
        return review_words.lines(self.figures, self.before)

    @cached_property
    def inside_lines(self) -> list[Line]:
        """Return the provider's own figures: none for a client."""
        return review_words.lines(self.frozen.kept_inside) if self.inside else []

    @cached_property
    def judged(self) -> list[verdicts.Judged]:
        return verdicts.read(bytes(self.frozen.verdicts))

    @cached_property
    def promises(self) -> list[dict[str, Any]]:
        return review_words.promise_lines(self.judged, review_words.service_names(self.judged))

    @cached_property
    def alike(self) -> Alike | None:
        """Return the sites side by side, by the deadlines that each was promised."""
        figure = self.whole.get("on_time")
        return measures.sites(figure) if figure is not None and figure.n else None

    @cached_property
    def sites(self) -> list[dict[str, Any]]:
        """Return each site with its share, its limits and where it stands; never ranked."""
        found = self.alike
        rows = [
            {
                "key": point.site, "name": self.name_of("site", point.site),
                "share": review_words.percent(point.share),
                "interval": _interval(point.low, point.high), "n": point.n,
                "limits": _interval(*point.outer),
                "standing": said(Words(*STANDINGS[point.standing])),
                "tone": _TONES.get(point.standing, "neutral"), "point": point,
            }
            for point in (found.points if found else ())
        ]  # fmt: skip
        return sorted(rows, key=lambda row: str(row["name"]))

    @cached_property
    def families(self) -> list[dict[str, Any]]:
        """Return each family of services with its share in time, its volume and its median."""
        shares = review_words.by(self.figures, "family", "on_time")
        asked = review_words.by(self.figures, "family", "received")
        times = review_words.by(self.figures, "family", "turnaround_p50")
        rows = [
            {
                "name": self.name_of("family", key), "figure": shares.get(key),
                "share": review_words.value_text(shares[key]) if key in shares else "–",
                "interval": review_words.interval_text(shares[key]) if key in shares else "",
                "received": review_words.value_text(asked[key]) if key in asked else "0",
                "median": review_words.value_text(times[key]) if key in times else "–",
                "note": review_words.note_of(shares[key]) if key in shares else "",
            }
            for key in sorted({*shares, *asked})
        ]  # fmt: skip
        return sorted(rows, key=lambda row: str(row["name"]))

    def name_of(self, cut: str, key: str) -> str:
        """Return what a place or a kind of work was called when it was counted."""
        return review_words.cut_name(cut, key, self.frozen.names)

    @cached_property
    def trend(self) -> list[tuple[str, list[tuple[str, Figure]]]]:
        """Return the months so far, the oldest first, of what is promised."""
        months = [*reversed(self.former), self.review]
        found = [(each, review_words.whole(each.latest.shown)) for each in months]
        return [
            (key, [(f"{one.month:%Y-%m}", told[key]) for one, told in found if key in told])
            for key in TREND
        ]  # fmt: skip

    @cached_property
    def trend_heads(self) -> list[str]:
        """Return what is told month by month, in the order of its columns."""
        return [said(DEFINITIONS[key].name) for key, points in self.trend if points]

    @cached_property
    def trend_rows(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """Return each month, and of each figure its value, its interval and its sample."""
        told = [dict(points) for _key, points in self.trend if points]
        months = sorted({month for points in told for month in points})
        return [
            (short_month(month), [_cell(points.get(month)) for points in told]) for month in months
        ]

    @cached_property
    def commentaries(self) -> dict[str, Commentary]:
        """Return what each side says last."""
        rows = self.review.commentaries.order_by("side", "-number").distinct("side")
        return {each.side: each for each in rows.select_related("by")}

    @cached_property
    def items(self) -> list[ReviewItem]:
        return list(self.review.items.select_related("owner").exclude(state="dropped"))

    # Sentences ------------------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """Return the month in one sentence."""
        figure = self.whole.get("on_time")
        if figure is None or figure.value is None:
            return _("No deadline ended in this month.")
        if figure.why:
            return _("%(n)s deadlines ended: too few to conclude (%(share)s in time).") % {
                "n": figure.n, "share": review_words.value_text(figure),
            }  # fmt: skip
        return _(
            "%(share)s of %(n)s deadlines were kept; chance alone puts this between %(interval)s."
        ) % {
            "share": review_words.value_text(figure), "n": review_words.number(figure.n, 0),
            "interval": review_words.interval_text(figure),
        }  # fmt: skip

    @property
    def sites_sentence(self) -> str:
        """Return what the funnel says."""
        found = self.alike
        if found is None or len(found.points) < 2:
            return _("Only one site had deadlines in this month: nothing to compare.")
        below = [self.name_of("site", p.site) for p in found.points if p.standing is Standing.BELOW]
        watch = [self.name_of("site", p.site) for p in found.points if p.standing is Standing.WATCH]
        parts = [
            ngettext(
                "%(n)d site against the rate of all, %(rate)s.",
                "%(n)d sites against the rate of all, %(rate)s.",
                len(found.points),
            )
            % {"n": len(found.points), "rate": review_words.percent(Fraction(found.rate))}
        ]
        if below:
            parts.append(_("Below beyond chance: %(names)s.") % {"names": ", ".join(below)})
        if watch:
            parts.append(_("To watch: %(names)s.") % {"names": ", ".join(watch)})
        if all(point.standing is Standing.TOO_FEW for point in found.points):
            parts.append(_("Too few deadlines at each of them to tell them apart."))
        elif not below and not watch:
            parts.append(_("No site lies outside what chance explains."))
        return " ".join(parts)

    @property
    def trend_sentence(self) -> str:
        """Return what the months so far say."""
        points = next((points for key, points in self.trend if key == "on_time"), [])
        told = [figure for _name, figure in points if figure.value is not None]
        if len(told) < 2:
            return _("Only one month was closed so far: the next ones are laid beside it.")
        shares = [figure.value for figure in told if figure.value is not None]
        return _("Over %(n)d months, deadlines kept between %(low)s and %(high)s.") % {
            "n": len(told), "low": review_words.percent(min(shares)),
            "high": review_words.percent(max(shares)),
        }  # fmt: skip

    @property
    def promises_sentence(self) -> str:
        """Return how many promises of the agreement were kept."""
        told = [each for each in self.judged if each.verdict.level != "too_few"]
        if not self.judged:
            return _("No agreement was in force: nothing was promised beyond the catalogue.")
        kept = sum(each.verdict.level in ("target", "expected") for each in told)
        few = len(self.judged) - len(told)
        text = _("Promises at the expected level: %(kept)d of %(n)d.") % {
            "kept": kept, "n": len(told),
        }  # fmt: skip
        return text + (" " + _("Too few to tell: %(few)d.") % {"few": few} if few else "")


_TONES = {Standing.BELOW: "bad", Standing.WATCH: "warn", Standing.ABOVE: "good"}


def _cell(figure: Figure | None) -> tuple[str, str, str]:
    if figure is None:
        return "–", "", ""
    return (
        review_words.value_text(figure), review_words.interval_text(figure),
        review_words.number(figure.n, 0),
    )  # fmt: skip


def _interval(low: Any, high: Any) -> str:
    return _("%(low)s to %(high)s %%") % {
        "low": review_words.number(low * 100, 1), "high": review_words.number(high * 100, 1),
    }  # fmt: skip


def changes_of(reading: Reading, seen: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the restatements of a month, the newest first, with what each changed."""
    rows = reading.review.restatements.select_related("by").defer("figures", "inside", "verdicts")
    return [
        {
            "number": each.number, "made_at": each.made_at, "by": each.by, "seal": each.seal,
            "lines": review_words.change_lines(
                each.changes, each.names, inside=reading.inside, seen=seen
            ),
        }
        for each in rows
    ]  # fmt: skip
