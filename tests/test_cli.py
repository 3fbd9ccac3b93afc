"""The command `relais` explains itself, in both languages, and names what is to be mended."""

import ast
import gettext
import importlib
import pkgutil
from pathlib import Path

import pytest
from django.utils import translation

import relais
from relais import cli
from relais.lib import terminal
from relais.lib.problem import Problem

FRENCH = gettext.translation("django", terminal.LOCALE, ["fr"])


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(list(arguments))
    return end.value.code


@pytest.fixture(autouse=True)
def english(monkeypatch):
    for name in ("RELAIS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def test_alone_it_lists_every_operation_with_a_line(capsys):
    assert run() == 0
    told = capsys.readouterr().out
    for command in cli.COMMANDS.values():
        assert f"relais {command.name}" in told
        assert command.line in told


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LANG", "en_US.UTF-8", "en"),
        ("LANG", "fr_FR.UTF-8", "fr"),
        ("LANG", "C.UTF-8", "fr"),
        ("LANG", "", "fr"),
        ("LC_ALL", "fr_BE", "fr"),
        ("RELAIS_LANG", "fr", "fr"),
    ],
)
def test_french_unless_the_environment_asks_for_english(monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    assert terminal.language() == expected


def test_it_speaks_french(monkeypatch, capsys):
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    run()
    assert "démarre tout et attend Ctrl-C" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_each_operation_explains_itself(name, capsys):
    assert run(name, "--help") == 0
    assert cli.COMMANDS[name].line in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_each_line_is_said_in_french(name):
    line = cli.COMMANDS[name].line
    assert FRENCH.gettext(line) != line


def test_an_unknown_operation_is_named(capsys):
    assert run("fly") == 2
    assert "no command fly" in capsys.readouterr().err


def test_a_missing_file_is_named(capsys):
    assert run("receive", "/no/such/file.eml") == 2
    assert "/no/such/file.eml" in capsys.readouterr().err


def test_one_bad_file_does_not_stop_the_others(capsys):
    seen = []

    def work(path):
        seen.append(path)
        if path == "bad":
            raise cli.NoSuchFile(path=path)

    assert cli.one_by_one(["good", "bad", "late"], work) == 2
    assert seen == ["good", "bad", "late"]


def problems():
    """Return every error of ours that a person can mend, wherever it is written."""
    for module in pkgutil.walk_packages(relais.__path__, "relais."):
        if ".migrations" not in module.name and module.name != "relais.wsgi":
            importlib.import_module(module.name)
    found, todo = [], [Problem]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("relais.") and "message" in vars(kind):
            found.append(kind)
    return [kind for kind in found if kind is not Problem]


def test_every_problem_is_said_in_french():
    with translation.override("en"):
        said = {f"{kind.__module__}.{kind.__name__}": str(kind.message) for kind in problems()}
    # What hands on a form's own words says them in the reader's language already.
    mute = {name: text for name, text in said.items() if text != "%(text)s"}
    assert {name: text for name, text in mute.items() if FRENCH.gettext(text) == text} == {}


@pytest.mark.parametrize(
    "file", sorted(Path(relais.__file__).parent.glob("*.py")), ids=lambda file: file.name
)
def test_every_word_of_the_command_is_said_in_french(file):
    said = [
        call.args[0].value
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("N_", "translate", "say")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    same_in_french = {"Relais %(version)s", "Web"}
    assert [
        text for text in said if FRENCH.gettext(text) == text and text not in same_in_french
    ] == []
