"""What continuity keeps to itself: somebody's absence, who stands in, and her handover note."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from relais.lib.tenancy import tenant
from relais.offer.models import Service
from relais.people.models import Shift, System, Wish
from relais.planning import declaring
from relais.planning.models import (
    BusySource,
    BusyTime,
    Drill,
    DrillAction,
    EmergencyAccess,
    Handover,
    Impact,
    LeaveRequest,
    Lever,
    LoadOutlook,
    Roster,
    ShiftKind,
    VolumeProfile,
)
from tests.world import World

NOW = datetime(2029, 3, 6, 9, tzinfo=UTC)
LEADS = {"maud", "paul"}
READERS = [
    ("roster", "Planning-interne", LEADS),
    ("kind of shift", "Vacation-interne", LEADS),
    ("wish", "05:13", LEADS | {"alice"}),
    ("shift", "03:47", LEADS | {"alice"}),
    ("handover note", "Risque-passation", LEADS | {"alice", "basile"}),
    ("handover note", "Contact-passation", LEADS | {"alice", "basile"}),
    ("read-back", "Relecture-passation", LEADS | {"alice", "basile"}),
    ("answer to a leave", "Motif-congé", LEADS | {"alice"}),
    ("impact", "Minimum-impact", LEADS),
    ("drill", "Constat-exercice", LEADS),
    ("action of a drill", "Suite-exercice", LEADS),
    ("emergency access", "Motif-urgence", LEADS | {"basile"}),
    ("note of a lever", "Motif-levier", LEADS),
    ("load of a week", "743107", LEADS),
    ("drawing of the load", "Dessin-charge", LEADS),
    # Her own calendar, read here: hers alone, whoever runs the pool.
    ("calendar", "Agenda-marc", {"marc"}),
    ("title of a busy time", "Titre-marc", {"marc"}),
    ("title of a busy time", "Titre-basile", {"basile"}),
]


def add(world: World) -> None:
    """Declare Alice absent one day; Basile reads her note back."""
    people = world.people
    with tenant(world.provider.pk):
        relief = declaring.declare(
            people.alice, kind="training", starts=datetime(2029, 3, 12, tzinfo=UTC),
            ends=datetime(2029, 3, 13, tzinfo=UTC), by=people.paul, at=NOW,
        )  # fmt: skip
        note = Handover.objects.get(relief=relief, receiver=people.basile)
        typed = {"risks": "Risque-passation", "contacts": "Contact-passation"}
        note.edit(typed, by=people.alice)
        note.give(by=people.alice)
        note.accept("Relecture-passation", by=people.basile)
        for key in ("marc", "basile"):
            source = BusySource.objects.create(
                provider=world.provider, person=getattr(people, key), name=f"Agenda-{key}",
                keeps_titles=True, left_out=[[f"Titre-{key}", "illisible"]], read_at=NOW,
            )  # fmt: skip
            BusyTime.objects.create(
                provider=world.provider, person=getattr(people, key), source=source,
                period=(NOW, NOW + timedelta(hours=1)), title=f"Titre-{key}",
            )  # fmt: skip
        _rostered(world)
        _continuity(world)
        _loaded(world)


def _rostered(world: World) -> None:
    """Give Alice a shift and a wish at hours of their own, and the pool a draft."""
    alice, provider = world.people.alice, world.provider
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    zone = timezone.get_default_timezone()
    first = datetime.combine(monday + timedelta(days=5), time(3, 47), zone)
    Shift.objects.create(
        provider=provider, person=alice, period=(first, first + timedelta(hours=1))
    )
    Wish.objects.create(
        provider=provider, person=alice, kind="prefers", weekday=2, starts=time(5, 13),
        ends=time(6, 13),
    )  # fmt: skip
    ShiftKind.objects.create(
        provider=provider, code="ZI", name="Vacation-interne", starts=time(9), ends=time(12)
    )
    Roster.objects.create(
        provider=provider, name="Planning-interne", starts_on=monday, made_by=world.people.paul,
        rows={str(alice.pk): ["ZI"] * 14},
    )  # fmt: skip


def _continuity(world: World) -> None:
    """Answer a leave, write an impact, score a drill with an action, open a tool for a day."""
    people, day = world.people, timezone.localdate() - timedelta(days=2)
    mine = {"provider": world.provider}
    LeaveRequest.objects.create(
        person=people.alice, kind="leave", starts_at=NOW, ends_at=NOW + timedelta(days=3),
        state="refused", asked_at=NOW, answered_by=people.paul, answered_at=NOW,
        why="Motif-congé", **mine,
    )  # fmt: skip
    service = Service.objects.get(code="other")
    Impact.objects.create(
        service=service, site=world.sites.aix, resume_hours=8, minimum="Minimum-impact",
        written_by=people.paul, written_at=NOW, **mine,
    )  # fmt: skip
    drill = Drill.objects.create(
        kind="table", person=people.alice, day=day, state="scored", planned_by=people.paul,
        due=1, kept=0, note="Constat-exercice", scored_at=timezone.now(), **mine,
    )  # fmt: skip
    DrillAction.objects.create(drill=drill, what="Suite-exercice", **mine)
    tool = System.objects.create(
        company=world.companies.calanques, name="Coffre", code="vault", **mine
    )
    EmergencyAccess.objects.create(
        system=tool, person=people.basile, why="Motif-urgence", opened_by=people.paul,
        opened_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=20), **mine,
    )  # fmt: skip


def _loaded(world: World) -> None:
    """Foresee more than Aix can bear, pull a lever against it, and know its volumes beforehand."""
    aix, mine = world.sites.aix, {"provider": world.provider}
    week = timezone.localdate() + timedelta(days=7 - timezone.localdate().weekday())
    cell = {
        "p50": 743107.0, "p80": 743107.5, "capacity": 743107.2, "coverage": 0.99, "tone": "amber",
        "levers": [["backup", 743107.4, 1.05]],
    }  # fmt: skip
    LoadOutlook.objects.create(
        computed_at=timezone.now(), method="profile",
        report={
            "weeks": [week.isoformat()], "total": [cell], "waiting": 0, "half_days": [],
            "sites": [{"site": aix.pk, "name": "Aix", "cells": [cell]}], "profiled": [aix.pk],
        },
        charts={"load": {"fr": "<svg><text>Dessin-charge</text></svg>"}}, **mine,
    )  # fmt: skip
    Lever.objects.create(
        site=aix, week=week, code="backup", note="Motif-levier", hours=743107.4, before=0.99,
        after=1.05, asked=743107.5, capacity=743107.2, chosen_by=world.people.paul,
        chosen_at=timezone.now(), **mine,
    )  # fmt: skip
    VolumeProfile.objects.create(
        site=aix, family="agenda", yearly=743107.0, minutes=20, months=[1.0] * 12,
        source="study:0", given_at=timezone.now(), **mine,
    )  # fmt: skip
