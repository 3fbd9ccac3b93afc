"""How far a long work in the background has come, for pages that want to say so."""

from __future__ import annotations

from django.core.cache import cache

FORGET_AFTER_SECONDS = 24 * 3600


def tell(name: str, done: int, of: int) -> None:
    """Let pages know; at the end there is nothing more to say."""
    if done < of:
        cache.set(_key(name), round(100 * done / of), FORGET_AFTER_SECONDS)
    else:
        cache.delete(_key(name))


def read(name: str) -> int | None:
    """Return the percentage that is done; None when nothing is going on."""
    found: int | None = cache.get(_key(name))
    return found


def _key(name: str) -> str:
    return f"progress-{name}"
