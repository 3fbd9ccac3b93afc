"""The tables of the diagnostic."""
