"""What is promised, and how it is done: services, agreements, procedures."""
