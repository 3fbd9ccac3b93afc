"""Who and where: providers, companies, sites, calendars, persons, roles, sign-in."""
