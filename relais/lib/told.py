"""Answers of the API that we put together ourselves, field by field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Told(BaseModel):
    """The base of such answers: ninja's own reads rows, and checks all of it a second time."""

    model_config = ConfigDict(from_attributes=True)
