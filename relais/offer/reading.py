"""An agreement in plain words, as far as its reader may know it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from relais.engine.credits import Statistic
from relais.people.access import Access
from relais.people.models import LegalEntity, Person, Site

from . import signing
from .models import (
    Agreement,
    AgreementCredit,
    AgreementScope,
    AgreementTarget,
    AgreementVersion,
    Service,
)
from .terms import CreditTerms, Difference, Scope, TargetTerms, Terms

PRIORITIES = {
    1: gettext_lazy("P1 critical"),
    2: gettext_lazy("P2 high"),
    3: gettext_lazy("P3 normal"),
    4: gettext_lazy("P4 low"),
}
PROMISES = {
    "first_response": gettext_lazy("A person answers you"),
    "next_reply": gettext_lazy("Each further message of yours is answered"),
    "delivery": gettext_lazy("The work is delivered"),
    "acceptance": gettext_lazy("You accept the work or say what is missing"),
}
TONES = {
    "draft": "neutral",
    "half_signed": "warn",
    "to_come": "info",
    "in_force": "good",
    "superseded": "neutral",
    "withdrawn": "neutral",
}
FIELDS = {
    "effective_from": gettext_lazy("In force from"),
    "ends_on": gettext_lazy("Last day"),
    "note": gettext_lazy("What changes and why"),
    "remind_after_days": gettext_lazy("Reminder after (working days)"),
    "close_after_days": gettext_lazy("Held to be accepted after (working days)"),
    "approval_pauses": gettext_lazy("Stands still while the client has to approve"),
    "scope": gettext_lazy("Where it holds"),
    "target": gettext_lazy("Promise"),
    "hours": gettext_lazy("Opening hours"),
    "days": gettext_lazy("Working days"),
    "statistic": gettext_lazy("Measured by"),
    "expected": gettext_lazy("Expected level"),
    "target_level": gettext_lazy("Target level"),
    "critical": gettext_lazy("Critical level"),
    "window": gettext_lazy("Measured over"),
    "smallest_sample": gettext_lazy("Smallest sample"),
    "weight": gettext_lazy("Weight in credits"),
    "exclusions": gettext_lazy("Does not count"),
    "obligations": gettext_lazy("Duty of the client"),
    "credits": gettext_lazy("Credits"),
    "credits.monthly_fee": gettext_lazy("Monthly fee (€)"),
    "credits.pool_pct": gettext_lazy("Share at risk (%)"),
    "credits.rule": gettext_lazy("How much is credited"),
    "credits.cap_pct": gettext_lazy("At most (% of the share at risk)"),
    "credits.repeat_from": gettext_lazy("Repeated miss: from the month"),
    "credits.repeat_by": gettext_lazy("Repeated miss: times"),
    "credits.earn_back_months": gettext_lazy("Earned back after months"),
}


# Who reads what -------------------------------------------------------------------------------


def terms_for(access: Access, version: AgreementVersion) -> Terms:
    """Return what the version says to this person: places that he sees, credits that are his."""
    told = version.terms()
    scopes = tuple(each.value for each in access.see(AgreementScope).filter(version=version))
    if access.see(AgreementCredit).filter(version=version).exists():
        return replace(told, scopes=scopes)
    return replace(told, scopes=scopes, credits=None)


@dataclass(frozen=True)
class Names:
    """What keys in the terms are called, as far as this person sees them."""

    company: str
    sites: dict[int, str]
    entities: dict[int, str]
    services: dict[int, str]

    @classmethod
    def of(cls, access: Access, agreement: Agreement) -> Names:
        """Return the names of an agreement's places and services."""
        company = agreement.company
        return cls(
            company=company.name,
            sites={s.pk: s.name for s in access.see(Site).filter(company=company)},
            entities={e.pk: e.name for e in access.see(LegalEntity).filter(company=company)},
            services={s.pk: s.name for s in access.see(Service)},
        )

    def place(self, scope: Scope) -> str:
        """Return where a scope holds; empty when the place is not seen."""
        if scope.site:
            where = self.sites.get(scope.site, "")
        elif scope.entity:
            where = self.entities.get(scope.entity, "")
        else:
            where = _("%(company)s, all sites") % {"company": self.company}
        what = family_name(scope.family)
        return f"{where} · {what}" if where and what else where

    def of_target(self, target: TargetTerms) -> str:
        """Return what a promise is for: a service, a family or every request."""
        if target.service:
            return self.services.get(target.service, "…")
        return family_name(target.family) or _("Every request")


def family_name(family: str) -> str:
    """Return a family as people call it; empty for none."""
    return str(dict(Service.Family.choices).get(family, family))


# In plain words -------------------------------------------------------------------------------


def number(value: Decimal | int) -> str:
    """Return a number as the reader writes it, without idle zeros."""
    text = format(Decimal(value).normalize(), "f")
    return number_format(text, use_l10n=True, force_grouping=abs(Decimal(value)) >= 1000)


def within(target: TargetTerms) -> str:
    """Return how much time there is: "2 opening hours", "3 working days"."""
    if target.hours is not None and target.hours < 1:
        minutes = round(target.hours * 60)
        text = ngettext("%(n)d opening minute", "%(n)d opening minutes", minutes)
        return text % {"n": minutes}
    if target.hours is not None:
        many = 2 if target.hours >= 2 else 1
        text = ngettext("%(n)s opening hour", "%(n)s opening hours", many)
        return text % {"n": number(target.hours)}
    if not target.days:
        return _("the same working day")
    text = ngettext("%(n)s working day", "%(n)s working days", target.days)
    return text % {"n": number(target.days)}


def levels(target: TargetTerms) -> str:
    """Return how well the promise is to be kept."""
    values = {
        "expected": number(target.expected),
        "target": number(target.target),
        "critical": number(target.critical),
    }
    if target.statistic == Statistic.PCT_WITHIN:
        text = _("%(expected)s %% in time, %(target)s %% aimed at, critical below %(critical)s %%")
        return text % values
    values["what"] = statistic_name(target.statistic)
    text = _("%(what)s: %(expected)s at most, %(target)s aimed at, critical above %(critical)s")
    return text % values


def statistic_name(code: str) -> str:
    """Return what is measured, in words."""
    return str(dict(AgreementTarget.STATISTICS).get(code, code))


def measure(target: TargetTerms) -> str:
    """Return how well the promise is kept, over which time, and from how many requests on."""
    values = {
        "span": _("each quarter") if target.window == "quarter" else _("each month"),
        "expected": number(target.expected),
        "target": number(target.target),
        "critical": number(target.critical),
        "what": statistic_name(target.statistic),
    }
    if target.statistic == Statistic.PCT_WITHIN:
        text = _(
            "Kept %(span)s for at least %(expected)s %% of requests; we aim at %(target)s %%. "
            "Below %(critical)s %% is a serious failure."
        )
    else:
        text = _(
            "%(what)s, %(span)s: at most %(expected)s; we aim at %(target)s. "
            "Above %(critical)s is a serious failure."
        )
    few = ngettext(
        "Not judged on fewer than %(n)d request.",
        "Not judged on fewer than %(n)d requests.",
        target.smallest_sample,
    )
    return f"{text % values} {few % {'n': target.smallest_sample}}"


@dataclass(frozen=True)
class Line:
    """One promise as it is read."""

    what: str
    priority: str
    within: str
    # Empty for what the client owes: it is asked for, not measured.
    measure: str
    weight: str


@dataclass(frozen=True)
class Group:
    """The promises for one service, one family, or every request."""

    title: str
    lines: list[Line]


def groups(told: Terms, names: Names) -> list[Group]:
    """Return the promises by what they are for: the general ones first."""

    def rank(each: TargetTerms) -> tuple[bool, bool, str]:
        return (bool(each.service), bool(each.family), names.of_target(each))

    kinds = list(PROMISES)
    found: dict[str, list[Line]] = {}
    for each in sorted(
        told.targets, key=lambda t: (*rank(t), kinds.index(t.kind), t.priority or 0)
    ):
        found.setdefault(names.of_target(each), []).append(
            Line(
                what=str(PROMISES[each.kind]),
                priority=str(PRIORITIES.get(each.priority or 0, each.priority or "")),
                within=within(each)
                if each.days == 0
                else _("within %(time)s") % {"time": within(each)},
                measure="" if each.kind == "acceptance" else measure(each),
                weight=f"{number(each.weight * 100)} %" if each.weight else "",
            )
        )
    return [Group(title, lines) for title, lines in found.items()]


def measures(found: list[Group]) -> list[tuple[str, list[str]]]:
    """Return each way of measuring with the promises that it is used for."""
    used: dict[str, list[str]] = {}
    for group in found:
        for line in group.lines:
            if line.measure:
                words = [group.title, line.what, line.priority]
                used.setdefault(line.measure, []).append(" · ".join(filter(None, words)))
    return list(used.items())


def weights(found: list[Group]) -> list[str]:
    """Return how much each promise counts in the credits."""
    text = _("%(promise)s counts for %(share)s of the credit.")
    return [
        text % {"promise": f"{group.title} · {line.what}", "share": line.weight}
        for group in found
        for line in group.lines
        if line.weight
    ]


def credit_lines(terms: CreditTerms | None) -> list[str]:
    """Return what the provider puts at risk, sentence by sentence."""
    if terms is None:
        return []
    at_risk = (terms.monthly_fee * terms.pool_pct / 100).quantize(Decimal("0.01"))
    lines = [
        _("Of the %(fee)s € before tax paid each month, %(pct)s %% are at risk: %(sum)s €.")
        % {"fee": number(terms.monthly_fee), "pct": number(terms.pool_pct), "sum": number(at_risk)},
        _("A promise below its expected level gives a credit, in proportion to its weight.")
        if terms.rule == "linear"
        else _(
            "A promise below its expected level gives half of its weight as a credit, and all of "
            "it at the critical level."
        ),
    ]
    if terms.rule == "linear":
        lines.append(_("The further from the expected level, the more; all at the critical one."))
    if terms.repeat_by > 1:
        text = _("Missed %(n)d months running, it counts %(times)s times.")
        lines.append(text % {"n": terms.repeat_from, "times": number(terms.repeat_by)})
    if terms.cap_pct < 100:
        text = _("Never more than %(pct)s %% of the sum at risk in one month.")
        lines.append(text % {"pct": number(terms.cap_pct)})
    else:
        lines.append(_("Never more than the sum at risk in one month."))
    if terms.earn_back_months:
        text = ngettext(
            "The provider earns a credit back by %(n)d month at the target level.",
            "The provider earns a credit back by %(n)d months running at the target level.",
            terms.earn_back_months,
        )
        lines.append(text % {"n": terms.earn_back_months})
    return lines


def silence_lines(told: Terms) -> list[str]:
    """Return what happens to a delivery that nobody answers, sentence by sentence."""
    remind, close = told.remind_after_days, told.close_after_days
    lines = []
    if remind is not None:
        text = ngettext(
            "If you do not answer a delivery, you are reminded after %(n)d working day.",
            "If you do not answer a delivery, you are reminded after %(n)d working days.",
            remind,
        )
        lines.append(text % {"n": remind})
    if close is not None:
        text = ngettext(
            "Without an answer for %(n)d working day it is held to be accepted; you may still "
            "have it corrected.",
            "Without an answer for %(n)d working days it is held to be accepted; you may still "
            "have it corrected.",
            close,
        )
        lines.append(text % {"n": close})
    return lines or [_("A delivery awaits your answer for as long as you need.")]


def approval_lines(told: Terms) -> list[str]:
    """Return what an amount that waits for approval does to the promise."""
    if told.approval_pauses:
        return [_("While an amount waits for your approval, the promise stands still.")]
    return [_("While an amount waits for your approval, the promise runs on.")]


# What changes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One difference as it is read; `before` or `after` is empty when it is new or gone."""

    what: str
    of: str
    before: str
    after: str


def changes(differences: list[Difference], names: Names) -> list[Change]:
    """Return the differences in words; those about places that are not seen are left out."""
    found = []
    for each in differences:
        if each.subject == "scope" and not names.place(each.of):
            continue
        # The level called "target" bears the name of the whole line.
        level = each.subject == "target" and not isinstance(each.before or each.after, TargetTerms)
        field = "target_level" if level else each.subject
        of = ""
        if isinstance(each.of, TargetTerms):
            of = f"{names.of_target(each.of)} · {_target_name(each.of)}"
        found.append(
            Change(
                str(FIELDS.get(field, field)),
                of,
                _value(field, each.before, names),
                _value(field, each.after, names),
            )
        )
    return found


def _target_name(target: TargetTerms) -> str:
    name = str(dict(AgreementTarget.Kind.choices).get(target.kind, target.kind))
    return f"{name} · {PRIORITIES[target.priority]}" if target.priority in PRIORITIES else name


def _value(field: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Scope):
        return names.place(value)
    if isinstance(value, TargetTerms):
        return _("%(within)s (%(levels)s)") % {"within": within(value), "levels": levels(value)}
    if isinstance(value, CreditTerms):
        return " ".join(credit_lines(value))
    if field == "statistic":
        return statistic_name(value)
    if field == "window":
        return _("each quarter") if value == "quarter" else _("each month")
    if field == "credits.rule":
        return str(dict(AgreementCredit.Rule.choices).get(value, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Decimal | int):
        return number(value)
    if hasattr(value, "isoformat"):
        return date_format(value, "DATE_FORMAT")
    return str(value)


# Signatures -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """One side of the agreement: who signed and when, or who still may."""

    side: str
    label: str
    signer: Person | None
    at: Any
    awaited: list[Person]
    mine: bool
    retractable: bool


def signatures(version: AgreementVersion, reader: Person) -> list[Signature]:
    """Return the two sides, the client first; `mine` where the reader may sign now.

    `retractable` where the reader has signed, and the other side has not yet.
    """
    engagement = version.agreement.company.engagement
    side = signing.side_of(version.agreement, reader)
    found = []
    for each, label in (
        (signing.CLIENT, _("For the client")),
        (signing.PROVIDER, _("For the provider")),
    ):
        at = getattr(version, f"{each}_signed_at")
        leads = (
            [getattr(engagement, f"{each}_lead"), getattr(engagement, f"{each}_deputy")]
            if engagement
            else []
        )
        found.append(
            Signature(
                side=each,
                label=label,
                signer=getattr(version, f"{each}_signer"),
                at=at,
                awaited=[one for one in leads if one is not None],
                mine=version.state == "draft" and not at and side == each,
                retractable=signing.signed_side(version, reader) == each,
            )
        )
    return found


def title_of(version: AgreementVersion) -> str:
    """Return how a version is called on its page."""
    return pgettext("agreement", "Version %(n)d") % {"n": version.number}
