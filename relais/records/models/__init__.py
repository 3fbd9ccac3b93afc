"""The tables of service reviews."""
