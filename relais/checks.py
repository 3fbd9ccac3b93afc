"""What is wrong with the settings, and the mend; asked at every start and by `relais check`.

An error stops the start, a warning is shown. Each has an identity that docs/ explains and
SILENCED_SYSTEM_CHECKS takes.
"""

from __future__ import annotations

import ipaddress
import os
import sys
import tempfile
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.http.request import validate_host

LEAST_KEY = 40


@register("relais")
def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Return every fault of the settings."""
    return [*_address(), *_proxies(), *_mail(), *_key(), *_folder(), *_built(), *_oidc(), *_debug()]


def refuse_bad_settings() -> None:
    """End the process when a setting is wrong, naming each and its mend."""
    faults = [fault for fault in check_settings() if fault.is_serious()]
    if faults:
        sys.exit("\n".join(f"{fault.id}: {fault.msg}\n  {fault.hint}" for fault in faults))


def _is_local(host: str) -> bool:
    if host in ("localhost", "") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _address() -> Iterator[CheckMessage]:
    given = os.environ.get("RELAIS_URL", "")
    if not given:
        strangers = [host for host in settings.ALLOWED_HOSTS if not _is_local(host)]
        if strangers:
            yield Error(
                f"RELAIS_HOSTS lets {', '.join(strangers)} in, but RELAIS_URL is not set: "
                "links in letters would point to this machine only.",
                hint=f"Set RELAIS_URL=https://{strangers[0].lstrip('.*')}",
                id="relais.E001",
            )
        return
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        yield Error(
            f"RELAIS_URL={given} is not the address of a site.",
            hint="Write scheme and host only, such as RELAIS_URL=https://relais.example.fr",
            id="relais.E002",
        )
        return
    if not validate_host(parts.hostname, settings.ALLOWED_HOSTS):
        yield Error(
            f"RELAIS_URL names {parts.hostname}, which RELAIS_HOSTS does not let in: "
            "every page would answer 400.",
            hint=f"Add {parts.hostname} to RELAIS_HOSTS, or leave RELAIS_HOSTS out.",
            id="relais.E003",
        )
    if parts.scheme == "http" and not _is_local(parts.hostname):
        yield (
            Error(
                f"RELAIS_URL={given} is not encrypted: passwords and sessions could be read on the "
                "way, and browsers refuse passkeys.",
                hint="Put a reverse proxy with TLS before Relais and write https:// "
                "(RELAIS_ALLOW_HTTP=1 takes the risk on a network of your own).",
                id="relais.E004",
            )
            if os.environ.get("RELAIS_ALLOW_HTTP") != "1"
            else Warning(
                f"RELAIS_URL={given} is not encrypted (RELAIS_ALLOW_HTTP=1).", id="relais.W004"
            )
        )


def _proxies() -> Iterator[CheckMessage]:
    given = os.environ.get("RELAIS_PROXIES", "0")
    if not given.isdigit() or int(given) > 9:
        yield Error(
            f"RELAIS_PROXIES={given} is not a number of proxies.",
            hint="Write how many reverse proxies stand before Relais: usually 1.",
            id="relais.E010",
        )
    elif settings.SECURE and given == "0":
        yield Warning(
            "RELAIS_URL is https, but RELAIS_PROXIES is 0: every visitor seems to come from the "
            "proxy's address, so that one who guesses passwords locks everybody out.",
            hint="Set RELAIS_PROXIES=1 (the number of proxies that set X-Forwarded-For).",
            id="relais.W010",
        )


def _mail() -> Iterator[CheckMessage]:
    given = os.environ.get("RELAIS_SMTP", "")
    if not given and settings.PUBLIC_URL:  # at home the start-up message says so
        yield Warning(
            f"No mail server: letters are laid as files in {settings.EMAIL_FILE_PATH}.",
            hint="Set RELAIS_SMTP=smtp://user:password@host:587 (smtps://… for port 465).",
            id="relais.W020",
        )
    if not given:
        return
    parts = urlsplit(given)
    try:
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not port_fits:
        yield Error(
            "RELAIS_SMTP is not the address of a mail server.",
            hint="Write smtp://user:password@host:587, special characters of the password as %XX.",
            id="relais.E021",
        )
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "@" not in sender or sender.endswith("@localhost"):
        yield Error(
            f"RELAIS_FROM ({settings.DEFAULT_FROM_EMAIL}) is no address that a mail server takes.",
            hint='Set RELAIS_FROM="Relais <relais@your-domain.fr>"',
            id="relais.E022",
        )


def _key() -> Iterator[CheckMessage]:
    given = os.environ.get("RELAIS_SECRET_KEY")
    if given is not None and (len(given) < LEAST_KEY or len(set(given)) < 10):
        yield Error(
            "RELAIS_SECRET_KEY is too easy to guess: sessions could be forged.",
            hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'; or leave "
            "it out: a key is then kept in the folder of data.",
            id="relais.E030",
        )


def _folder() -> Iterator[CheckMessage]:
    folder = Path(settings.DATA_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        yield Error(
            f"The folder of data {folder} cannot be written ({problem.strerror}).",
            hint="Set RELAIS_DATA to a folder of the user who runs Relais, or give that user "
            "the right to write there.",
            id="relais.E040",
        )


def _built() -> Iterator[CheckMessage]:
    mend = "Run script/setup (or: python hatch_build.py)."
    if not (settings.BASE_DIR / "static" / "vendor" / ".built").is_file():
        yield Warning("The interface's files are not built.", hint=mend, id="relais.W050")
    french = settings.BASE_DIR / "locale" / "fr"
    if any(french.glob("*.po")) and not (french / "LC_MESSAGES" / "django.mo").is_file():
        yield Warning("The French translations are not built.", hint=mend, id="relais.W051")


def _oidc() -> Iterator[CheckMessage]:
    names = ("RELAIS_OIDC_ISSUER", "RELAIS_OIDC_CLIENT_ID", "RELAIS_OIDC_CLIENT_SECRET")
    missing = [name for name in names if not os.environ.get(name)]
    if missing and len(missing) < len(names):
        yield Error(
            f"The firm's sign-in (OpenID Connect) lacks {', '.join(missing)}.",
            hint="Set all three, or none.",
            id="relais.E060",
        )
        return
    issuer = urlsplit(os.environ.get("RELAIS_OIDC_ISSUER", ""))
    if not missing and (
        issuer.scheme not in ("http", "https")
        or not issuer.hostname
        or (issuer.scheme == "http" and not _is_local(issuer.hostname))
    ):
        yield Error(
            "RELAIS_OIDC_ISSUER is not an https:// address.",
            hint="Write the issuer as the identity provider names it, without /.well-known/…",
            id="relais.E061",
        )


def _debug() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error(
            "DEBUG shows settings and data to whoever meets an error.",
            hint="Leave DEBUG at False in relais/settings.py.",
            id="relais.E070",
        )
