"""How the desk draws a ticket's state and its deadline."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from relais.desk import board, telling
from relais.desk.models import Event, Ticket
from relais.people.templatetags.ui import badge, icon, moment, relative_text

register = template.Library()
# From here on a request is called likely to be late.
LIKELY = 0.7


@register.simple_tag
def file_limit() -> int:
    """Return how many MB a file may hold."""
    return settings.ATTACHMENT_MB


@register.simple_tag
def state(ticket: Ticket) -> SafeString:
    """Return the state of a ticket as a coloured word."""
    return badge(ticket.get_state_display(), board.TONES[ticket.state])


@register.simple_tag
def due(when: datetime | None, zone: str = "", kind: str = "") -> SafeString:
    """Return a deadline: red when it passed, amber when it is near. `kind`: what is due."""
    if when is None:
        return mark_safe('<span class="text-secondary">—</span>')
    now = timezone.now()
    late, soon = when < now, when < now + board.SOON
    css = "due-late" if late else "due-soon" if soon else "due-later"
    drawn = icon("clock-exclamation" if late else "clock")
    what = telling.clock_name(kind)
    said = _("Late") if late else ""
    words = " · ".join(str(word) for word in (said, what) if word)
    lead = f'<span class="due-what">{escape(words)}</span> ' if words else ""
    told = moment(when, zone)
    return SafeString(f'<span class="due {css}">{drawn}<span>{lead}{told}</span></span>')


@register.simple_tag
def done_by(ticket: Any) -> SafeString:
    """Return, for the requester, when it will be done."""
    zone = ticket.site.time_zone
    if ticket.state == Ticket.State.WAITING:
        return format_html("{}", _("The deadline waits for your answer."))
    if ticket.delivered_at and ticket.state in (Ticket.State.DELIVERED, Ticket.State.ACCEPTED):
        return format_html("{} {}", _("Delivered"), moment(ticket.delivered_at, zone))
    if ticket.done_by is None:
        return mark_safe("")
    label = _("Promised by") if ticket.done_by >= timezone.now() else _("Late: was promised by")
    when = moment(ticket.done_by, zone, "absolute")
    return format_html("{} {} ({})", label, when, relative_text(ticket.done_by))


@register.simple_tag
def expected(ticket: Ticket) -> SafeString:
    """Return, for the requester, by when the service expects to have it done."""
    when = board.expected(ticket, timezone.now())
    if when is None:
        return mark_safe("")
    words = _("With the service, expected by") if not ticket.holder_id else _("Expected by")
    return format_html("{} {}", words, moment(when, ticket.site.time_zone, "absolute"))


@register.simple_tag
def chance(share: float) -> SafeString:
    """Return how likely a request is to be late, as a coloured word."""
    sure = share > LIKELY
    text = _("late %(percent)s") % {"percent": percent(min(share, 0.99))}
    return badge(text, "bad" if sure else "warn", "clock-exclamation" if sure else "clock")


@register.simple_tag
def presence(there: Any) -> str:
    """Return where somebody is in her day, in words."""
    return str(there.text(timezone.get_current_timezone()))


@register.filter
def chosen(event: Event) -> str:
    """Return why dispatch chose whom it chose, in the reader's language."""
    best = next((one for one in telling.considered(event) if one.outcome == "chosen"), None)
    return best.reasons if best else ""


@register.simple_tag
def sentence(moved: Any, zone: str) -> str:
    """Return how a deadline moved, and why, in the time of the site."""
    return moved.sentence(zone)


@register.filter
def considered(event: Event) -> list[telling.Considered]:
    """Return everybody whom a dispatch considered."""
    return telling.considered(event)


@register.filter
def missing(event: Event) -> str:
    """Return what was missing for somebody to take it."""
    return telling.missing_text(event.facts.get("missing", ""))


@register.simple_tag
def done_at(done: dict[str, Any], zone: str) -> SafeString:
    """Return when a step was ticked."""
    return moment(datetime.fromisoformat(done["at"]), zone, "absolute")


@register.filter
def duration(seconds: int) -> str:
    """Return open seconds as hours and minutes."""
    return telling.duration(timedelta(seconds=seconds))


@register.filter
def promised(clock: Any) -> str:
    """Return how much time a clock allows: hours and minutes, or working days."""
    return telling.allowed(clock)


@register.filter
def source(clock: Any) -> str:
    """Return whose hours a clock counts."""
    return telling.source_text(clock)


@register.simple_tag
def bar(value: int, most: int, label: str) -> SafeString:
    """Return a bar of a chart, drawn without any style of its own: its numbers are beside it."""
    width = round(100 * value / most, 1) if most else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><rect class="bar-back" width="100" height="8"/>'
        '<rect class="bar-front" width="{}" height="8"/></svg>',
        label,
        str(width),
    )


@register.filter
def euros(amount: Any) -> str:
    """Return an amount as people write it, with its currency."""
    return f"{number_format(amount, 2, use_l10n=True, force_grouping=True)}\u202f€"


@register.filter
def minutes(number: int) -> str:
    """Return minutes as hours and minutes."""
    return telling.duration(timedelta(minutes=number or 0))


@register.filter
def missing_words(mark: Any) -> str:
    """Return what was missing in a request, in words."""
    labels = dict(mark.Missing.choices)
    return ", ".join(str(labels.get(code, code)) for code in mark.missing)


@register.simple_tag
def approval_state(approval: Any) -> SafeString:
    """Return the state of an approval as a coloured word."""
    tones = {"free": "neutral", "asked": "warn", "approved": "good", "refused": "bad"}
    return badge(approval.get_state_display(), tones.get(approval.state, "neutral"))


@register.simple_tag
def commitment_state(commitment: Any) -> SafeString:
    """Return the state of a commitment as a coloured word."""
    tones = {"open": "info", "kept": "good", "broken": "bad", "withdrawn": "neutral"}
    return badge(commitment.get_state_display(), tones[commitment.state])


@register.filter
def percent(share: float) -> str:
    """Return a share between 0 and 1 as a whole percentage."""
    return f"{round(100 * share)}\u202f%"
