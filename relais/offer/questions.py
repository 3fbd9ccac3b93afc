"""What a form asks beyond the subject: typed fields, checked alike in pages and the API.

A field is kept as plain values: {"key", "kind", "label_fr", "label_en", "help_fr", "help_en",
"required", "choices": [{"value", "fr", "en"}]}. An answer is kept with the words of its question,
so that it reads well whatever becomes of the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

KINDS = {
    "text": gettext_lazy("Line of text"),
    "long": gettext_lazy("Long text"),
    "date": gettext_lazy("Date"),
    "choice": gettext_lazy("Choice"),
    "amount": gettext_lazy("Amount (euros)"),
    "number": gettext_lazy("Whole number"),
    "person": pgettext_lazy("field", "Person"),
    "yes_no": gettext_lazy("Yes or no"),
}
LONGEST = {"text": 300, "person": 200, "long": 5_000}
MOST_FIELDS, MOST_CHOICES = 20, 30
LARGEST_AMOUNT = Decimal(10) ** 10
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")

Fault = tuple[str, str]


def _said(french: str, english: str) -> str:
    if (get_language() or "fr").startswith("en"):
        return english or french
    return french or english


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a choice offers."""

    value: str
    fr: str
    en: str = ""

    @property
    def label(self) -> str:
        """Return the answer in the reader's language."""
        return _said(self.fr, self.en)


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form."""

    key: str
    kind: str
    label_fr: str
    label_en: str = ""
    help_fr: str = ""
    help_en: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()

    @property
    def label(self) -> str:
        """Return the question in the reader's language."""
        return _said(self.label_fr, self.label_en)

    @property
    def help(self) -> str:
        """Return what helps to answer, in the reader's language."""
        return _said(self.help_fr, self.help_en)

    def facts(self) -> dict[str, Any]:
        """Return the field as plain values."""
        told: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("key", "kind", "label_fr", "label_en", "help_fr", "help_en", "required")
        }
        told["choices"] = [{"value": c.value, "fr": c.fr, "en": c.en} for c in self.choices]
        return told


def read(raw: Iterable[Mapping[str, Any]]) -> list[Question]:
    """Return the fields of a form from plain values that `faults` found nothing wrong with."""
    return [
        Question(
            key=each["key"],
            kind=each["kind"],
            label_fr=each.get("label_fr", ""),
            label_en=each.get("label_en", ""),
            help_fr=each.get("help_fr", ""),
            help_en=each.get("help_en", ""),
            required=bool(each.get("required", False)),
            choices=tuple(
                Choice(c["value"], c.get("fr", ""), c.get("en", ""))
                for c in each.get("choices") or ()
            ),
        )
        for each in raw
    ]


def faults(raw: Any) -> list[Fault]:
    """Return what is wrong with the fields of a form: where, what and the mend."""
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        return [("questions", _("Give a list of fields."))]
    found: list[Fault] = []
    if len(raw) > MOST_FIELDS:
        text = _("A form has %(most)d fields at most: ask for less, or split the service.")
        found.append(("questions", text % {"most": MOST_FIELDS}))
    seen: set[str] = set()
    for place, each in enumerate(raw, start=1):
        found += [
            ("questions", _("Field %(n)d: %(text)s") % {"n": place, "text": text})
            for text in _field_faults(each, seen)
        ]
    return found


def _field_faults(each: Mapping[str, Any], seen: set[str]) -> Iterable[str]:
    key, kind = each.get("key"), each.get("kind")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        yield _("give it a key of small letters, digits and _ (such as “meeting_date”).")
    elif key in seen:
        yield _("the key “%(key)s” is used twice: change one.") % {"key": key}
    else:
        seen.add(key)
    if kind not in KINDS:
        yield _("choose one of these kinds: %(kinds)s.") % {"kinds": ", ".join(KINDS)}
    texts = [each.get(name, "") for name in ("label_fr", "label_en", "help_fr", "help_en")]
    if not all(isinstance(text, str) and len(text) <= 500 and "\x00" not in text for text in texts):
        yield _("labels and helps are texts of 500 characters at most.")
    elif not str(texts[0]).strip():
        yield _("write the label in French.")
    choices = each.get("choices") or []
    if kind == "choice":
        sound = isinstance(choices, list) and all(
            isinstance(c, dict)
            and isinstance(c.get("value"), str)
            and 0 < len(c["value"]) <= 60
            and isinstance(c.get("fr", ""), str)
            and c.get("fr")
            and isinstance(c.get("en", ""), str)
            for c in choices
        )
        values = [c.get("value") for c in choices if isinstance(c, dict)] if sound else []
        if not sound or not 2 <= len(choices) <= MOST_CHOICES or len(set(values)) < len(values):
            yield _(
                "offer 2 to %(most)d different answers, each with a value and a French label."
            ) % {"most": MOST_CHOICES}


# Answers ------------------------------------------------------------------------------------------


def check(
    questions: Sequence[Question], given: Mapping[str, Any], *, whole: bool = True
) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return the answers as they are kept, and what is wrong: the field's key, and the mend.

    `whole`: required fields must be answered. An answer to no question is a fault.
    """
    known = {question.key for question in questions}
    found: list[Fault] = [
        (str(key), _("“%(key)s”: this form asks no such thing.") % {"key": str(key)[:60]})
        for key in given
        if key not in known
    ]
    kept = []
    for question in questions:
        raw = given.get(question.key)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            if question.required and whole:
                text = _("“%(label)s” is needed: fill it in.") % {"label": question.label}
                found.append((question.key, text))
            continue
        try:
            value = value_of(question, raw)
        except ValueError as wrong:
            text = _("“%(label)s”: %(text)s") % {"label": question.label, "text": wrong}
            found.append((question.key, text))
        else:
            kept.append(_kept(question, value))
    return kept, found


def value_of(question: Question, raw: Any) -> Any:
    """Return an answer as a plain value. Raises `ValueError` with the mend."""
    kind = question.kind
    if kind in LONGEST:
        return _text(raw, LONGEST[kind])
    if kind == "date":
        return _date(raw)
    if kind == "amount":
        return _amount(raw)
    if kind == "number":
        return _number(raw)
    if kind == "yes_no":
        return _yes_no(raw)
    if not isinstance(raw, str) or raw not in {choice.value for choice in question.choices}:
        offered = ", ".join(choice.value for choice in question.choices)
        raise ValueError(_("choose one of: %(offered)s.") % {"offered": offered})
    return raw


def _text(raw: Any, longest: int) -> str:
    if not isinstance(raw, str):
        raise ValueError(_("write a text."))
    text = raw.replace("\x00", "").strip()
    if len(text) > longest:
        raise ValueError(_("write %(most)d characters at most.") % {"most": longest})
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(_("write a text.")) from None
    return text


def _date(raw: Any) -> str:
    try:
        return (raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())).isoformat()
    except ValueError:
        raise ValueError(_("give a day, such as 2027-01-31.")) from None


def _amount(raw: Any) -> str:
    text = str(raw).strip().replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    try:
        amount = Decimal(text.removesuffix("€").replace(",", "."))
        if isinstance(raw, bool) or not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
            raise InvalidOperation
        return str(amount.quantize(Decimal("0.01")))
    except InvalidOperation:
        raise ValueError(_("give an amount in euros, such as 1250 or 1250.50.")) from None


def _number(raw: Any) -> int:
    text = str(raw).strip()
    if isinstance(raw, bool) or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ValueError(_("give a whole number."))
    return int(text)


def _yes_no(raw: Any) -> bool:
    words = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False}
    if isinstance(raw, bool | str) and (raw.lower() if isinstance(raw, str) else raw) in words:
        return words[raw.lower() if isinstance(raw, str) else raw]
    raise ValueError(_("say yes or no."))


def _kept(question: Question, value: Any) -> dict[str, Any]:
    told = {
        "key": question.key,
        "kind": question.kind,
        "fr": question.label_fr,
        "en": question.label_en,
        "value": value,
    }
    if question.kind == "choice":
        chosen = next(choice for choice in question.choices if choice.value == value)
        told |= {"value_fr": chosen.fr, "value_en": chosen.en}
    return told


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is read."""

    key: str
    kind: str
    label: str
    text: str


def shown(kept: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """Return kept answers in the reader's language."""
    return [
        Answer(
            each["key"],
            each["kind"],
            _said(each.get("fr", ""), each.get("en", "")),
            text_of(each["kind"], each["value"], each),
        )
        for each in kept
    ]


def text_of(kind: str, value: Any, words: Mapping[str, Any] | None = None) -> str:
    """Return a plain value as one reads it; `words`: those of the choice that was taken."""
    if kind == "date":
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if kind == "amount":
        return f"{number_format(Decimal(value), 2, use_l10n=True, force_grouping=True)} €"
    if kind == "yes_no":
        return str(_("Yes")) if value else str(_("No"))
    if kind == "choice" and words:
        return _said(words.get("value_fr", ""), words.get("value_en", "")) or str(value)
    return str(value)


def amount_in(kept: Iterable[Mapping[str, Any]]) -> Decimal | None:
    """Return the largest amount among kept answers: what approvals and limits look at."""
    amounts = [Decimal(each["value"]) for each in kept if each["kind"] == "amount"]
    return max(amounts, default=None)
