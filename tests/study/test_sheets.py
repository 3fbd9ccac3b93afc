"""Spreadsheets as people have them: each read rightly, or refused with the cell and the mend."""

import datetime as dt
import io
from collections import Counter
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import Workbook
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.people.models import OrganisationChange, Site
from relais.planning.models import BusySource, BusyTime
from relais.study import deriving, reading_book, taking_sheets
from relais.study.errors import BeingTaken, NothingThere, TooManyLines
from relais.study.line_fields import SitesByName
from relais.study.models import InventoryLine, SheetImport
from relais.study.reading_book import table_of
from relais.study.reading_sheet import read_sheet

SITES = SitesByName([Site(pk=1, name="Aix"), Site(pk=2, name="Lyon", city="Lyon")])


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def csv(text, encoding="utf-8"):
    return text.encode(encoding)


def book(rows, tune: Callable | None = None):
    made = Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    if tune:
        tune(sheet)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def merged(*ranges):
    def tune(sheet):
        for each in ranges:
            sheet.merge_cells(each)

    return tune


def hide(sheet):
    sheet.row_dimensions[3].hidden = True


MONTHS = "jan fév mar avr mai juin juil août sep oct nov déc".split()  # noqa: SIM905
PLAIN = ["Site", "Tâche", "Fréquence", "Durée (min)"]
# What is handed in; the lines it is (site, task, count, period, minutes); the cells refused.
UGLY = {
    "semicolons, a byte-order mark and decimal commas": (
        csv("\ufeffSite;Tâche;Fréquence par mois;Durée (h)\r\nAix;Agenda;10;1,5\r\n"),
        [(1, "Agenda", 10, "month", (90, 90, 90))], [],
    ),
    "windows letters and tabs": (
        csv("Site\tTâche\tFois par semaine\tDurée\nLyon\tRéunions\t2\t45 min\n", "cp1252"),
        [(2, "Réunions", 2, "week", (45, 45, 45))], [],
    ),
    "English headings": (
        csv("Location,Task,How often,Time\nLyon,Book travel,3 a week,1h30\n"),
        [(2, "Book travel", 3, "week", (90, 90, 90))], [],
    ),
    "a title, a date and blank rows above": (
        book([["Inventaire 2026"], [], ["mis à jour", dt.date(2026, 3, 1)], [], PLAIN,
              ["Aix", "Agenda", "2 x/semaine", 30]]),
        [(1, "Agenda", 2, "week", (30, 30, 30))], [],
    ),
    "merged sites": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], [None, "Courrier", "1/jour", 15],
              ["Lyon", "Notes", "1/mois", 60]], merged("A2:A3")),
        [(1, "Agenda", 1, "day", (30, 30, 30)), (1, "Courrier", 1, "day", (15, 15, 15)),
         (2, "Notes", 1, "month", (60, 60, 60))], [],
    ),
    "totals among the rows": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], ["Sous-total Aix", None, None, 30],
              ["Lyon", "Notes", "1/mois", 60], ["TOTAL", None, 2, 90]]),
        [(1, "Agenda", 1, "day", (30, 30, 30)), (2, "Notes", 1, "month", (60, 60, 60))], [],
    ),
    "units mixed in one column": (
        book([PLAIN, ["Aix", "A", "1/mois", "1h30"], ["Aix", "B", "1/mois", "0,5 j"],
              ["Aix", "C", "1/mois", "45 min"], ["Aix", "D", "1/mois", "1:15"]]),
        [(1, "A", 1, "month", (90,) * 3), (1, "B", 1, "month", (210,) * 3),
         (1, "C", 1, "month", (45,) * 3), (1, "D", 1, "month", (75,) * 3)], [],
    ),
    "a column of units": (
        book([["Site", "Tâche", "Nombre", "Périodicité", "Temps", "Unité"],
              ["Aix", "A", 2, "semaine", 1.5, "h"], ["Aix", "B", 2, "mensuel", 20, "min"],
              ["Aix", "C", 2, "an", 1, "lunes"]]),
        [(1, "A", 2, "week", (90,) * 3), (1, "B", 2, "month", (20,) * 3)], ["E4"],
    ),
    "headings in two rows": (
        book([["Site", "Tâche", "Fréquence", "Durée (min)", None, None],
              [None, None, "par mois", "min", "habituelle", "max"],
              ["Aix", "Agenda", 4, 10, 20, 60]], merged("D1:F1")),
        [(1, "Agenda", 4, "month", (10, 20, 60))], [],
    ),
    "two tables in one sheet": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", 30], [], ["Activité", "Lieu", "Nb / an", "Heures"],
              ["Assemblée", "Lyon", 1, 12]]),
        [(1, "Agenda", 1, "day", (30,) * 3), (2, "Assemblée", 1, "year", (720,) * 3)], [],
    ),
    "sites as columns": (
        book([["Tâche", "Périodicité", "Minutes", "Aix", "Lyon"], ["Agenda", "mois", 30, 10, 20],
              ["Notes", "semaine", 60, "-", 2]]),
        [(1, "Agenda", 10, "month", (30,) * 3), (2, "Agenda", 20, "month", (30,) * 3),
         (2, "Notes", 2, "week", (60,) * 3)], [],
    ),
    "months as columns": (
        book([["Site", "Tâche", "Min", *MONTHS], ["Aix", "Clôture", 60, 2, *[0] * 10, 4]]),
        [(1, "Clôture", 6, "event", (60,) * 3)], [],
    ),
    "sites and families as rows of their own": (
        book([["Tâche", "Fréquence", "Durée (min)"], ["Site : Aix"], ["Agenda", "1/jour", 30],
              ["LYON"], ["Facturation"], ["Relances", "1/semaine", 90]]),
        [(1, "Agenda", 1, "day", (30,) * 3), (2, "Relances", 1, "week", (90,) * 3)], [],
    ),
    "dates instead of numbers": (
        book([PLAIN, ["Aix", "Agenda", dt.date(2026, 3, 2), 30], ["Aix", "Notes", "1/mois", 15]]),
        [(1, "Notes", 1, "month", (15,) * 3)], ["C2"],
    ),
    "times of the day as durations": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", dt.time(1, 30)]]),
        [(1, "Agenda", 1, "day", (90,) * 3)], [],
    ),
    "formulas without a value, and failed ones": (
        book([PLAIN, ["Aix", "Agenda", "1/jour", "=15*2"], ["Aix", "Notes", "1/mois", "#REF!"],
              ["Aix", "Courrier", "1/jour", 5]]),
        [(1, "Courrier", 1, "day", (5,) * 3)], ["D2", "D3"],
    ),
    "hidden rows are rows": (
        book([PLAIN, ["Aix", "A", "1/jour", 5], ["Aix", "B", "1/jour", 6]], hide),
        [(1, "A", 1, "day", (5,) * 3), (1, "B", 1, "day", (6,) * 3)], [],
    ),
    "ranges of time and thousands": (
        csv("Site;Tâche;Nombre par an;Temps\nAix;Appels;1 200;5-15 min\nAix;Plis;2\u202f000;3'\n"),
        [(1, "Appels", 1200, "year", (5, 10, 15)), (1, "Plis", 2000, "year", (3,) * 3)], [],
    ),
    "a frequency without a period, an unknown site, no task": (
        book([PLAIN, ["Aix", "A", 3, 5], ["Brest", "B", "1/jour", 5], ["Aix", None, "1/jour", 5],
              ["Aix", "D", "1/jour", "longtemps"]]),
        [], ["C2", "A3", "B4", "D5"],
    ),
    "no heading at all": (csv("Aix;10;20\nLyon;30;40\n"), [], ["A1"]),
    "percents written as shares, and no site but the chosen one": (
        book([["Activité", "Qui", "Nb/mois", "Durée en heures", "Attente", "Reprises %"],
              ["Devis", "Assistante", 8, 0.5, 0.25, "10 %"]]),
        [(None, "Devis", 8, "month", (30,) * 3)], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UGLY)
def test_a_spreadsheet_is_read_rightly_or_refused_by_the_cell(what):
    content, lines, refused = UGLY[what]
    site = 1 if any(line[0] is None for line in lines) else None
    found = read_sheet(table_of(content).rows, SITES, site=site)
    assert [one.cell for one in found.refused] == refused, found.refused
    assert all(one.why for one in found.refused)
    got = [
        (one.fields["site_id"], one.fields["task"], one.fields["count"], one.fields["period"],
         (one.fields["minutes_low"], one.fields["minutes_usual"], one.fields["minutes_high"]))
        for one in found.lines
    ]  # fmt: skip
    assert got == [(line[0] or 1, *line[1:]) for line in lines]


def test_a_file_is_taken_once_and_its_refusals_are_told(world, study, client_of, call):
    people = world.people
    basile, fill = client_of(people.basile), reverse("inventory_import", args=[study.pk])
    assert "From a spreadsheet" in english(basile.get(fill))
    rows = [["Lieu", "Chose", "Fréquence", "Durée"], ["Aix", "Agenda", "1/jour", 2]]
    rows += [["Lyon", "Notes", "1/mois", "90 min"], ["Nice", "Plis", "1/an", 1], ["Total"]]
    file = SimpleUploadedFile("tâches.xlsx", book(rows))
    answer = basile.post(fill, {"file": file})
    taken = SheetImport.objects.get()
    one = reverse("study_sheet", args=[taken.pk])
    assert answer.url == one
    assert "Aucun titre ne nomme les tâches" in basile.get(one).content.decode()
    said = {
        "column_0": "site",
        "column_1": "task",
        "column_2": "count",
        "column_3": "minutes_usual",
    }
    basile.post(one, said | {"unit": "60.0"})
    page = basile.get(one).content.decode()
    assert "A4" in page and "Nice" in page and "120" in page
    assert "A4" in get_text(basile.get(reverse("study_sheet_refused", args=[taken.pk])))
    take = reverse("study_sheet_take", args=[taken.pk])
    assert [basile.post(take).status_code for _twice in range(2)] == [302, 302]
    taken.refresh_from_db()
    assert taken.counts == {"added": 2, "changed": 0, "same": 0, "refused": 1, "totals": 1}
    assert OrganisationChange.objects.filter(kind="sheet_taken").count() == 1
    assert "A4" in basile.get(one).content.decode() and taken.rows == []
    assert [(line.minutes_usual, line.source) for line in study.lines.all()] == [
        (120, "sheet"), (90, "sheet"),
    ]  # fmt: skip
    # The same file again is the same import; the same rows in another file are the same lines.
    file.seek(0)
    assert basile.post(fill, {"file": file}).url == one and SheetImport.objects.count() == 1
    again = call(people.basile, "GET", f"studies/{study.pk}/sheets")[1]["items"][0]
    assert again["taken"] and again["refused"][0]["cell"] == "A4"
    assert call(people.basile, "POST", f"study_sheets/{taken.pk}/take")[0] == 409
    other = SimpleUploadedFile("b.csv", csv("Site;Tâche;Fréquence;Durée\nAix;Agenda;1/jour;2 h\n"))
    sent = basile.post(f"/api/studies/{study.pk}/sheets", {"file": other})
    key = sent.json()["id"]
    assert sent.status_code == 201 and sent.json()["lines"] == 1
    columns = {"columns": {"0": "site", "1": "task", "2": "count", "3": "minutes_usual"}}
    path = f"study_sheets/{key}"
    assert call(people.basile, "POST", f"{path}/understand", version=9, **columns)[0] == 409
    assert call(people.basile, "POST", f"{path}/understand", **columns)[1]["lines"] == 1
    assert call(people.basile, "POST", f"{path}/take")[1]["counts"]["same"] == 1
    assert study.lines.count() == 2
    for name in ("claire", "alice"):
        assert call(getattr(people, name), "GET", path)[0] == 404
        assert client_of(getattr(people, name)).get(one).status_code == 404
    broken = basile.post(fill, {"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04 no")})
    assert broken.status_code == 422


def english(page):
    assert page.status_code == 200
    return page.content.decode().replace("Depuis un tableur", "From a spreadsheet")


def get_text(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_past_requests_become_lines_once(world, study, new_ticket, services, call):
    basile, today = world.people.basile, timezone.now()
    study.families = []
    for days in (0, 1, 2):
        new_ticket(at=today - dt.timedelta(days=days))
    assert deriving.derive(study, by=basile) == (1, 0)
    line = InventoryLine.objects.get()
    assert (line.source, line.evidence, line.period) == ("log", "observed", "event")
    assert round(line.count * 3 / 365) == 3 and line.months == []
    assert deriving.derive(study, by=basile) == (0, 0)
    path = f"studies/{study.pk}/lines"
    assert call(basile, "POST", f"{path}/derive") == (200, {"added": 0, "changed": 0})
    assert call(basile, "POST", f"{path}/derive", until="2001-01-01")[0] == 422
    assert call(basile, "POST", f"{path}/count_calendars")[0] == 422
    assert call(world.people.claire, "POST", f"{path}/derive")[0] == 404


def test_months_are_told_apart_from_a_year_on():
    found = deriving.Volumes(dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    found.counts[1, 1], found.months[1, 1] = 62, Counter({1: 31, 7: 31})
    assert found.a_year((1, 1)) == 62
    assert found.season((1, 1)) == [6, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0]


def test_calendars_are_counted_from_three_persons_on(world, study):
    people, now = world.people, timezone.now()
    for number, name in enumerate(("sylvie", "claire", "marc")):
        if number == 2:
            with pytest.raises(NothingThere):
                deriving.count_calendars(study, by=people.basile)
        person = getattr(people, name)
        source = BusySource.objects.create(provider=world.provider, person=person, name="A")
        begin = now - dt.timedelta(days=3)
        BusyTime.objects.create(
            provider=world.provider, person=person, source=source, title="Secret",
            period=(begin, begin + dt.timedelta(hours=1)),
        )  # fmt: skip
    assert deriving.count_calendars(study, by=people.basile) == (1, 0)
    line = InventoryLine.objects.get()
    assert "Secret" not in line.task and round(line.count) == round(3 * 365 / 91)


def handed_in(study, by, rows=700, name="a.csv"):
    text = "Site;Tâche;Fréquence;Durée (min)\n"
    text += "".join(f"Aix;Tâche {n};1/mois;{10 + n % 5}\n" for n in range(rows))
    return taking_sheets.hand_in(study, name, csv(text), by=by)


def test_a_large_sheet_is_taken_by_a_worker_that_tells_how_far_it_is(
    world, study, client_of, call, monkeypatch
):
    monkeypatch.setattr(taking_sheets, "PART", 300)
    people, basile = world.people, client_of(world.people.basile)
    large = handed_in(study, people.basile)
    one = reverse("study_sheet", args=[large.pk])
    progress = reverse("study_sheet_progress", args=[large.pk])
    assert "300" in basile.get(one).content.decode()  # of the first rows alone
    told = call(people.basile, "GET", f"study_sheets/{large.pk}")[1]
    assert (told["state"], told["rows"], told["read"], told["lines"]) == ("read", 701, 300, 299)
    basile.post(reverse("study_sheet_take", args=[large.pk]))
    jobs = ProcrastinateJob.objects.filter(task_name=taking_sheets.TAKE)
    assert list(jobs.values_list("lock", flat=True)) == [f"sheet:{large.pk}"]
    assert "sheet-progress" in basile.get(one).content.decode()
    assert "HX-Redirect" not in basile.get(progress)
    assert call(people.basile, "POST", f"study_sheets/{large.pk}/take")[0] == 409
    large.refresh_from_db()
    with pytest.raises(BeingTaken):
        taking_sheets.understand(large, None, None, 1.0, by=people.basile)

    class Died(BaseException):
        """A worker that is killed."""

    part = taking_sheets._part

    def once(taken, found):
        if taken.done:
            raise Died
        return part(taken, found)

    with monkeypatch.context() as patched:
        patched.setattr(taking_sheets, "_part", once)
        with pytest.raises(Died):
            taking_sheets.run(world.provider.pk, large.pk, large.version)
    told = call(people.basile, "GET", f"study_sheets/{large.pk}")[1]
    assert (told["state"], told["done"], told["lines"]) == ("taking", 300, 700)
    # It has said nothing for long: taken again, it goes on where it stopped, and ends once.
    SheetImport.objects.update(told_at=timezone.now() - dt.timedelta(minutes=5))
    large.refresh_from_db()
    assert not taking_sheets.take(large, by=people.basile)
    for _twice in range(2):
        taking_sheets.run(world.provider.pk, large.pk, large.version)
    large.refresh_from_db()
    assert study.lines.count() == 700 and large.rows == []
    assert large.counts == {"added": 700, "changed": 0, "same": 0, "refused": 0, "totals": 0}
    assert OrganisationChange.objects.filter(kind="sheet_taken").count() == 1
    assert basile.get(progress)["HX-Redirect"] == one
    for name in ("claire", "alice"):
        assert client_of(getattr(people, name)).get(progress).status_code == 404


def test_a_worker_says_why_it_stopped_and_no_line_is_dropped_in_silence(
    world, study, client_of, monkeypatch
):
    basile = world.people.basile
    large = handed_in(study, basile, rows=320)
    taking_sheets.take(large, by=basile)
    study.phase = "decided"
    study.save()
    taking_sheets.run(world.provider.pk, large.pk, large.version)
    large.refresh_from_db()
    assert not large.is_being_taken and "Diagnostic" in large.problem
    page = client_of(basile).get(reverse("study_sheet", args=[large.pk])).content.decode()
    assert large.problem in page.replace("&quot;", '"')
    study.phase = "collecting"
    study.save()
    monkeypatch.setattr(taking_sheets, "MOST_LINES", 319)
    with pytest.raises(TooManyLines):
        taking_sheets.take(SheetImport.objects.get(), by=basile)


def test_a_workbook_of_several_sheets_lets_choose_among_them(world, study, client_of, call):
    made = Workbook()
    made.active.title = "Aix"
    for row in (PLAIN[1:], ["Agenda", "1/jour", 30]):
        made.active.append(row)
    made.create_sheet("Vide")
    for row in (PLAIN[1:], ["Notes", "1/mois", 60], ["Plis", "1/an", 5]):
        (made["Lyon"] if "Lyon" in made else made.create_sheet("Lyon")).append(row)
    kept = io.BytesIO()
    made.save(kept)
    basile, fill = client_of(world.people.basile), reverse("inventory_import", args=[study.pk])
    answer = basile.post(fill, {"file": SimpleUploadedFile("deux.xlsx", kept.getvalue())})
    first, second = SheetImport.objects.order_by("pk")
    assert answer.url == reverse("study_sheet", args=[first.pk])
    page = basile.get(answer.url).content.decode()
    assert reverse("study_sheet", args=[second.pk]) in page and "Vide" in page
    assert [one.site.name for one in (first, second)] == ["Aix", "Lyon"]
    basile.post(reverse("study_sheet_take", args=[second.pk]))
    assert study.lines.count() == 2
    again = basile.post(
        fill, {"file": SimpleUploadedFile("deux.xlsx", kept.getvalue()), "sheet": "Lyon"}
    )
    assert again.url == reverse("study_sheet", args=[second.pk])
    unknown = SimpleUploadedFile("deux.xlsx", kept.getvalue())
    assert basile.post(fill, {"file": unknown, "sheet": "Nice"}).status_code == 422


def test_a_sheet_of_too_many_rows_is_refused_before_its_formulas_are_looked_for(
    world, study, monkeypatch
):
    monkeypatch.setattr(taking_sheets, "MOST_ROWS", 3)
    monkeypatch.setattr(reading_book, "_formulas", lambda *_args: pytest.fail("looked at"))
    rows = [PLAIN, *(["Aix", f"T{n}", "1/mois", "=1+1"] for n in range(5))]
    with pytest.raises(TooManyLines):
        taking_sheets.hand_in(study, "a.xlsx", book(rows), by=world.people.basile)
