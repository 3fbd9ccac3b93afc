"""The policy on the diagnostic: what a client says of its work, and what the provider makes of it.

Nobody is judged: what one person logs is hers and the pilot's, results are told by site and role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.models import Q

    from .access import Access

RULES: dict[str, Callable[[Access], Q]] = {}
