"""What ARCHITECTURE.md says, held by machine: the tree, the files, the words."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from relais.people.access import RULES
from relais.people.models.tenant import TenantModel

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "relais"
SOURCES = [
    file
    for file in sorted(PACKAGE.rglob("*.py"))
    if "migrations" not in file.parts and "vendor" not in file.parts
]
ENGINE = sorted((PACKAGE / "engine").glob("*.py"))


def name_of(file):
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_file_holds_one_subject(file):
    assert len(file.read_text().splitlines()) <= 600, "split it by subject, never by kind"


def test_migrations_make_their_tables_at_once():
    """Step by step, an empty database takes ten times as long (bench/migrations.py)."""
    files = sorted(PACKAGE.glob("*/migrations/0*.py"))
    assert files
    assert not [name_of(f) for f in files if "class Migration(AtOnce):" not in f.read_text()], (
        "derive Migration from relais.lib.at_once.AtOnce"
    )


def test_no_file_is_named_by_kind():
    kinds = {"services.py", "utils.py", "helpers.py", "signals.py", "managers.py", "common.py"}
    assert not [name_of(file) for file in SOURCES if file.name in kinds]


def test_no_model_overrides_save_and_no_signal_is_received():
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name == "save":
                arguments = [argument.arg for argument in node.args.args]
                assert arguments[:1] != ["self"] or "form" in name_of(file), name_of(file)
            if isinstance(node, ast.ImportFrom) and node.module:
                assert "django.dispatch" not in node.module, name_of(file)
                assert not node.module.endswith("db.models.signals"), name_of(file)


@pytest.mark.parametrize("file", ENGINE, ids=name_of)
def test_a_rule_asks_no_clock_no_chance_and_no_file(file):
    """Values and `now` come in: a rule that asks by itself can be neither replayed nor proven."""
    banned = {"open", "print", "input"}
    modules = {"random", "time", "logging", "os", "pathlib", "secrets", "socket", "subprocess"}
    calls = {"now", "today", "utcnow", "default_rng", "random", "urandom"}
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & modules
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.module.split(".")[0] not in modules
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                assert node.func.id not in banned
            if isinstance(node.func, ast.Attribute):
                assert node.func.attr not in calls


def test_every_public_rule_says_what_comes_back():
    for file in ENGINE:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name_of(file)}: {node.name}"


def test_every_table_of_a_provider_has_its_rule_in_the_policy():
    missing = [
        model._meta.label
        for model in apps.get_models()
        if issubclass(model, TenantModel) and model._meta.label not in RULES
    ]
    assert not missing, "write their rule in people/access.py"


def test_the_policy_names_no_table_that_is_gone():
    known = {model._meta.label for model in apps.get_models()}
    assert not set(RULES) - known


def test_no_table_is_named_request():
    """A model of that name, handed to a template as `request`, hides the HTTP one."""
    assert not [m for m in apps.get_models() if m.__name__ in {"Request", "Signal"}]


def test_pages_and_flows_query_through_the_policy():
    """A view that writes Model.objects goes round the policy; `access.see(Model)` goes through."""
    tenant_models = {m.__name__ for m in apps.get_models() if issubclass(m, TenantModel)}
    pattern = re.compile(r"\b(" + "|".join(sorted(tenant_models)) + r")\.objects\b(?!\.create)")
    views = [f for f in SOURCES if "views" in f.parts or f.name in {"views.py", "api.py"}]
    found = {name_of(f): pattern.findall(f.read_text()) for f in views}
    assert not {file: names for file, names in found.items() if names}


def test_the_words_of_this_machine_stay_out():
    """No lock, page or script names a registry's host: each user's own setting decides."""
    for file in [*ROOT.glob("*.lock"), ROOT / "frontend" / "package-lock.json"]:
        if file.exists():
            assert "http" not in re.sub(r'"(funding|url)".*', "", file.read_text()), file.name
