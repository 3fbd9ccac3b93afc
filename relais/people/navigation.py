"""The menu of each role: what this person opens, in the order she needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from .access import Access


@dataclass(frozen=True)
class Entry:
    """One line of the menu: a URL name, its label, an icon of the sprite, and who has it."""

    url_name: str
    label: str | Promise
    icon: str
    shown: Callable[[Access], bool]


@dataclass(frozen=True)
class Link:
    """An entry as the page draws it."""

    url: str
    label: str | Promise
    icon: str
    active: bool


ENTRIES: list[Entry] = [
    # People and places: after the day's work, which comes first.
    Entry("sites", _("Sites"), "building", lambda access: bool(access.roles)),
    Entry("persons", _("Persons"), "users", lambda access: bool(access.roles)),
    Entry("companies", _("Client companies"), "building-skyscraper", lambda a: a.is_staff),
    Entry("assistants", _("The pool"), "users-group", lambda access: access.runs_pool),
    Entry("invitations", _("Invitations"), "mail-forward", lambda access: access.may_invite()),
    Entry("imports", _("Imports"), "file-import", lambda access: access.may_organise()),
    Entry("calendars", _("Calendars"), "calendar", lambda a: a.is_staff or bool(a.company_ids)),
]


def navigation(access: Access, path: str) -> list[Link]:
    """Return the links of this person's menu; the longest one that `path` starts with is active."""
    shown = [(entry, reverse(entry.url_name)) for entry in ENTRIES if entry.shown(access)]
    best = max((url for _e, url in shown if path.startswith(url)), key=len, default=None)
    return [Link(url, entry.label, entry.icon, url == best) for entry, url in shown]
