"""Nothing is given to somebody who is marked absent meanwhile: one of the two waits for the other.

Whoever marks an absence holds the person's row against those who give her work (`people/cover`);
they hold it in common, so that many may give at once.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from relais.engine.candidates import Span
from relais.engine.decision import FAR
from relais.people.models import Absence

SHARED = "select 1 from people_person where id = %s for share"


def away(person: int, at: datetime) -> Span | None:
    """Return her absence at that moment, or None: then it stays so until the transaction ends.

    Two statements: one alone would look at absences as they were before it waited for the row.
    """
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [person])
    found = Absence.objects.filter(person=person, period__contains=at)
    period = found.values_list("period", flat=True).first()
    return (period.lower or at, period.upper or FAR) if period else None
