"""Pages of planning and continuity: one file a subject."""
