"""What Relais writes into its own letters, to know them again."""

from __future__ import annotations

# Only a mail that Relais wrote itself bears it: found on one that comes in, it is a loop.
OURS = "X-Relais-Letter"
# The ticket that a letter speaks of; counts only for senders who may see that ticket.
TICKET = "X-Relais-Ticket"
# Around the line above which people answer: what stands below was quoted.
MARKER = "##—"
