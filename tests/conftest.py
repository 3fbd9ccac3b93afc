"""The ground of every test: PostgreSQL, real, copied from a migrated template, as the app role."""
