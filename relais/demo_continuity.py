"""The demo's continuity: a leave to come with its handover note, impacts, a drill that was done."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from relais.desk.models import Letter
from relais.offer.models import Service
from relais.people.models import Absence, Cover, Person, Role, Site
from relais.planning import declaring, handing_on
from relais.planning.models import Drill, Handover, Impact, LeaveRequest

# How much it hurts after 4 hours, 1 day, 3 days, 1 week, 2 weeks; there again within hours.
IMPACTS = {
    "appointment": ((2, 3, 4, 4, 4), 8, "Agenda du jour et urgences"),
    "travel": ((1, 3, 3, 4, 4), 24, "Départs sous 48 heures"),
    "dashboard": ((0, 1, 2, 3, 3), 72, "Chiffres de la veille"),
}
AWAY_IN, AWAY_FOR = timedelta(days=9), timedelta(days=5)


def live(now: datetime) -> None:
    """Let it happen; whoever is away already is left alone."""
    leads = Role.objects.in_force().filter(kind=Role.Kind.POOL_LEAD)
    lead = Person.objects.filter(pk__in=leads.values("person")).order_by("pk").first()
    if lead is None:
        return
    _impacts(lead)
    away = Absence.objects.filter(period__overlap=(now, now + timedelta(days=30)))
    covers = Cover.objects.filter(position=Cover.Position.LEAD, person__archived_at=None)
    free = covers.exclude(person__in=away.values("person")).select_related("person")
    people = list(dict.fromkeys(cover.person for cover in free.order_by("person", "pk")))
    if len(people) > 1:
        _leave(people[0], lead, now)
        _asked(people[1], now)
        _drill(people[1], lead, now)


def _impacts(lead: Person) -> None:
    services = {one.code: one for one in Service.objects.filter(code__in=IMPACTS)}
    for site in Site.objects.filter(archived_at=None).order_by("pk")[:3]:
        for code, (levels, hours, minimum) in IMPACTS.items():
            if code in services:
                half_day, day, three_days, week, two_weeks = levels
                Impact.write(
                    services[code], site, by=lead, half_day=half_day, day=day,
                    three_days=three_days, week=week, two_weeks=two_weeks, resume_hours=hours,
                    minimum=minimum, depends_on="Messagerie et agenda délégués",
                )  # fmt: skip


def _midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


def _leave(person: Person, lead: Person, now: datetime) -> None:
    starts = _midnight(now + AWAY_IN)
    relief = declaring.declare(
        person, kind=Absence.Kind.LEAVE, starts=starts, ends=starts + AWAY_FOR, by=lead, at=now,
        handed={}, tell=[],
    )  # fmt: skip
    note = Handover.objects.filter(relief=relief, receiver__isnull=False).order_by("pk").first()
    if note is None:
        return
    typed = {
        "risks": "Si le comité est avancé, alors prévenir la direction et appeler le référent.",
        "contacts": "L’hôtel habituel garde une option jusqu’à midi.",
        "accesses": "Le code de l’imprimante est demandé à l’accueil.",
    }
    note.edit(typed, by=person, at=now)
    handing_on.give(note, by=person, at=now)
    if note.receiver is not None:
        note.ask("Qui valide l’ordre du jour en votre absence ?", by=note.receiver, at=now)
    # The past needs no mail.
    Letter.objects.filter(key__startswith=f"relief:{relief.pk}:").update(
        state=Letter.State.SENT, sent_at=now, next_try_at=None
    )


def _asked(person: Person, now: datetime) -> None:
    starts = _midnight(now + timedelta(days=21))
    LeaveRequest.objects.create(
        provider_id=person.provider_id, person=person, kind=Absence.Kind.LEAVE, starts_at=starts,
        ends_at=starts + timedelta(days=3), asked_at=now,
    )  # fmt: skip


def _drill(person: Person, lead: Person, now: datetime) -> None:
    day = (timezone.localtime(now) - timedelta(days=20)).date()
    drill = Drill.plan(person, day, kind=Drill.Kind.WHOLE, by=lead)
    drill.close(
        by=lead, due=12, kept=10, at=now,
        note="Deux livraisons ont attendu un accès qui n’avait pas été testé.",
        actions=["Tester les accès du binôme chaque mois", "Compléter la procédure des voyages"],
    )  # fmt: skip
