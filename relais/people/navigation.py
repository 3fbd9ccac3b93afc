"""The menu of each role: what this person opens, in the order she needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .access_reviews import read_by
from .models import Role

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
    heading: str | Promise = ""


Kind = Role.Kind
ASKING = (Kind.REQUESTER, Kind.SITE_LEAD, Kind.CLIENT_LEAD, Kind.SPONSOR)


def _runs(access: Access) -> bool:
    return access.runs_pool


def _assists(access: Access) -> bool:
    return not access.is_client and access.has(Kind.ASSISTANT)


def _asks(access: Access) -> bool:
    return access.is_client and access.has(*ASKING)


def _serves(access: Access) -> bool:
    return bool(access.led_company_ids) or _assists(access)


def _plans(access: Access) -> bool:
    return access.is_client or access.runs_pool or _assists(access)


def _oversees(access: Access) -> bool:
    return access.runs_pool or (not access.is_client and access.has(Kind.QUALITY))


def _reads_tickets(access: Access) -> bool:
    return _oversees(access) or _assists(access) or _asks(access)


def _approves(access: Access) -> bool:
    return access.runs_pool or _asks(access)


def _pays(access: Access) -> bool:
    return access.runs_pool or _steers(access) or access.has(Kind.BILLING)


def _checks(access: Access) -> bool:
    return (
        access.runs_pool or _assists(access) or (not access.is_client and access.has(Kind.QUALITY))
    )


def _steers(access: Access) -> bool:
    return access.runs_pool or (access.is_client and bool(access.steered_company_ids))


def _studies(access: Access) -> bool:
    return access.is_staff or access.has(Kind.SPONSOR, Kind.CLIENT_LEAD, Kind.SITE_LEAD)


def _reads_figures(access: Access) -> bool:
    if access.is_client:
        return bool(access.steered_company_ids) or access.has(Kind.SITE_LEAD)
    return access.runs_pool


def _reviews(access: Access) -> bool:
    return access.runs_pool or bool(read_by(access))


def _bills(access: Access) -> bool:
    return not _reviews(access) and access.sees_whole_pool and access.has(Kind.BILLING)


# The first line that somebody has is her first screen. Under each heading what belongs together.
GROUPS: list[tuple[str | Promise, list[Entry]]] = [
    (
        "",
        [
            Entry("tower", _("Control tower"), "dashboard", _runs),
            Entry("day", _("My day"), "list-check", _assists),
            Entry("requests", _("My requests"), "inbox", _asks),
            Entry("new_request", _("New request"), "plus", _asks),
            Entry("my_service", _("My service"), "lifebuoy", lambda access: access.is_client),
            Entry("tickets", _("Requests"), "clipboard-list", _reads_tickets),
            Entry("recurrences", _("Recurring requests"), "rotate", _reads_tickets),
            Entry("approvals", _("Approvals"), "shield-check", _approves),
            Entry("arbitrations", _("Arbitrations"), "git-branch", _steers),
            Entry("quarantine", _("Mails to place"), "mail-opened", _runs),
        ],
    ),
    (
        _("Planning"),
        [
            Entry("planning", _("Planning"), "calendar-stats", _plans),
            Entry("shifts", _("Shifts"), "clock", _runs),
            Entry("rosters", _("Rosters"), "calendar-event", _runs),
            Entry("peaks", _("Peaks"), "chart-bar", _runs),
            Entry("my_wishes", _("My shifts and wishes"), "calendar-event", _assists),
            Entry("continuity", _("Continuity"), "lifebuoy", _runs),
            Entry("handovers", _("Handover notes"), "transfer", _assists),
            Entry("leaves", _("My leave"), "calendar-event", _assists),
            Entry("away", _("I am away"), "calendar-off", _assists),
        ],
    ),
    (
        _("Offer and quality"),
        [
            Entry("studies", _("Diagnostic"), "clipboard-check", _studies),
            Entry("catalogue", _("Catalogue"), "layout-list", lambda access: bool(access.roles)),
            Entry("procedures", _("Procedures"), "list-check", lambda access: access.is_staff),
            Entry("my_preferences", _("My preference sheet"), "user-circle", _asks),
            Entry("executive_sheets", _("Preference sheets"), "user-circle", _serves),
            Entry(
                "agreements", _("Agreements"), "heart-handshake", lambda access: bool(access.roles)
            ),
            Entry("reviews", _("Service reviews"), "chart-bar", _reviews),
            Entry("statements", _("Statements of credits"), "file-text", _bills),
            Entry("satisfaction", _("Satisfaction"), "star", _steers),
            Entry("quality", _("Quality"), "clipboard-check", _checks),
            Entry("usages", _("Usage"), "clock", _pays),
            Entry("volumes", _("The year"), "chart-bar", _oversees),
            Entry("figures", _("Figures"), "chart-bar", _reads_figures),
        ],
    ),
    (
        _("People and places"),
        [
            Entry("sites", _("Sites"), "building", lambda access: bool(access.roles)),
            Entry("persons", _("Persons"), "users", lambda access: bool(access.roles)),
            Entry("companies", _("Client companies"), "building-skyscraper", lambda a: a.is_staff),
            Entry("assistants", _("The pool"), "users-group", lambda access: access.runs_pool),
            Entry(
                "invitations", _("Invitations"), "mail-forward", lambda access: access.may_invite()
            ),
            Entry("imports", _("Imports"), "file-import", lambda access: access.may_organise()),
            Entry(
                "calendars", _("Calendars"), "calendar", lambda a: a.is_staff or bool(a.company_ids)
            ),
        ],
    ),
    (
        _("Settings"),
        [
            Entry("mail", _("Mail"), "mail", _runs),
            Entry("dispatches", _("Dispatches"), "transfer", _runs),
            Entry("dispatch_settings", _("Dispatch rules"), "adjustments", _runs),
            Entry("triage", _("Triage"), "arrows-sort", _runs),
            Entry("attempts", _("Refused attempts"), "shield-lock", _steers),
            Entry("recalculations", _("Recalculations"), "clock-play", _runs),
            Entry("logs", _("Past logs"), "history", _runs),
            Entry("replays", _("Replays"), "history", _runs),
        ],
    ),
]
# A short menu is read at a glance without headings.
LONG = 12


def navigation(access: Access, path: str) -> list[Link]:
    """Return the links of this person's menu; the longest one that `path` starts with is active.

    In a long menu the first link under each heading bears it.
    """
    shown = [
        (heading, [(entry, _address(entry.url_name)) for entry in entries if entry.shown(access)])
        for heading, entries in GROUPS
    ]
    urls = [url for _h, entries in shown for _e, url in entries]
    best = max((url for url in urls if path.startswith(url)), key=len, default=None)
    long = len(urls) > LONG
    return [
        Link(url, entry.label, entry.icon, url == best, heading if long and not place else "")
        for heading, entries in shown
        for place, (entry, url) in enumerate(entries)
    ]


@cache
def _address(url_name: str) -> str:
    return reverse(url_name)
