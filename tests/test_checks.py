"""A bad setting is named at the start, with its mend."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from relais import checks

STRONG = "kP3vX9qLm2ZtR8wNc5YbH7dJf4GsA6eUo1iVyQxWzT0rBnMl"
HTTPS = {"RELAIS_URL": "https://relais.firm.fr", "RELAIS_PROXIES": "1"}
MAIL = {"RELAIS_SMTP": "smtp://u:p@mail.firm.fr:587", "RELAIS_FROM": "Relais <relais@firm.fr>"}


@pytest.fixture
def found(monkeypatch, settings):
    """Return a function from an environment to the identities of the faults found in it."""
    for name in [name for name in os.environ if name.startswith("RELAIS_")]:
        monkeypatch.delenv(name)

    def faults(environment, **more):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.PUBLIC_URL = environment.get("RELAIS_URL", "")
        settings.SECURE = settings.PUBLIC_URL.startswith("https://")
        settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "relais.firm.fr"][
            : 3 if settings.PUBLIC_URL else 2
        ]
        settings.DEFAULT_FROM_EMAIL = environment.get("RELAIS_FROM", "Relais <relais@localhost>")
        settings.DEBUG = False
        for name, value in more.items():
            setattr(settings, name, value)
        return {fault.id for fault in checks.check_settings()} - {"relais.W050", "relais.W051"}

    return faults


def test_nothing_to_say_at_home(found):
    assert found({}) == set()


def test_nothing_to_say_of_a_good_installation(found):
    assert found(HTTPS | MAIL | {"RELAIS_SECRET_KEY": STRONG}) == set()


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"RELAIS_URL": "relais.firm.fr"}, "relais.E002"),
        ({"RELAIS_URL": "https://relais.firm.fr/path"}, "relais.E002"),
        ({"RELAIS_URL": "https://other.firm.fr"}, "relais.E003"),
        ({"RELAIS_URL": "http://relais.firm.fr"}, "relais.E004"),
        ({"RELAIS_URL": "http://relais.firm.fr", "RELAIS_ALLOW_HTTP": "1"}, "relais.W004"),
        ({"RELAIS_PROXIES": "many"}, "relais.E010"),
        ({"RELAIS_URL": "https://relais.firm.fr"}, "relais.W010"),
        (HTTPS, "relais.W020"),
        ({"RELAIS_SMTP": "mail.firm.fr"}, "relais.E021"),
        ({"RELAIS_SMTP": "smtp://u:p@mail.firm.fr:port"}, "relais.E021"),
        (MAIL | {"RELAIS_FROM": "Relais <relais@localhost>"}, "relais.E022"),
        ({"RELAIS_SECRET_KEY": "secret"}, "relais.E030"),
        ({"RELAIS_SECRET_KEY": "a" * 60}, "relais.E030"),
        ({"RELAIS_OIDC_ISSUER": "https://id.firm.fr"}, "relais.E060"),
        (
            {
                "RELAIS_OIDC_ISSUER": "http://id.firm.fr",
                "RELAIS_OIDC_CLIENT_ID": "a",
                "RELAIS_OIDC_CLIENT_SECRET": "b",
            },
            "relais.E061",
        ),
    ],
)
def test_each_fault_is_named(found, environment, fault):
    assert fault in found(environment)


def test_hosts_without_an_address_are_named(found):
    assert "relais.E001" in found({}, ALLOWED_HOSTS=["relais.firm.fr"])


def test_debug_is_named(found):
    assert "relais.E070" in found({}, DEBUG=True)


def test_a_folder_that_cannot_be_written_is_named(found, tmp_path):
    (tmp_path / "file").write_text("")
    assert "relais.E040" in found({}, DATA_DIR=tmp_path / "file")


def test_every_fault_says_the_mend(found):
    found({"RELAIS_URL": "http://other.firm.fr", "RELAIS_SECRET_KEY": "x", "RELAIS_PROXIES": "x"})
    for fault in checks.check_settings():
        assert fault.hint, fault.id


def test_the_web_does_not_start_on_a_bad_setting(tmp_path):
    environment = os.environ | {"RELAIS_DATA": str(tmp_path), "RELAIS_SECRET_KEY": "short"}
    done = subprocess.run(
        [sys.executable, "-c", "import relais.wsgi"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "RELAIS_SECRET_KEY is too easy to guess" in done.stderr
