"""Errors that a person can mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Problem(Exception):
    """What is wrong and how to mend it: `message` is a msgid, `message % values` the whole text.

    Kept apart so that the caller may translate the message before filling in the values.
    """

    message: StrOrPromise = "%(detail)s"

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(str(self.message) % values)
