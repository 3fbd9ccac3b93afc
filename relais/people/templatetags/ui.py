"""What templates draw with: icons, badges, people, moments, breadcrumbs, empty places."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import (
    format_skeleton,
    format_timedelta,
    get_timezone_location,
)
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from relais.lib import progress
from relais.lib.formats import babel_locale

if TYPE_CHECKING:
    from relais.people.models import Person

register = template.Library()

TONES = {"neutral", "primary", "good", "info", "warn", "bad"}
FACE_COLOURS = 6


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
    return format_html('<span class="tone tone-{}">{}{}</span>', tone, drawn, text)


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
    absolute = absolute_text(when, there)
    if style == "absolute":
        text, title = absolute, ""
    elif style == "relative":
        text, title = relative_text(when), format_html(' title="{}"', absolute)
    else:
        text, title = format_html("{} <small>· {}</small>", relative_text(when), absolute), ""
    return format_html(
        '<time datetime="{}"{}>{}</time>', when.isoformat(timespec="seconds"), title, text
    )


def relative_text(when: datetime) -> str:
    """Return how far away an instant is, in words: "in 2 hours", "3 days ago"."""
    away = when - timezone.now()
    return format_timedelta(away, add_direction=True, locale=babel_locale(), threshold=0.95)


def absolute_text(when: datetime, zone: Any) -> str:
    """Return day and time in `zone`: with the year when it is another, with the place's name
    when its clocks differ from the reader's."""
    local = when.astimezone(zone)
    now = timezone.localtime()
    # The tables hold days and times, but not both at once.
    skeleton = "MMMEd" if local.year == now.year else "yMMMd"
    text = f"{_day_text(skeleton, local.date(), babel_locale())}, {local:%H:%M}"
    if local.utcoffset() != when.astimezone(timezone.get_current_timezone()).utcoffset():
        text = f"{text} ({zone_name(zone)})"
    return text


@lru_cache(maxsize=1000)
def _day_text(skeleton: str, day: date, locale: str) -> str:
    return format_skeleton(skeleton, day, locale=locale)


def zone_name(zone: Any) -> str:
    """Return a time zone as people call it: its city."""
    return get_timezone_location(zone, locale=babel_locale(), return_city=True)


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
