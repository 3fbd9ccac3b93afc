"""Nothing is given to somebody who is marked absent meanwhile: one of the two waits for the other.

Whoever marks an absence holds the person's row against those who give her work (`people/cover`);
they hold it in common, so that many may give at once.
"""

from __future__ import annotations

from datetime import datetime

from relais.engine.candidates import Span
from relais.engine.decision import FAR
from relais.lib.compiled import fetched

SHARED = "select 1 from people_person where id = %s for share"
GONE = """
select lower(period), upper(period) from people_absence
 where person_id = %s and period @> %s::timestamptz
 order by lower(period) limit 1
"""


def away(person: int, at: datetime) -> Span | None:
    """Return her absence at that moment, or None: then it stays so until the transaction ends.

    Two statements: one alone would look at absences as they were before it waited for the row.
    """
    fetched(SHARED, [person])
    found = fetched(GONE, [person, at])
    return (found[0][0] or at, found[0][1] or FAR) if found else None
