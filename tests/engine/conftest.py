"""Properties of the engine: as many examples as anywhere, but no stopwatch."""

from hypothesis import settings

settings.register_profile("engine", deadline=None)
settings.load_profile("engine")
