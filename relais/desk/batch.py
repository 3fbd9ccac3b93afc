"""Where the verbs write while a log is imported: lists, laid down in bulk.

Nobody else can hold a ticket that is not committed yet, so the compare-and-set is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relais.offer.promises import Book

if TYPE_CHECKING:
    from .models import Clock, Event, Ticket


@dataclass
class Batch:
    """Tickets that live in memory until `flush`."""

    tickets: list[Ticket] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    running: dict[int, list[Clock]] = field(default_factory=dict)

    books: dict[int, Book] = field(default_factory=dict)

    def book(self, company: int) -> Book:
        """Return what is promised to a company, read once for all its tickets."""
        if company not in self.books:
            self.books[company] = Book.of(company)
        return self.books[company]

    def of(self, ticket: Ticket) -> list[Clock]:
        """Return the running clocks of a ticket."""
        return [clock for clock in self.running.get(id(ticket), []) if clock.stopped_at is None]

    def flush(self) -> int:
        """Return how many tickets were laid down; call inside a transaction of the provider."""
        from .models import Clock, Event, Ticket

        Ticket.objects.bulk_create(self.tickets, batch_size=1000)
        for clock in self.clocks:
            # Dated by the verbs; a warning is only of use for what still runs.
            clock.warn_at = clock.next_warning() if clock.stopped_at is None else None
        Clock.objects.bulk_create(self.clocks, batch_size=1000)
        Event.objects.bulk_create(self.events, batch_size=1000)
        count = len(self.tickets)
        for rows in (self.tickets, self.clocks, self.events, self.running):
            rows.clear()
        return count
