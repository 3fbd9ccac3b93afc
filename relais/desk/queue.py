"""The list of requests, from which the lead works: its columns, its filters, what may be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.listing import Choice, Column, Empty, Linked, Listing
from relais.people.access import Access
from relais.people.models import Person, Site
from relais.people.templatetags.ui import moment

from . import board, rules
from .errors import BadValue
from .models import SavedView, Ticket
from .templatetags import desk as drawing

PERIODS = (
    ("", _("Always")),
    ("7", _("Last 7 days")),
    ("30", _("Last 30 days")),
    ("365", _("Last 12 months")),
)
PATH = "/tickets/"
# The address of the list without any filter: the bare one opens the person's own first view.
WHOLE = "view=all"


def since(rows: QuerySet[Any], days: str, path: str) -> QuerySet[Any]:
    """Return the rows of the last days."""
    if not days:
        return rows
    return rows.filter(**{f"{path}__gte": timezone.now() - timedelta(days=int(days))})


def tickets(access: Access, *, pick: bool = False) -> Listing:
    """Return the list of requests as this person may read it; `pick`: with a box on each line."""
    columns = _picked() if pick else _columns()
    if not rules.learns_holder(access):
        columns = tuple(column for column in columns if column.name != "holder")
    return Listing(
        name="tickets",
        title=_("Requests"),
        columns=columns,
        search=("subject_key",),
        search_label=_("Words of the subject"),
        filters=_filters(access),
        order="-received",
        prepare=board.complete,
        empty=Empty(
            _("No request yet"),
            _("Requests arrive by the form or by mail, and are listed here."),
        ),
        whole=WHOLE,
        live=access.is_staff,
    )


def _filters(access: Access) -> tuple[Choice | Linked, ...]:
    states = list(Ticket.State.choices)
    groups = [("", _t("All")), ("live", _t("Not ended")), ("late", _t("Late")), *states]

    def by_state(rows: QuerySet[Ticket], value: str) -> QuerySet[Ticket]:
        if value == "live":
            return rows.filter(state__in=Ticket.LIVE)
        if value == "late":
            return board.late(rows, timezone.now())
        return rows.filter(state=value) if value else rows

    def by_priority(rows: QuerySet[Ticket], value: str) -> QuerySet[Ticket]:
        return rows.filter(priority=value) if value else rows

    def site_name(pk: int) -> Any:
        return access.see(Site).filter(pk=pk).first()

    def person_name(pk: int) -> Any:
        return access.see(Person).filter(pk=pk).first()

    priorities = [("", _t("All")), *Ticket.Priority.choices]
    linked = [Linked("site", _("Site"), site_name, "site")]
    if not access.is_client:
        linked.append(Linked("holder", _("Assistant"), person_name, "holder"))
    return (
        Choice("state", _("State"), lambda: groups, by_state),
        Choice("priority", _("Priority"), lambda: priorities, by_priority),
        Choice("period", _("Period"), lambda: PERIODS, lambda r, v: since(r, v, "received_at")),
        *linked,
    )


def _pick(ticket: Ticket) -> SafeString:
    """Return the box of a line. It says which version was seen: nobody's change is run over."""
    label = escape(_t("Select %(reference)s") % {"reference": ticket.reference})
    return SafeString(
        '<input class="form-check-input pick" type="checkbox" name="ticket" form="bulk" '
        f'id="pick-{ticket.pk}" value="{ticket.pk}:{ticket.version}" aria-label="{label}">'
    )


def _picked() -> tuple[Column, ...]:
    """Return the columns with a box first; the reference then stands under the subject."""
    reference, subject, *rest = _columns()
    named = replace(subject, note=lambda t: f"{t.reference} · {t.service.name}")
    box = Column("pick", _("Select"), lambda t: "", draw=_pick)
    return (box, replace(reference, export_only=True), named, *rest)


def _columns() -> tuple[Column, ...]:
    return (
        Column(
            "reference",
            _("Reference"),
            lambda t: t.reference,
            sort="pk",
            draw=lambda t: SafeString(f'<span class="nowrap">{t.reference}</span>'),
        ),
        Column(
            "subject",
            _("Subject"),
            lambda t: t.subject,
            sort="subject_key",
            url=lambda t: f"/tickets/{t.pk}/",
            note=lambda t: t.service.name,
        ),
        Column("site", _("Site"), lambda t: t.site.name, sort="site__name_key", export_only=True),
        Column(
            "requester",
            _("Requester"),
            lambda t: t.requester.name,
            note=lambda t: t.site.name,
        ),
        Column(
            "state",
            _("State"),
            lambda t: t.get_state_display(),
            sort="state",
            draw=lambda t: SafeString(f'<span class="one-line">{drawing.state(t)}</span>'),
        ),
        Column("holder", _("Assistant"), lambda t: t.holder.name if t.holder else ""),
        Column(
            "received",
            _("Received"),
            lambda t: t.received_at,
            sort="received_at",
            draw=lambda t: moment(t.received_at, t.site.time_zone, "absolute"),
        ),
        Column(
            "due",
            _("Due"),
            lambda t: t.due,
            draw=lambda t: drawing.due(t.due, t.site.time_zone, t.due_kind),
        ),
    )


# Views that are kept -----------------------------------------------------------------------------


def views(access: Access) -> list[SavedView]:
    """Return the views that this person may open: hers first, then those shared with her."""
    seen = access.see(SavedView).filter(dropped_at=None).select_related("person")
    return sorted(seen, key=lambda view: view.person_id != access.person.pk)


def may_share(access: Access) -> bool:
    """Return whether this person's views may be shared with those who run the pool."""
    return access.runs_pool


def kept_query(access: Access, sent: dict[str, str]) -> dict[str, str]:
    """Return the filters as the list reads them. Raises `BadValue` for one that it does not."""
    asked = QueryDict(mutable=True)
    asked.update({name: str(value) for name, value in sent.items()})
    read = tickets(access).read(access.see(Ticket), asked, PATH).parameters
    for name, value in sent.items():
        if name in ("page", "view") or not value or (name, value) == ("sort", "-received"):
            continue
        if read.get(name) != " ".join(str(value).split()):
            raise BadValue(field=name, mend=_t("the list of requests has no such filter or value"))
    return read
