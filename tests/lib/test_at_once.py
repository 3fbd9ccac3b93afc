"""A migration that makes its tables at once says the same as one that goes step by step."""

import pytest
from django.db import connection, models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    Migration,
    RunSQL,
)
from django.db.migrations.state import ProjectState

from relais.lib.at_once import AtOnce


def key():
    return ("id", models.BigAutoField(primary_key=True))


def steps():
    return [
        CreateModel("Book", [key(), ("title", models.CharField(max_length=20))]),
        CreateModel("Page", [key(), ("book", models.ForeignKey("shelf.book", models.CASCADE))]),
        AddField("book", "first", models.ForeignKey("shelf.page", models.CASCADE, null=True)),
        AddConstraint("book", models.UniqueConstraint(fields=["title"], name="title_once")),
        AddIndex("book", models.Index(fields=["title"], name="by_title")),
        RunSQL("comment on table shelf_book is 'kept'"),
        AlterField("book", "title", models.CharField(max_length=40)),
        AddField("book", "shelf", models.IntegerField(null=True)),
    ]


def made_by(base):
    """Return what it says to the database, and the state after it."""
    migration = base("0001_shelf", "shelf")
    migration.operations = steps()
    with connection.schema_editor(collect_sql=True) as editor:
        state = migration.apply(ProjectState(), editor)
    said = [line for line in editor.collected_sql if not line.startswith("--")]
    return said, state


@pytest.mark.django_db
def test_the_tables_are_made_once_and_whole():
    said, _ = made_by(AtOnce)
    (book,) = [line for line in said if line.startswith('CREATE TABLE "shelf_book"')]
    assert '"first_id" bigint NULL' in book and 'CONSTRAINT "title_once" UNIQUE' in book
    assert "shelf" not in book.replace("shelf_", ""), "what comes after the SQL comes after it"
    for once in ("title_once", 'INDEX "by_title"', "TYPE varchar(40)", 'ADD COLUMN "shelf"'):
        assert len([line for line in said if once in line]) == 1, once
    words = ("CREATE TABLE", "comment on", "TYPE varchar(40)", 'ADD COLUMN "shelf"')
    order = [next(n for n, line in enumerate(said) if word in line) for word in words]
    assert order == sorted(order)


@pytest.mark.django_db
def test_the_state_is_as_step_by_step():
    at_once, steps = made_by(AtOnce)[1], made_by(Migration)[1]
    assert at_once == steps
    model = at_once.apps.get_model("shelf", "book")
    assert [field.name for field in model._meta.fields] == ["id", "title", "first", "shelf"]
    assert model._meta.get_field("title").max_length == 40
