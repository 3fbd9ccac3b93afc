"""Text that may lie in a table or a queue without being readable there."""

from __future__ import annotations

import base64
import functools
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(ValueError):
    """The text was sealed under another RELAIS_SECRET_KEY, or is none of ours."""


def seal(text: str, *, purpose: str) -> str:
    """Return `text` encrypted; it opens for the same purpose only."""
    return _fernet(purpose, settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the text again. Raises `SealBroken`."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    try:
        fernet = MultiFernet([_fernet(purpose, key) for key in keys])
        return fernet.decrypt(sealed.encode()).decode()
    except InvalidToken as problem:
        raise SealBroken from problem


@functools.lru_cache(maxsize=16)
def _fernet(purpose: str, key: str) -> Fernet:
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
