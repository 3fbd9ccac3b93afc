"""The policy on service reviews: what client and provider meet over, each seeing what is theirs.

A client reads its own figures. Costs, occupation and what is known of an assistant stay inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.models import Q

    from .access import Access

RULES: dict[str, Callable[[Access], Q]] = {}
