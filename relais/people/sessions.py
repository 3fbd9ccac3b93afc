"""Sessions in the database, read at every request by one kept statement with their account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from relais.lib.compiled import Compiled

from .models import User

_KEPT = ("session_data", "expire_date")


def _with_session(key: str, now: datetime) -> QuerySet[User]:
    """Return the account that was seen with an open session, and what the session keeps."""
    mine = Session.objects.filter(session_key=OuterRef("usersession__session_key"))
    kept = {name: Subquery(mine.filter(expire_date__gt=now).values(name)) for name in _KEPT}
    return User.objects.filter(usersession__session_key=key).annotate(**kept)


_ACCOUNT = Compiled(_with_session, key=str, now=datetime)
_OPEN = Compiled(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)


class SessionStore(db.SessionStore):
    """The sessions that Django keeps. `account` was read along, and is still to be proven."""

    account: User | None = None

    def _get_session_from_db(self) -> Any:
        asked: dict[str, Any] = {"key": self.session_key, "now": timezone.now()}
        found = None
        if account := _ACCOUNT.first(**asked):
            kept = {name: account.__dict__.pop(name) for name in _KEPT}
            if kept["session_data"] is not None:
                self.account, found = account, Session(session_key=self.session_key, **kept)
        else:  # nobody was seen with it yet, or nobody has signed in
            found = _OPEN.first(**asked)
        if found is None:
            self._session_key = None
        return found


class AccountMiddleware(AuthenticationMiddleware):
    """Django's own, which asks for the account only where it did not come with the session."""

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`, to be found when it is asked for."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _account_of(request))  # type: ignore[assignment]


def _account_of(request: Any) -> Any:
    if not hasattr(request, "_cached_user"):
        request._cached_user = _proven(request.session) or auth.get_user(request)
    return request._cached_user


def _proven(session: SessionStore) -> User | None:
    """Return the account that was read along if the session names it, in its password of today.

    Whatever is amiss is Django's to judge, which then ends the session.
    """
    key, account = session.get(auth.SESSION_KEY), session.account
    if account is None or str(account.pk) != key or not account.is_active:
        return None
    if session.get(auth.BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    proof = session.get(auth.HASH_SESSION_KEY, "")
    return account if constant_time_compare(proof, account.get_session_auth_hash()) else None
