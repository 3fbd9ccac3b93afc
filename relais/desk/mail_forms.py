"""The forms of mailboxes and of the sending server: no password is shown, nor sent in clear."""

from __future__ import annotations

import ipaddress
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.kept_form import KeptForm

from .models import Mailbox, SendingServer
from .models.mailbox import SecretLost, Security


class ServerForm(KeptForm):
    """What mailboxes and the sending server have in common."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    # A password just typed, sealed: it need not be typed again after the connection was tested.
    typed = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = (self.instance.host, self.instance.user) if self.instance.pk else None
        if self.instance.secret:
            self.fields["password"].help_text = _t("Leave it empty to keep the one that is known.")

    def clean(self) -> dict[str, Any] | None:
        """Refuse a password in clear over a network, and an old password for another server."""
        cleaned = super().clean() or {}
        if not _opens(self.instance, cleaned.get("typed", "")):
            self.add_error("password", _t("Type the password anew."))
        host, user = cleaned.get("host", ""), cleaned.get("user", "")
        if cleaned.get("security") == Security.NONE and host and not _is_here(host):
            self.add_error(
                "security",
                _t("The password could be read on the way: choose TLS or STARTTLS."),
            )
        moved = self.place is not None and self.place != (host, user)
        new = cleaned.get("password") or cleaned.get("typed")
        if moved and self.instance.secret and not new:
            self.add_error("password", _t("Server or user has changed: type the password anew."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()
        if password := self.cleaned_data.get("password"):
            self.instance.set_password(password)
            self.data = self.data.copy()
            self.data[self.add_prefix("typed")] = self.instance.secret
        elif typed := self.cleaned_data.get("typed"):
            self.instance.secret = typed
        self.instance.changed_at = timezone.now()
        self.instance.problem, self.instance.failures = None, 0


class MailboxForm(ServerForm):
    """A mailbox that is read."""

    class Meta:
        model = Mailbox
        fields = (
            "address",
            "host",
            "port",
            "security",
            "user",
            "password",
            "folder",
            "after",
            "moved_to",
            "take_existing",
            "active",
        )
        help_texts = {
            "address": _("The address to which your clients write."),
            "port": _("993 with TLS, 143 with STARTTLS."),
            "after": _("Never before it is safely kept in Relais."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].required = True
        known = self.instance.secret or self.data.get(self.add_prefix("typed"))
        self.fields["password"].required = not known
        if self.instance.pk:
            # Where reading began is decided once.
            del self.fields["take_existing"]

    def clean(self) -> dict[str, Any] | None:
        """Refuse to move mails into the folder that is read."""
        cleaned = super().clean() or {}
        if cleaned.get("after") == Mailbox.After.MOVE:
            if not cleaned.get("moved_to"):
                self.add_error("moved_to", _t("Name the folder for the mails taken in."))
            elif cleaned.get("moved_to") == cleaned.get("folder"):
                self.add_error("moved_to", _t("That is the folder that is read: name another."))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()
        # Another folder has numbers of its own.
        if self.instance.pk and {"host", "user", "folder"} & {*self.changed_data}:
            self.instance.uid_validity, self.instance.last_uid = None, 0
            self.instance.takes_from = timezone.now()


class SendingForm(ServerForm):
    """The server by which letters leave."""

    class Meta:
        model = SendingServer
        fields = (
            "sender",
            "sender_name",
            "host",
            "port",
            "security",
            "user",
            "password",
            "sent_in",
            "sent_folder",
            "active",
        )
        help_texts = {
            "port": _("465 with TLS, 587 with STARTTLS."),
            "sent_in": _(
                "If your server keeps a copy of all it sends: a letter that a crash leaves in "
                "doubt is then looked for there, instead of waiting for you."
            ),
        }

    def __init__(self, *args: Any, boxes: QuerySet[Mailbox], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sent_in"].queryset = boxes

    def clean(self) -> dict[str, Any] | None:
        """Refuse a folder without its mailbox, and the other way round."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("sent_in")) != bool(cleaned.get("sent_folder")):
            self.add_error("sent_folder", _t("Choose the mailbox and name its folder, or neither."))
        return cleaned


def _opens(server: Mailbox | SendingServer, typed: str) -> bool:
    """Return whether a sealed password is one of ours."""
    before, server.secret = server.secret, typed
    try:
        server.password()
    except SecretLost:
        return False
    finally:
        server.secret = before
    return True


def _is_here(host: str) -> bool:
    """Return whether a server is this very machine."""
    if host in ("localhost", "localhost.localdomain"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
