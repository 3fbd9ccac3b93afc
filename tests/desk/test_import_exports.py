"""Exports of known tools, after their documented column names, taken as they are."""

import io
from argparse import Namespace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from openpyxl import Workbook

from relais.desk import import_log, log_command, log_mapping
from relais.desk.log_figures import WhichAgreement
from relais.desk.log_rows import BadLog, parsed
from relais.desk.models import Ticket
from relais.lib.streams import Stream
from relais.offer.models import Agreement
from relais.offer.terms import TargetTerms

EXPORTS = Path(__file__).parent / "exports"
PARIS = ZoneInfo("Europe/Paris")

# Tool: of each request its state, site, priority, and delivery (Paris); the refused row.
TOOLS = {
    "glpi": (
        "GLPI",
        {
            "1204": ("accepted", "Aix > Siège", 2, "02 11:45"),
            "1205": ("open", "Lyon", 3, ""),
            "1206": ("open", "Lyon", 4, ""),
            "1207": ("delivered", "Aix > Siège", 1, "31 09:00"),
        },
        (6, "1208", "Lieu", "no site"),
    ),
    "zammad": (
        "Zammad",
        {
            "66001": ("accepted", "Lyon", 3, "02 11:45"),
            "66002": ("open", "Nice", 2, ""),
            "66003": ("open", "Nice", 4, ""),
        },
        (5, "66004", "Customer", "no requester"),
    ),
    "jira": (
        "Jira",
        {
            "EA-1": ("delivered", "Lyon", 2, "02 11:45"),
            "EA-2": ("open", "Nice", 3, ""),
            "EA-3": ("cancelled", "Nice", 4, ""),
        },
        (5, "EA-4", "Created", "a time that cannot be read"),
    ),
    "servicenow": (
        "ServiceNow",
        {
            "INC0010001": ("accepted", "Lyon", 2, "02 11:45"),
            "INC0010002": ("open", "Nice", 3, ""),
            "INC0010003": ("open", "Nice", 4, ""),
        },
        (5, "INC0010004", "resolved_at", "resolved before it was opened or taken in hand"),
    ),
}
# What the tool says of a request that goes on.
STANDS = {
    "1205": "assigned", "1206": "waiting", "66002": "assigned", "66003": "waiting",
    "EA-2": "taken", "INC0010002": "taken", "INC0010003": "waiting",
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_an_export_is_taken_as_it_is(world, tool):
    profile, expected, refused = TOOLS[tool]
    file = import_log.File.at(EXPORTS / f"{tool}.csv")
    assert (file.mapping.profile, file.mapping.missing()) == (profile, [])
    report = import_log.live_through(file, None, world.provider)
    found = {}
    for ticket in Ticket.objects.select_related("site"):
        ref = ticket.external_ref.rpartition(":")[2]
        at = ticket.delivered_at
        told = at.astimezone(PARIS).strftime("%d %H:%M") if at else ""
        found[ref] = (ticket.state, ticket.site.name, ticket.priority, told)
    stands = {ref: (STANDS.get(ref, state), *rest) for ref, (state, *rest) in expected.items()}
    assert found == stands
    assert [(r.number, r.ref, r.column, r.why) for r in report.refused_rows] == [refused]


def test_days_and_months_are_told_apart_by_the_rows_that_can_be_read_in_one_way_only():
    head = "Numero;Lieu;Demandeur;Date ouverture\n"
    american = Stream.of_bytes((head + "1;Aix;Ana;03/04/2026 09:30\n2;Aix;Ana;03/13/2026").encode())
    french = Stream.of_bytes((head + "1;Aix;Ana;03/04/2026 09:30\n2;Aix;Ana;13/03/2026").encode())
    neither = Stream.of_bytes((head + "1;Aix;Ana;03/04/2026 09:30").encode())
    told = [log_mapping.guess(stream)[0] for stream in (american, french, neither)]
    assert [(m.day_first, m.day_first_assumed) for m in told] == [
        (False, False), (True, False), (True, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-03-31 09:30:00", "2026-03-31T09:30:00"),
        ("2026-03-31T09:30:00Z", "2026-03-31T09:30:00+00:00"),
        ("31/03/2026 à 09:30", "2026-03-31T09:30:00"),
        ("31.03.2026", "2026-03-31T00:00:00"),
        ("31/mars/26 9:30 AM", "2026-03-31T09:30:00"),
        ("31 déc. 2026 17:05", "2026-12-31T17:05:00"),
        ("2026-03-31 09:30:00 UTC", "2026-03-31T09:30:00+00:00"),
        ("31 Nivôse 2026", None),
        ("32-03-2026 09:30", None),
        ("soon", None),
    ],
)
def test_the_times_of_tools_are_read(text, told):
    found = parsed(text)
    assert (found and found.isoformat()) == told if found else told is None


def test_an_accent_of_another_encoding_is_kept():
    text = "Numero;Lieu;Demandeur;Date ouverture\n1;Méolans;Zoé;2026-03-31 09:30\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "mac-roman"):
        rows = list(Stream.of_bytes(text.encode(encoding)).rows())
        assert rows[1] == (2, ["1", "Méolans", "Zoé", "2026-03-31 09:30"]), encoding


@pytest.fixture
def command(world, tmp_path):
    def run(*files, **more):
        said = []
        given = Namespace(
            files=list(files), company=None, zone=None, mapping=None, agreement=None, refused=None,
            **{},
        )  # fmt: skip
        vars(given).update(more)
        with translation.override("en"):
            code = log_command.run(given, world.provider, said.append, said.append)
        return code, "\n".join(said)

    return run


def test_the_mapping_is_written_down_edited_and_used(command, tmp_path):
    file, mapping, refused = tmp_path / "odd.csv", tmp_path / "m.toml", tmp_path / "refused.csv"
    file.write_text(
        "Dossier;Qui;Ouvert;Fin;Etape\nA1;Ana;02-03-2026 09:00;03-03-2026 10:00;Plié\n"
        "A2;;02-03-2026 09:00;;\n"
    )
    code, said = command(file, mapping=mapping)
    assert "Look at it, change it" in said and not Ticket.objects.exists()
    assert "# not used: Dossier, Qui, Ouvert, Fin, Etape" in mapping.read_text()
    mapping.write_text(
        'kind = "requests"\n[columns]\nref = "Dossier"\nrequester = "Qui"\nopened_at = "Ouvert"\n'
        'last_at = "Fin"\nstate = "Etape"\n'
        '[defaults]\nsite = "Siège"\n[states]\n"Plié" = "resolved"\n'
    )
    code, said = command(file, mapping=mapping, refused=refused)
    assert code == 0
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.site.name) == ("delivered", "Siège")
    [_head, row] = refused.read_text("utf-8-sig").splitlines()
    assert row.startswith("requests,3,A2,Qui,no requester,")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kind = [", "line 1|Invalid"),
        ('kind = "letters"', "requests"),
        ('[columns]\nmood = "x"', "there is no field “mood”"),
        ('[columns]\nref = "Nope"', "there is no column “Nope”"),
        ('[columns]\nref = "Numero"\n[states]\n"x" = "gone"', "cannot mean “gone”|no column"),
    ],
)
def test_a_mapping_that_cannot_be_names_the_line_or_the_field(world, text, why):
    content = b"Numero;Lieu;Demandeur;Date ouverture\n1;Aix;Ana;2026-03-31\n"
    with translation.override("en"), pytest.raises((BadLog, log_mapping.BadMapping), match=why):
        file = import_log.File.of("x.csv", content, log_mapping.read(text))
        file.check()


def test_a_workbook_is_read_too(world):
    book = Workbook()
    book.active.append(["Numero", "Lieu", "Demandeur", "Date d'ouverture", "Date de résolution"])
    book.active.append([7, "Aix", "Ana", "2026-03-02 09:30", "02/03/2026 11:45"])
    file = io.BytesIO()
    book.save(file)
    report = import_log.live_through(
        import_log.File.of("x.xlsx", file.getvalue()), None, world.provider
    )
    assert report.refused_rows == []
    told = Ticket.objects.get()
    assert told.received_at.astimezone(PARIS).strftime("%d %H:%M") == "02 09:30"
    assert told.delivered_at.astimezone(PARIS).strftime("%d %H:%M") == "02 11:45"


def test_lateness_is_counted_against_the_agreement_that_is_named(world):
    people, company = world.people, world.companies.calanques
    for name, hours in (("Stricte", 1), ("Large", 40)):
        made = Agreement.open(company, name, by=people.paul)
        made.edit(by=people.paul, targets=(TargetTerms(kind="delivery", hours=Decimal(hours)),))
    late = {}
    for name in (None, "stricte", f"{company.name}: Large"):
        file = import_log.File.at(EXPORTS / "servicenow.csv")
        report = import_log.live_through(file, None, world.provider, agreement=name)
        late[name] = report.figures.total.delivered_late
    # Two of the three are still open when the log ends; one of these waits for the requester.
    assert late == {None: 1, "stricte": 3, f"{company.name}: Large": 0}
    with translation.override("en"), pytest.raises(WhichAgreement, match="Stricte"):
        import_log.live_through(file, None, world.provider, agreement="Aucune")
