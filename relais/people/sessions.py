"""Sessions in the database, read at every request by a statement that is kept and prepared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from relais.lib.compiled import Compiled

_OPEN = Compiled(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)


class SessionStore(db.SessionStore):
    """The sessions that Django keeps."""

    def _get_session_from_db(self) -> Any:
        found = _OPEN.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
