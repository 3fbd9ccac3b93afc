"""What service reviews keep to those they are meant for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils import timezone

from relais.desk.models import Ticket, TimeEntry
from relais.engine import sampling
from relais.lib.tenancy import tenant
from relais.records import usage
from relais.records.models import CorrectiveAction, FigureView, QualityCheck, UsagePlan
from tests.world import World

from . import oracle_reviews

LEADS = {"maud", "paul"}
CHECKERS = LEADS | {"quentin"}
READERS: list[tuple[str, str, set[str]]] = [
    ("word of a check", "Mot-du-contrôle", CHECKERS | {"alice"}),
    ("answer to a check", "Réplique-assistante", CHECKERS | {"alice"}),
    ("root cause", "Cause-racine", CHECKERS),
    ("contested line", "Motif-contesté", LEADS | {"claire", "sylvie"}),
    ("price beyond a package", "743,17", LEADS | {"bruno", "claire", "sylvie"}),
    ("price beyond a package", "74317", LEADS | {"bruno", "claire", "sylvie"}),
    ("price beyond a package", "85429", LEADS | {"bruno", "fanny"}),
    # What somebody looks at in the figures is hers.
    ("view of figures", "Vue-indicateurs", {"claire"}),
    *oracle_reviews.READERS,
]


def add(world: World) -> None:
    """Make what is looked for."""
    with tenant(world.provider.pk):
        _checked(world)
        _packages(world)
        FigureView.keep(person=world.people.claire, name="Vue-indicateurs", query={"cut": "site"})
    oracle_reviews.add(world)


def _checked(world: World) -> None:
    """Have Quentin find an error in what Alice did for Marc."""
    people, now = world.people, timezone.now()
    check = QualityCheck.objects.create(
        provider=world.provider, ticket=Ticket.objects.get(subject="Objet-marc"),
        month=now.date().replace(day=1), assistant=people.alice, delivered_at=now, drawn_at=now,
        reasons=["drawn"],
    )  # fmt: skip
    check.open(by=people.quentin)
    marks = {one.key: "yes" for one in sampling.GRID} | {"amount": "no"}
    check.answer(marks, {"amount": "Mot-du-contrôle"}, by=people.quentin)
    check.finish(by=people.quentin)
    check.respond("Réplique-assistante", by=people.alice)
    action = CorrectiveAction.objects.get(check_made=check)
    action.plan("Cause-racine", "", by=people.quentin)


def _packages(world: World) -> None:
    """Agree on a package with each company; Claire contests a line."""
    people = world.people
    for company, cents in ((world.companies.calanques, 74317), (world.companies.froid, 85429)):
        UsagePlan.agree(
            company, date(2026, 1, 1), by=people.paul, unit="hours", alerts=[50],
            included=Decimal(5), over_cents=cents,
        )  # fmt: skip
    ticket = Ticket.objects.get(subject="Objet-marc")
    TimeEntry.add(ticket, 10, by=people.alice)
    month = timezone.localdate().replace(day=1)
    usage.dispute(ticket.company, ticket, month, "Motif-contesté", by=people.claire)
