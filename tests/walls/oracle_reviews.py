"""What a service review keeps to the two leads and who manages: words, evidence, own figures."""

from __future__ import annotations

from datetime import UTC, date, datetime

from relais.desk.models import Ticket
from relais.lib.tenancy import tenant
from relais.records import closing
from relais.records.models import Commentary, Exclusion, Review, ReviewItem
from tests.world import World

LEADS = {"maud", "paul", "claire", "sylvie"}
READERS: list[tuple[str, str, set[str]]] = [
    ("commentary of a review", "Commentaire-revue", LEADS),
    ("action of a review", "Action-revue", LEADS),
    ("reason of an exclusion", "Motif-exclusion", LEADS),
    ("evidence of an exclusion", "Preuve-exclusion", LEADS),
    ("commentary of another client's review", "Commentaire-froid", {"maud", "paul", "fanny"}),
]
MONTH, THEN = date(2026, 3, 1), datetime(2026, 4, 3, 9, tzinfo=UTC)


def add(world: World) -> None:
    """Close a month of Calanques with its words; prepare one of Bretagne Froid."""
    people = world.people
    with tenant(world.provider.pk):
        made = Review.open(world.companies.calanques, MONTH, by=people.paul, at=THEN)
        closing.prepare(made, by=people.paul, at=THEN)
        Commentary.write(made, "Commentaire-revue", by=people.paul, at=THEN)
        ReviewItem.add(made, "action", "Action-revue", by=people.claire, at=THEN)
        closing.close(made, by=people.paul, at=THEN)
        other = Review.open(world.companies.froid, MONTH, by=people.paul, at=THEN)
        Commentary.write(other, "Commentaire-froid", by=people.fanny, at=THEN)
        asked = Ticket.objects.get(subject="Objet-marc")
        Exclusion.propose(
            asked, "delivery", "Motif-exclusion", "Preuve-exclusion", by=people.paul, at=THEN
        )
