"""The live operation: messages, tickets, clocks, assignments, events."""
