"""Before the day: demand, rosters, cover, handover notes, continuity."""
