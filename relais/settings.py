"""Settings, all from the environment. `relais check` names a bad one and the mend."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from relais import database
from relais.lib import logs

BASE_DIR = Path(__file__).resolve().parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on", "oui"}


def _list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def _number(name: str, default: int) -> int:
    given = os.environ.get(name, "")
    return int(given) if given.isdecimal() else default


def _secret_key() -> str:
    """Return RELAIS_SECRET_KEY, or the key kept in the folder of data, made at the first start."""
    if key := os.environ.get("RELAIS_SECRET_KEY"):
        return key
    file = database.data_dir() / "secret_key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass
    return file.read_text().strip()


def _hosts() -> list[str]:
    """Return the host names served: RELAIS_HOSTS, else that of RELAIS_URL and this machine."""
    named = urlsplit(os.environ.get("RELAIS_URL", "")).hostname
    return _list("RELAIS_HOSTS") or [*([named] if named else []), "localhost", "127.0.0.1", "[::1]"]


DEBUG = False
SECRET_KEY = _secret_key()
DATA_DIR = database.data_dir()
PUBLIC_URL = os.environ.get("RELAIS_URL", "").rstrip("/")
# What links in letters begin with.
SITE_URL = PUBLIC_URL or f"http://localhost:{os.environ.get('PORT', '8000')}"
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = _hosts()
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
LOGGING = logs.configuration(
    level=os.environ.get("RELAIS_LOG_LEVEL", "INFO").upper(),
    plain=os.environ.get("RELAIS_LOG", "text" if sys.stderr.isatty() else "json") == "text",
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "relais.apps.RelaisConfig",
    "relais.people",
    "relais.offer",
    "relais.desk",
    "relais.planning",
    "relais.study",
    "relais.records",
]

MIDDLEWARE = [
    "relais.lib.health.HealthMiddleware",
    "relais.lib.logs.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "relais.people.sessions.AccountMiddleware",
    "relais.people.signin.SessionsMiddleware",
    "relais.people.signin.FirmAwayMiddleware",
    "relais.people.keys.ApiKeyMiddleware",
    "relais.people.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "relais.lib.fragments.FragmentSignInMiddleware",
    "relais.lib.tenancy.TenantMiddleware",
    "relais.people.middleware.PersonMiddleware",
    "relais.desk.attempts.WayMiddleware",
    "relais.people.middleware.AdmissionMiddleware",
    "relais.people.keys.OnceMiddleware",
]

ROOT_URLCONF = "relais.urls"
WSGI_APPLICATION = "relais.wsgi.application"
FORM_RENDERER = "relais.lib.drawn_forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "relais.people.middleware.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]

DATABASES = {"default": database.django_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        # Rate limits need a cache that every process shares.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "relais_cache",
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
FORMAT_MODULE_PATH = "relais.lib.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = database.data_dir() / "static"
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_HANDLERS = [
    "relais.lib.uploads.LengthHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Files of the threads: where they lie (see lib/vault.py), how large, and what is not taken.
FILE_STORE = os.environ.get("RELAIS_STORE", "")
ATTACHMENT_MB = _number("RELAIS_ATTACHMENT_MB", 25)
_HARMFUL = (
    "ade,adp,app,bat,chm,cmd,com,cpl,dll,exe,hta,jar,js,jse,lnk,msc,msi,msp,ps1,reg,scr,sct,"
    "vb,vbe,vbs,wsc,wsf,wsh"
)
_refused = os.environ.get("RELAIS_ATTACHMENT_REFUSED", _HARMFUL)
ATTACHMENT_REFUSED = frozenset(part.strip(" .").lower() for part in _refused.split(",")) - {""}
# No upload of any kind is longer.
UPLOAD_LIMIT = max(ATTACHMENT_MB, 64) * 2**20
# How long a verb can be undone, and a letter that it wrote is held back; 0: not at all.
UNDO_SECONDS = _number("RELAIS_UNDO_SECONDS", 60)

# The prefix binds a cookie to this very host, so that no sister site can plant one.
_COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_ENGINE = "relais.people.sessions"
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}relais_session"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}relais_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_SSL_REDIRECT = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The firm's own sign-in, for accounts that exist: RELAIS_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET,
# _NAME; _TRUST_EMAIL=1 for a provider that vouches for addresses without saying so (Entra ID).
OIDC_ISSUER = os.environ.get("RELAIS_OIDC_ISSUER", "").rstrip("/")
OIDC_NAME = os.environ.get("RELAIS_OIDC_NAME", "OpenID Connect") if OIDC_ISSUER else ""
_FORMS_LEAD_TO = ["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else []

# Nothing from elsewhere, nothing inline.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Browsers hold the redirect that follows a form to this list too.
        "form-action": ["'self'", *_FORMS_LEAD_TO],
    }
}

# Sign-in: see people/signin.py and docs/exploitation.md.
ACCOUNT_ADAPTER = "relais.people.signin.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "relais.people.signin.SocialAccountAdapter"
MFA_ADAPTER = "relais.people.signin.MFAAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
# A letter "there is no account here" would let strangers have letters sent to anybody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/300s/key"}
_proxies = os.environ.get("RELAIS_PROXIES", "0")
ALLAUTH_TRUSTED_PROXY_COUNT = int(_proxies) if _proxies.isdigit() else 0
USERSESSIONS_TRACK_ACTIVITY = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "relais.people.passkeys.AddPasskeyForm"}
MFA_TOTP_ISSUER = "Relais"
# Browsers take http://localhost for a secure place, and nothing else without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
if OIDC_ISSUER:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] |= {
        "VERIFIED_EMAIL": _flag("RELAIS_OIDC_TRUST_EMAIL"),
        "APPS": [
            {
                "provider_id": "firm",
                "name": OIDC_NAME,
                "client_id": os.environ.get("RELAIS_OIDC_CLIENT_ID", ""),
                "secret": os.environ.get("RELAIS_OIDC_CLIENT_SECRET", ""),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }

# The demo lives its nine months in the background; RELAIS_DEMO_HISTORY=0 keeps it to the last days.
DEMO_HISTORY = os.environ.get("RELAIS_DEMO_HISTORY", "1") != "0"

# Webhooks call addresses of the open internet by TLS; RELAIS_WEBHOOKS_INSIDE=1 lets them call one's
# own network too.
WEBHOOKS_INSIDE = _flag("RELAIS_WEBHOOKS_INSIDE")

# Mail: RELAIS_SMTP=smtp://user:password@host:587 (smtps:// for TLS from the start); without it
# letters are laid as files in the folder of data, and the start-up says so.
EMAIL_FILE_PATH = database.data_dir() / "outgoing-mail"
DEFAULT_FROM_EMAIL = os.environ.get("RELAIS_FROM", "Relais <relais@localhost>")
if _smtp := os.environ.get("RELAIS_SMTP"):
    _parts = urlsplit(_smtp)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _parts.hostname or "localhost"
    EMAIL_PORT = _parts.port or (465 if _parts.scheme == "smtps" else 587)
    EMAIL_HOST_USER = unquote(_parts.username or "")
    EMAIL_HOST_PASSWORD = unquote(_parts.password or "")
    EMAIL_USE_SSL = _parts.scheme == "smtps"
    EMAIL_USE_TLS = _parts.scheme == "smtp" and bool(EMAIL_HOST_USER)
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
