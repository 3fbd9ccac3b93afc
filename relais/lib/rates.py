"""How often something is done within a minute, counted in the cache that every process shares."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.cache import cache

MINUTE = 60


def too_often(what: str, most: int, now: datetime) -> bool:
    """Return whether this is done more than `most` times within the minute; counts this time too.

    `what` may hold a secret: only its digest is kept.
    """
    # The minute is part of the key: to count anew prolongs the life of an entry.
    digest = hashlib.sha256(what.encode()).hexdigest()[:32]
    key = f"rate:{digest}:{int(now.timestamp()) // MINUTE}"
    if cache.add(key, 1, MINUTE):
        return False
    try:
        return bool(cache.incr(key) > most)
    except ValueError:  # it ran out meanwhile
        return False
