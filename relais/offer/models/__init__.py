"""What is promised: one file a subject."""

from .service import Service

__all__ = ["Service"]
