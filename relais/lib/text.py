"""Text as a reader compares it: without regard for accents, case or ligatures."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, GeneratedField, TextField
from django.db.models.functions import Left

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})

FRENCH_KEY_SQL = r"""
create or replace function clef_fr(text) returns text
language sql immutable strict parallel safe as $$
 select regexp_replace(
   replace(replace(replace(normalize(lower($1), NFD), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
   '[\u0300-\u036f]', '', 'g')
$$
"""


def french_key(text: str) -> str:
    """Return the key under which `text` is searched and sorted (the twin of SQL's clef_fr)."""
    if text.isascii():
        return text.lower()
    lowered = unicodedata.normalize("NFD", text.lower()).translate(_LIGATURES)
    return "".join(c for c in lowered if not unicodedata.combining(c))


class FrenchKey(Func):
    """SQL's clef_fr, stored in generated columns so that nobody computes it while searching."""

    function = "clef_fr"
    arity = 1

    def __init__(self, expression: Any, **extra: Any) -> None:
        extra.setdefault("output_field", TextField())
        super().__init__(expression, **extra)


class Words(Func):
    """SQL's search vector of some texts, folded as `clef_fr` folds; of no language, as texts mix.

    A vector holds 1 MB at most: give it the beginning of a long text.
    """

    template = "to_tsvector('simple'::regconfig, clef_fr(%(expressions)s))"
    arg_joiner = " || ' ' || "

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        extra.setdefault("output_field", SearchVectorField())
        super().__init__(*expressions, **extra)


def words_of(title: str, text: str, length: int = 4000) -> GeneratedField:
    """Return a stored column with the words of a title and of the beginning of a text."""
    return GeneratedField(
        expression=Words(F(title), Left(F(text), length)),
        output_field=SearchVectorField(),
        db_persist=True,
    )
