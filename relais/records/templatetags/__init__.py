"""Tags of service reviews."""
