"""The inventory is typed as in a spreadsheet: each cell is kept, or refused with its mend."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from relais.people.models import OrganisationChange
from relais.study import grid, inventorying, reading_cells
from relais.study.errors import ChangedMeanwhile, NothingToUndo, NotInThisPhase, NotPiloting
from relais.study.models import InventoryLine
from relais.study.reading_cells import Unread

from .conftest import a_line


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def events(*kinds):
    return OrganisationChange.objects.filter(kind__in=kinds).count()


# What is written, and how it is read: minutes, then three points, then how often.
MINUTES = {
    "1h30": 90, "1 h 30": 90, "90 min": 90, "0,5 j": 210, "1:30": 90, "45'": 45, "30": 30,
    "1,5h": 90, "env. 20 min": 20, "10/02/2024": None, "1h75": None, "longtemps": None, "-3": None,
}  # fmt: skip
SPANS = {"20-40 min": (20, 30, 40), "1h à 2h": (60, 90, 120), "30": (30, 30, 30), "40-20": None}
TIMES = {
    "2 x/semaine": (2, "week"), "3 fois par mois": (3, "month"), "quotidien": (1, "day"),
    "12/an": (12, "year"), "tous les 15 jours": (1, "fortnight"), "10": (10, None),
    "tous les jours": (1, "day"), "every 2 weeks": (1, "fortnight"), "1 234,5": (1234.5, None),
    "selon besoin": None, "3/2/2024": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "table"),
    [(reading_cells.minutes, MINUTES), (reading_cells.span, SPANS), (reading_cells.times, TIMES)],
)
def test_cells_are_read_as_people_write_them(reader, table):
    for text, meant in table.items():
        if meant is None:
            with pytest.raises(Unread):
                reader(text)
        else:
            assert reader(text) == meant, text


@pytest.fixture
def type_in(world, study, client_of):
    """Return a function that types a cell as Basile and returns status and answer."""
    client = client_of(world.people.basile)

    def type_cell(line, field, value, **more):
        sent = {"line": getattr(line, "pk", line), "field": field, "value": value} | more
        answer = client.post(reverse("inventory_cell", args=[study.pk]), sent)
        return answer.status_code, answer.json() if answer.status_code != 404 else None

    return type_cell


def test_a_line_is_typed_cell_by_cell(world, study, type_in):
    status, told = type_in("new", "count", "3")
    assert status == 422 and "Saisissez d’abord la tâche" in told["row"]
    assert type_in("new", "task", "Préparer le CODIR")[0] == 200
    line = InventoryLine.objects.get()
    assert line.site == world.sites.aix and line.typed_by == world.people.basile
    assert type_in(line, "count", "2 x/semaine")[0] == 200
    status, told = type_in(line, "minutes_usual", "1h30")
    assert status == 200 and "156,0" in told["row"] and "156 h" in told["sums"]
    assert type_in(line, "minutes_high", "2h")[0] == 200
    line.refresh_from_db()
    assert (line.count, line.period, line.minutes) == (2, "week", (90, 90, 120))
    assert events("line_added") == 1 and events("line_changed") == 3


# What is typed, where, and what is said beside it.
WRONG = {
    "minutes_low": ("2h", "au moins ≤ d’habitude"),
    "count": ("souvent", "2 x/semaine"),
    "site": ("Brest", "Aix, Lyon"),
    "confidence": ("4", "de 1 à 3"),
    "rework": ("120", "0 à 100 %"),
    "family": ("<b>", "Choisissez parmi"),
    "task": ("", "Écrivez ce qui est fait"),
}


def test_what_cannot_be_is_said_beside_the_cell_and_not_lost(world, study, type_in):
    line = a_line(study, world.sites.aix)
    for field, (typed, said) in WRONG.items():
        status, told = type_in(line, field, typed)
        assert status == 422 and said in told["row"], field
        assert typed.replace("<b>", "&lt;b&gt;") in told["row"] and "<b>" not in told["row"]
    line.refresh_from_db()
    assert line.version == 1 and not events("line_changed")


def test_two_at_once_leave_one_winner_and_the_other_word_is_shown(world, study, type_in):
    line = a_line(study, world.sites.aix)
    same = InventoryLine.objects.get(pk=line.pk)
    inventorying.change(line, {"count": 12.0}, by=world.people.paul)
    with pytest.raises(ChangedMeanwhile):
        inventorying.change(same, {"count": 13.0}, by=world.people.basile)
    status, told = type_in(line, "count", "13", was="10")
    assert status == 422 and "« 12 » entre-temps" in told["row"]
    assert type_in(line, "count", "13", was="12")[0] == 200


def test_only_who_leads_types_and_only_until_it_is_decided(world, study, client_of, type_in):
    line = a_line(study, world.sites.aix)
    for name in ("claire", "alice", "marc"):
        client = client_of(getattr(world.people, name))
        sent = {"line": line.pk, "field": "count", "value": "1"}
        assert client.post(reverse("inventory_cell", args=[study.pk]), sent).status_code == 404
    with pytest.raises(NotPiloting):
        inventorying.change(line, {"count": 1}, by=world.people.claire)
    study.phase = line.study.phase = "decided"
    with pytest.raises(NotInThisPhase):
        inventorying.remove(line, by=world.people.basile)


def test_a_block_of_a_spreadsheet_is_pasted_and_undone_at_once(world, study):
    basile, first = world.people.basile, a_line(study, world.sites.aix)
    text = "Agenda\tAssistante\t2\tsemaine\nNotes\tAssistante\tx\tmois\n\tAide\n"
    count, refused = inventorying.paste(study, text, [first.pk], "task", by=basile)
    assert count == 2 and [(one.row, one.column) for one in refused] == [(1, 2), (2, 0)]
    first.refresh_from_db()
    assert (first.task, first.doer_role, first.count, first.period) == (
        "Agenda", "Assistante", 2, "week",
    )  # fmt: skip
    fresh = InventoryLine.objects.get(task="Notes")
    assert (fresh.site, fresh.family, fresh.period) == (first.site, "agenda", "month")
    assert inventorying.undo(study, by=basile) == 2
    first.refresh_from_db()
    assert first.task == "Tenir l’agenda" and InventoryLine.objects.count() == 1
    with pytest.raises(NothingToUndo):
        inventorying.undo(study, by=basile)
    assert events("lines_pasted", "line_undone") == 2


def test_a_removed_line_comes_back_and_nobody_undoes_anothers_work(world, study):
    basile, line = world.people.basile, a_line(study, world.sites.aix, months=[1.0] * 12)
    inventorying.remove(line, by=basile)
    with pytest.raises(NothingToUndo):
        inventorying.undo(study, by=world.people.paul)
    inventorying.undo(study, by=basile)
    same = InventoryLine.objects.get()
    assert (same.pk, same.task, same.months) == (line.pk, line.task, [1.0] * 12)
    inventorying.change(same, {"count": 4.0}, by=basile)
    again = InventoryLine.objects.get()
    inventorying.change(again, {"count": 5.0}, by=world.people.paul)
    with pytest.raises(ChangedMeanwhile):
        inventorying.undo(study, by=basile)


def test_what_was_validated_is_so_until_it_changes(world, study):
    line = a_line(study, world.sites.aix)
    inventorying.validate(line, by=world.people.basile)
    assert line.validated_by_id == world.people.basile.pk and events("line_validated") == 1
    inventorying.change(line, {"count": 11.0}, by=world.people.paul)
    assert line.validated_at is None


def test_the_page_of_the_grid_and_of_a_line(world, study, client_of):
    people, aix = world.people, world.sites.aix
    line = a_line(study, aix, rework=10)
    a_line(study, world.sites.lyon, "Distribuer", same_as="x", value="NVA")
    url = reverse("inventory", args=[study.pk])
    basile = client_of(people.basile)
    page = basile.get(url, {"site": aix.pk, "sort": "hours", "q": "AGENDA"}).content.decode()
    assert "Tenir l’agenda" in page and 'data-line="new"' in page and "Distribuer" not in page
    for odd in ({"site": "9" * 30}, {"page": "99999"}, {"sort": "x", "family": "\0"}):
        assert basile.get(url, odd).status_code == 200
    page = client_of(people.claire).get(url).content.decode()
    assert "Distribuer" in page and 'data-line="new"' not in page and "inventory.js" not in page
    assert client_of(people.marc).get(url).status_code == 404
    one = reverse("inventory_line", args=[line.pk])
    sent = {
        "site": aix.pk, "family": "agenda", "task": "Agenda", "count": 10, "period": "month",
        "minutes_low": 20, "minutes_usual": 10, "minutes_high": 40, "deadline": "none",
        "secrecy": 1, "presence": "remote", "knowledge": 3, "relation": 3, "standard": 3,
        "automatable": 3, "documented": "none", "errors": 0, "rework": 0, "waiting": 0,
        "value": "VA", "evidence": "observed", "confidence": 2, "month_1": 2,
        "seen": basile.get(one).context["form"].initial["seen"],
    }  # fmt: skip
    assert "au moins ≤ d’habitude" in basile.post(one, sent).content.decode()
    assert basile.post(one, sent | {"minutes_usual": 30}).status_code == 302
    line.refresh_from_db()
    assert line.task == "Agenda" and line.months == [12.0] + [0.0] * 11
    assert client_of(people.claire).post(one, sent).status_code == 404
    assert client_of(people.erwan).get(one).status_code == 404
    for name in ("validate", "remove"):
        assert basile.post(reverse(f"inventory_{name}", args=[line.pk])).status_code == 302
    assert basile.post(reverse("inventory_undo", args=[study.pk])).status_code == 302
    assert InventoryLine.objects.count() == 2
    new = reverse("inventory_new", args=[study.pk])
    assert basile.post(new, sent | {"minutes_usual": 30, "seen": ""}).status_code == 302
    pasted = {"field": "task", "text": "A\nB", "lines": f"{line.pk},x,{'9' * 18}"}
    answer = basile.post(reverse("inventory_paste", args=[study.pk]), pasted)
    assert answer.status_code == 200 and answer.json()["refused"] == []


def test_the_grid_asks_as_much_for_many_lines_as_for_few(
    world, study, django_assert_max_num_queries
):
    sites = inventorying.sites_of(study)
    for number in range(30):
        a_line(study, world.sites.aix, f"Tâche {number}")
    with django_assert_max_num_queries(2):
        shown = grid.look(study, InventoryLine.objects.all(), grid.Asked(), sites)
        assert shown.drawn.count("<tr") == 30


def test_the_api_of_the_inventory(world, study, call):
    basile, path = world.people.basile, f"studies/{study.pk}/lines"
    sent = {"task": "Agenda", "site": "lyon", "count": "2 x/semaine", "minutes_usual": "1h30"}
    status, line = call(basile, "POST", path, **sent)
    assert status == 201 and line["hours"] == 156 and line["site"]["name"] == "Lyon"
    status, told = call(basile, "POST", path, **sent | {"site": "Brest", "count": "souvent"})
    assert status == 422 and [one["field"] for one in told["errors"]] == ["site", "count"]
    assert call(basile, "POST", path, count=3)[0] == 422
    one = f"study_lines/{line['id']}"
    assert call(basile, "POST", f"{one}/edit", waiting=25, version=1)[1]["waiting"] == 25
    assert call(basile, "POST", f"{one}/edit", waiting=30, version=1)[0] == 409
    assert call(basile, "POST", f"{one}/validate")[1]["validated"] is True
    pasted = {"text": "Notes\tAide", "lines": [line["id"]], "field": "task"}
    assert call(basile, "POST", f"{path}/paste", **pasted)[1] == {"lines": 1, "refused": []}
    assert call(basile, "POST", f"{path}/undo") == (200, {"lines": 1})
    assert call(world.people.claire, "GET", path)[1]["items"][0]["task"] == "Agenda"
    assert call(world.people.marc, "GET", path)[0] == 404
    assert call(world.people.claire, "POST", f"{one}/remove")[0] == 404
    assert call(basile, "POST", f"{one}/remove")[0] == 200
    for _times in range(4):  # the removal, the change and the line
        status, _told = call(basile, "POST", f"{path}/undo")
    assert status == 409 and not InventoryLine.objects.exists()
