"""What templates draw with: icons, badges, people, moments, breadcrumbs, empty places."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import (
    TIMEDELTA_UNITS,
    format_skeleton,
    format_timedelta,
    get_timezone_location,
)
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from relais.lib import progress
from relais.lib.formats import babel_locale

if TYPE_CHECKING:
    from relais.people.models import Person
    from relais.people.navigation import Link

register = template.Library()

TONES = {"neutral", "primary", "good", "info", "warn", "bad"}
FACE_COLOURS = 6
_CURRENT = ' aria-current="page"'
_ACTIVE = f' class="active"{_CURRENT}'


@register.simple_tag
def icon(name: str, label: Any = "", css: str = "") -> SafeString:
    """Return an icon of the sprite; with `label` it speaks, without it is decoration."""
    return _icon(name, str(label), css)  # forty a page: a lazy label must not be the key


@lru_cache(maxsize=1000)
def _icon(name: str, label: str, css: str) -> SafeString:
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon {}" {}><use href="{}#{}"/></svg>',
        css,
        voice,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def badge(text: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """Return a small coloured word. `tone`: neutral, primary, good, info, warn or bad."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"badge: no tone {tone!r}, one of {sorted(TONES)}")
    drawn = icon(icon_name) if icon_name else ""
    return SafeString(f'<span class="tone tone-{tone}">{drawn}{conditional_escape(text)}</span>')


@register.simple_tag
def face(person: Person | None, size: str = "sm") -> SafeString:
    """Return the round badge with a person's initials, always of the same colour."""
    if person is None:
        return format_html('<span class="avatar avatar-{} face-none">{}</span>', size, icon("user"))
    return format_html(
        '<span class="avatar avatar-{} face-{}" aria-hidden="true">{}</span>',
        size,
        (person.pk or 0) % FACE_COLOURS,
        person.initials,
    )


@register.simple_tag
def chip(person: Person | None, url: str = "", note: str = "") -> SafeString:
    """Return a person's face and name (a link where `url` is given), `note` small below."""
    if person is None:
        return mark_safe('<span class="text-secondary">—</span>')
    name: Any = person.name
    if url:
        name = format_html('<a href="{}" class="text-reset">{}</a>', url, name)
    if note:
        name = format_html('{}<small class="chip-note">{}</small>', name, note)
    return format_html(
        '<span class="chip">{}<span class="chip-name">{}</span></span>', face(person), name
    )


@register.simple_tag
def moment(when: datetime | None, zone: str = "", style: str = "both") -> SafeString:
    """Return an instant as people say it: "in 2 hours · Tue 24 Nov, 14:30".

    `zone` is the time zone of the site concerned; the reader's own when empty. Where they differ
    the zone is named. `style`: both, relative or absolute.
    """
    if when is None:
        return mark_safe('<span class="text-secondary">—</span>')
    there = ZoneInfo(zone) if zone else timezone.get_current_timezone()
    text, title = escape(absolute_text(when, there)), ""
    if style == "relative":
        text, title = escape(relative_text(when)), f' title="{text}"'
    elif style != "absolute":
        text = f"{escape(relative_text(when))} <small>· {text}</small>"
    stamp = when.isoformat(timespec="seconds")
    return SafeString(f'<time datetime="{stamp}"{title}>{text}</time>')


def relative_text(when: datetime) -> str:
    """Return how far away an instant is, in words: "in 2 hours", "3 days ago"."""
    away = int((when - timezone.now()).total_seconds() // 1)
    unit, seconds = next(
        (unit, seconds)
        for unit, seconds in TIMEDELTA_UNITS
        if abs(away) >= 0.95 * seconds or seconds == 1
    )
    return _away_text(unit, seconds * round(abs(away) / seconds), away >= 0, babel_locale())


@lru_cache(maxsize=1000)
def _away_text(unit: Any, seconds: int, ahead: bool, locale: str) -> str:
    """Return so many whole units as words; Babel takes longer for it than a line of a list."""
    away = timedelta(seconds=seconds if ahead else -seconds)
    return format_timedelta(
        away, granularity=unit, threshold=float("inf"), add_direction=True, locale=locale
    )


def absolute_text(when: datetime, zone: Any) -> str:
    """Return day and time in `zone`: with the year when it is another, with the place's name
    when its clocks differ from the reader's."""
    here = timezone.get_current_timezone()
    local = when.astimezone(zone)
    # The tables hold days and times, but not both at once.
    skeleton = "MMMEd" if local.year == datetime.now(here).year else "yMMMd"
    text = f"{_day_text(skeleton, local.date(), babel_locale())}, {local:%H:%M}"
    if zone is not here and local.utcoffset() != when.astimezone(here).utcoffset():
        text = f"{text} ({zone_name(zone)})"
    return text


@lru_cache(maxsize=1000)
def _day_text(skeleton: str, day: date, locale: str) -> str:
    return format_skeleton(skeleton, day, locale=locale)


def zone_name(zone: Any) -> str:
    """Return a time zone as people call it: its city."""
    return get_timezone_location(zone, locale=babel_locale(), return_city=True)


@register.simple_tag
def menu_lines(links: list[Link]) -> SafeString:
    """Return the lines of the side menu; it is on every page, and a template takes 3 ms for it."""
    return SafeString("\n".join(_menu_line(link) for link in links))


def _menu_line(link: Link) -> str:
    active, current = (" active", _CURRENT) if link.active else ("", "")
    return (
        f'{_heading(link, "li")}<li class="nav-item{active}">'
        f'<a class="nav-link" href="{link.url}"{current}>'
        f'<span class="nav-link-icon">{icon(link.icon)}</span>'
        f'<span class="nav-link-title">{escape(str(link.label))}</span></a></li>'
    )


def _heading(link: Link, tag: str) -> str:
    return f'<{tag} class="nav-heading">{escape(str(link.heading))}</{tag}>' if link.heading else ""


@register.simple_tag
def menu_links(links: list[Link], around: str = "") -> SafeString:
    """Return links of the menu for the phone; `around`: the tag that holds each label."""
    opened, closed = (f"<{around}>", f"</{around}>") if around else ("", "")
    return SafeString("\n".join(
        f'{"" if around else _heading(link, "p")}'
        f'<a href="{link.url}"{_ACTIVE if link.active else ""}>{icon(link.icon)}'
        f"{opened}{escape(str(link.label))}{closed}</a>"
        for link in links
    ))  # fmt: skip


@register.simple_tag
def options(rows: Any) -> SafeString:
    """Return an option for each row, by its key and name."""
    return SafeString("".join(
        f'<option value="{row.pk}">{escape(str(row.name))}</option>' for row in rows
    ))  # fmt: skip


@register.inclusion_tag("_breadcrumbs.html")
def breadcrumbs(*parts: Any) -> dict[str, Any]:
    """Draw the way back: address, label, address, label … from the outermost in."""
    return {"crumbs": list(zip(parts[::2], parts[1::2], strict=True))}


@register.inclusion_tag("_empty.html")
def empty(icon: str, title: Any, text: Any = "", url: str = "", action: Any = "") -> dict[str, Any]:
    """Draw an empty place that says what to do next."""
    return {"icon": icon, "title": title, "text": text, "url": url, "action": action}


@register.simple_tag
def logo() -> SafeString:
    """Return the logo inside the page, so that it follows the theme's colours."""
    return mark_safe(_logo())  # noqa: S308 our own file


@cache
def _logo() -> str:
    folder = Path(__file__).resolve().parents[2] / "static" / "img"
    return (folder / "logo.svg").read_text().strip()


@register.simple_tag
def shown_theme(request: Any) -> str:
    """Return the theme that this browser chose: light, dark, or empty for the system's."""
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in {"light", "dark"} else ""


@register.simple_tag
def demo_progress(person: Person) -> int | None:
    """Return how much of the demo's history is written, in percent; None when all of it is."""
    return progress.read(f"demo-{person.provider_id}")
