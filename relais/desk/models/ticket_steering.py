"""Steering a ticket: priority and scope move by the two sides' leads alone, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _t

from relais.desk import rules
from relais.desk.errors import Elsewhere, Missing, SoonerThanPromised, Unchanged
from relais.people.models import Confidentiality

from .clock import Clock
from .event import Event

if TYPE_CHECKING:
    from relais.offer.models import Service
    from relais.people.models import Person, Site

    from .ticket import Ticket


class Steered:
    """The verbs by which a ticket is steered. A refused attempt is kept (`rules.check`)."""

    if TYPE_CHECKING:
        _change: Callable[..., None]

    def reprioritise(
        self, priority: int, reason: str, *, by: Person, at: datetime | None = None
    ) -> None:
        """Change the priority: the deadlines that run are dated anew, the old ones are told."""
        ticket = cast("Ticket", self)
        rules.check("reprioritise", ticket, by, asked={"priority": priority})
        at = at or timezone.now()
        if priority not in ticket.Priority.values:
            raise Missing(field=_t("Priority"))
        if priority == ticket.priority:
            raise Unchanged(reference=ticket.reference)
        self._change(
            Event.Kind.REPRIORITISED,
            by,
            at,
            when=ticket.AT_WORK,
            facts={
                "from": ticket.priority,
                "to": priority,
                "reason": _reason(reason),
                "before": _deadlines(ticket),
            },
            redate=True,
            priority=priority,
        )

    def rescope(
        self,
        reason: str,
        *,
        by: Person,
        service: Service | None = None,
        site: Site | None = None,
        wanted_by: datetime | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change what is asked, for which site or for when.

        The deadlines stay: what was promised was promised (a change of priority alone moves them).
        """
        ticket = cast("Ticket", self)
        fields: dict[str, Any] = {}
        if service is not None and service.pk != ticket.service_id:
            fields["service"] = service
        if site is not None and site.pk != ticket.site_id:
            fields["site"] = site
        if wanted_by is not None and wanted_by != ticket.wanted_by:
            fields["wanted_by"] = wanted_by
        rules.check("rescope", ticket, by, asked=_asked(fields))
        if not fields:
            raise Unchanged(reference=ticket.reference)
        if site is not None and site.company_id != ticket.company_id:
            raise Elsewhere(site=site.name, reference=ticket.reference)
        if service is not None and service.confidentiality > ticket.confidentiality:
            fields["confidentiality"] = service.confidentiality
        before = {name: getattr(ticket, name) for name in fields}
        self._change(
            Event.Kind.RESCOPED,
            by,
            at,
            when=ticket.AT_WORK,
            facts={"from": _asked(before), "to": _asked(fields), "reason": _reason(reason)},
            **fields,
        )

    def reclassify(
        self, confidentiality: int, reason: str, *, by: Person, at: datetime | None = None
    ) -> None:
        """Change the class of confidentiality. Who works on it may raise it, never lower it."""
        ticket = cast("Ticket", self)
        if confidentiality not in Confidentiality.values:
            raise Missing(field=_t("confidentiality"))
        verb = "classify_up" if confidentiality > ticket.confidentiality else "reclassify"
        rules.check(verb, ticket, by, asked={"confidentiality": confidentiality})
        if confidentiality == ticket.confidentiality:
            raise Unchanged(reference=ticket.reference)
        facts = {
            "from": ticket.confidentiality,
            "to": confidentiality,
            "reason": _reason(reason),
        }
        self._change(
            Event.Kind.RECLASSIFIED,
            by,
            at,
            when=ticket.LIVE,
            facts=facts,
            confidentiality=confidentiality,
        )

    def postpone(
        self, wanted_by: datetime | None, *, by: Person, at: datetime | None = None
    ) -> None:
        """Wish for it later, or on no date. Sooner than promised is for the two leads."""
        ticket = cast("Ticket", self)
        rules.check("postpone", ticket, by)
        promised = promised_by(ticket)
        if wanted_by is not None and promised is not None and wanted_by < promised:
            if not rules.may("rescope", ticket, by):
                rules.check("rescope", ticket, by, asked={"wanted_by": wanted_by.isoformat()})
            raise SoonerThanPromised(reference=ticket.reference)
        if wanted_by == ticket.wanted_by:
            raise Unchanged(reference=ticket.reference)
        facts = {"from": _plain(ticket.wanted_by), "to": _plain(wanted_by)}
        self._change(
            Event.Kind.POSTPONED, by, at, when=ticket.AT_WORK, facts=facts, wanted_by=wanted_by
        )


def promised_by(ticket: Ticket) -> datetime | None:
    """Return when the result is promised by the clock that runs, or None."""
    kinds = (Clock.Kind.DELIVERY, Clock.Kind.CORRECTION)
    running = ticket.clocks.filter(kind__in=kinds, stopped_at=None, due_at__isnull=False)
    found = running.order_by("due_at").first()
    return found.due_at if found else None


def _deadlines(ticket: Ticket) -> list[dict[str, Any]]:
    running = ticket.clocks.filter(stopped_at=None).order_by("pk")
    return [{"kind": clock.kind, "due_at": _plain(clock.due_at)} for clock in running]


def _asked(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "pk", value)


def _reason(text: str) -> str:
    if text := text.strip():
        return text
    raise Missing(field=_t("Reason"))
