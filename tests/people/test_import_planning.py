"""The plan of an import: what each row does, what is refused and why. No database is asked."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relais.lib import tables
from relais.people.importing import cells, refusals
from relais.people.importing.columns import FIELDS, guess, header_row
from relais.people.importing.drafts import Draft
from relais.people.importing.known import Known
from relais.people.importing.planning import plan
from relais.people.importing.records import Options

NOBODY = Known(date(2026, 11, 23))


def planned(text, known=NOBODY, **options):
    rows = tables.read(text.encode()).rows
    number = header_row(rows)
    header = next(row.cells for row in rows if row.number == number)
    below = [row for row in rows if row.number > number]
    return plan(below, dict(enumerate(header)), guess(header), known, Options(**options))


def after(made, known=NOBODY):
    """Return what is registered once the plan is written: new rows get the next keys."""
    pks = {draft: draft.pk or 1000 + place for place, draft in enumerate(made.drafts)}

    def rows(kind):
        for draft in made.drafts:
            if draft.kind == kind:
                plain = {
                    name: pks[value] if isinstance(value, Draft) else value
                    for name, value in draft.values.items()
                }
                yield {"id": pks[draft], "archived_at": None, "user": None, **plain}

    roles = [
        {
            "id": place,
            "kind": kind,
            "ends_on": None,
            "starts_on": None,
            **{
                name: pks.get(draft)
                for name, draft in zip(
                    ("person", "company", "entity", "site"),
                    (person, company, entity, site),
                    strict=True,
                )
            },
        }
        for place, (person, kind, company, entity, site, _day) in enumerate(made.roles)
    ]
    return replace(
        known,
        companies=list(rows("company")),
        entities=list(rows("entity")),
        sites=list(rows("site")),
        establishments=list(rows("establishment")),
        persons=list(rows("person")),
        roles=[*known.roles, *roles],
    )


def outcomes(made):
    return [line.outcome for line in made.lines]


def reason(made, place=0):
    return made.lines[place].reason["message"]


def facts(made, kind):
    return [
        e["facts"] for li in made.lines for e in li.effects if e["kind"] == kind and "facts" in e
    ]


# --- what columns and cells mean ------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "meant"),
    [
        ("Société;SIREN;Site;CP;Ville", "company siren site postcode city"),
        ("ENTREPRISE *;Raison Sociale;N° SIRET", "company entity siret"),
        (
            "Nom;Prénom;Adresse e-mail;Tél. portable;N+1",
            "last_name first_name email phone executive",
        ),
        ("Code;Nom;Adresse;Code postal;Commune", "site_code site street postcode city"),
        ("Company name;Branch;ZIP code;Full name;E-mail", "company site postcode name email"),
        ("Manager;Dirigeant;Établissement", "name executive site"),
        ("Nom Prénom;Manager;Fuseau horaire;Jours fériés", "name executive time_zone holiday_zone"),
    ],
)
def test_headings_are_understood(headings, meant):
    found = guess(headings.split(";"))
    assert [found.get(c) for c in range(len(headings.split(";")))] == meant.split()


def test_titles_and_blank_rows_above_the_headings_are_passed_over():
    rows = tables.read(b"Parc 2026;;\n;;\nGroupe;;Contact\nSociete;Site;Nom\nA;B;C D\n").rows
    assert header_row(rows) == 4


@pytest.mark.parametrize(
    ("text", "last_first", "first", "last"),
    [
        ("MARTIN Jean", False, "Jean", "Martin"),
        ("Jean MARTIN", True, "Jean", "Martin"),
        ("DE LA TOUR Anne-Marie", False, "Anne-Marie", "De La Tour"),
        ("de LA TOUR Anne", False, "Anne", "de LA TOUR"),
        ("Le Goff Yann", True, "Yann", "Le Goff"),
        ("Martin Jean", True, "Jean", "Martin"),
        ("Jean Martin", False, "Jean", "Martin"),
        ("Mme Hélène Bœuf", False, "Hélène", "Bœuf"),
        ("Martin, Jean", False, "Jean", "Martin"),
        ("Martin", False, "", "Martin"),
    ],
)
def test_names_are_taken_apart(text, last_first, first, last):
    name = cells.name_of(text, last_first)
    assert (name.first, name.last) == (first, last)


def test_numbers_that_a_spreadsheet_spoilt_are_restored_or_refused():
    assert cells.siren("732 829 320") == cells.siren("7,3282932E+08") == "732829320"
    assert cells.siren("5880505") == "005880505"  # two zeros eaten
    assert cells.phone("612345678") == "0612345678"
    assert cells.postcode("1000", "FR") == "01000"
    with pytest.raises(refusals.ShortenedNumber):
        cells.siren("7,33E+08")
    with pytest.raises(refusals.ShortenedNumber):
        cells.phone("3,36E+10")
    with pytest.raises(refusals.BadNumber):
        cells.siren("732829321")


@pytest.mark.parametrize(
    ("postcode", "country", "zones"),
    [
        ("13100", "", ("Europe/Paris", "FR")),
        ("67000", "France", ("Europe/Paris", "FR-57")),
        ("68100", "", ("Europe/Paris", "FR-57")),
        ("97400", "", ("Indian/Reunion", "FR-974")),
        ("97133", "", ("America/St_Barthelemy", "FR-BL")),
        ("98800", "", ("Pacific/Noumea", "FR-NC")),
        ("", "Guadeloupe", ("America/Guadeloupe", "FR-971")),
        ("67000", "Belgique", ("Europe/Brussels", "BE")),
        ("", "États-Unis", ("", "US")),
    ],
)
def test_zones_are_guessed_from_postcode_and_country(postcode, country, zones):
    assert cells.guessed_zones(country, postcode) == zones


# --- rows -----------------------------------------------------------------------------------


def test_one_row_may_describe_company_entity_site_and_person():
    made = planned(
        "Société;Raison sociale;SIRET;Site;CP;Ville;Nom Prénom;E-mail;Fonction;Rôle\n"
        "Calanques;Calanques SAS;73282932000074;Aix;13100;Aix;ARNAUD Alice;a@c.example;"
        "Directrice;Référent de site\n"
    )
    kinds = [effect["kind"] for effect in made.lines[0].effects]
    assert kinds == ["company", "entity", "site", "establishment", "person", "role"]
    assert facts(made, "entity")[0]["siren"] == "732829320"
    assert made.roles[0][1] == "site_lead" and str(made.roles[0][4]) == "Aix"


def test_several_names_in_one_cell_are_several_persons():
    made = planned(
        'Société;Site;Nom Prénom;E-mail\nC;Aix;"A Alice\nB Basile et C Chloé / D Denis; E Eve";\n'
        'C;Lyon;"F Fanny\nG Guy";"f@c.example ; g@c.example"\n'
    )
    assert sorted(f["first_name"] for f in facts(made, "person")) == [
        *("Alice", "Basile", "Chloé", "Denis", "Eve"),
        *("Fanny", "Guy"),
    ]
    emails = {str(d): d.values["email"] for d in made.drafts if d.kind == "person"}
    assert emails["Fanny F"] == "f@c.example" and emails["Guy G"] == "g@c.example"


def test_fewer_addresses_than_names_are_refused():
    made = planned('Société;Nom Prénom;E-mail\nC;"A Alice\nB Basile";a@c.example\n')
    assert reason(made) == refusals.NotAsManyAsNames.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Site;Ville\nAix;Aix", refusals.NoCompany),
        ("Société;SIREN\nC;123456789", refusals.BadNumber),
        ("Société;SIREN;SIRET\nC;732829320;55210055400013", refusals.SirenAgainstSiret),
        ("Société;Site;Pays\nC;Aix;Atlantide", refusals.BadCountry),
        ("Société;Site;Pays\nC;Boston;États-Unis", refusals.NoTimeZone),
        ("Société;Site;Fuseau\nC;Aix;Mars/Olympus", refusals.BadTimeZone),
        ("Société;Site;Jours fériés\nC;Aix;jamais", refusals.BadHolidayZone),
        ("Société;Nom Prénom;E-mail\nC;A B;arobase", refusals.BadEmail),
        ("Société;Nom Prénom;E-mail\nC;;a@c.example", refusals.NoName),
        ("Société;Nom Prénom;Rôle\nC;A B;grand chef", refusals.BadRole),
        ("Société;Nom Prénom;Rôle\nC;A B;Assistante", refusals.StaffRole),
        ("Société;Nom Prénom;Rôle\nC;A B;Référent de site", refusals.RoleNeedsSite),
        ("Société;Nom Prénom;Langue\nC;A B;klingon", refusals.BadLanguage),
        ("Société;Nom Prénom;Dirigeant\nC;A B;Nul Autre", refusals.UnknownExecutive),
        ("Société;Nom Prénom;Dirigeant\nC;A B;A B", refusals.OwnExecutive),
        ("Société;Code site\nC;A1", refusals.UnknownSiteCode),
        ("Société;Adresse\nC;1 rue du Port", refusals.SiteWithoutName),
        ("Société;Site;Ville\nC;Aix;Aix;surplus", refusals.TooManyCellsInRow),
        ("Société;SIREN\nC;#ERROR", refusals.FailedFormula),
        ("Société;Site\n" + "C" * 201 + ";Aix", refusals.TooLong),
        ("Société;Rien\n;x", refusals.NothingToImport),
    ],
)
def test_each_fault_refuses_its_row_with_a_reason(text, problem):
    made = planned(text + "\n")
    assert outcomes(made) == ["refused"]
    assert reason(made) == problem.message
    assert problem.message % made.lines[0].reason["values"]
    assert made.drafts == [] and made.roles == []


def test_a_refused_row_stops_no_other_and_leaves_no_trace():
    made = planned("Société;Site;Nom;Prénom;E-mail\nC;Aix;A;B;faux\nC;Lyon;C;D;c@d.example\n")
    assert outcomes(made) == ["refused", "created"]
    assert [str(d) for d in made.drafts if d.kind == "site"] == ["Lyon"]


def test_rows_that_contradict_one_another_are_named():
    made = planned("Société;Site;Ville\nC;Siège;Aix\nC;Siège;Lyon\n")
    assert outcomes(made) == ["created", "refused"]
    assert made.lines[1].reason["values"]["row"] == "2"


def test_twins_are_told():
    made = planned("Société;Site\nC;Aix\nC;Aix\nc;AIX\n")
    assert outcomes(made) == ["created", "unchanged", "unchanged"]
    assert made.lines[1].notes[0]["values"] == {"row": "2"}


def test_a_row_that_leaned_on_a_refused_one_is_judged_again():
    made = planned(
        "Société;Nom Prénom;E-mail;Dirigeant\n"
        "C;Alain AA;a@c.example;Personne Nulle\n"
        "C;Bea BB;b@c.example;Alain AA\nC;Cid CC;c@c.example;Bea BB\n"
    )
    assert outcomes(made) == ["refused"] * 3
    assert [str(d) for d in made.drafts] == []


def test_executives_without_a_row_are_created_when_asked_for():
    text = "Société;Nom Prénom;Dirigeant\nC;Alain AA;Zoé ZOLA\nC;Bea BB;Zoé ZOLA\n"
    made = planned(text, create_executives=True)
    assert outcomes(made) == ["created", "created"]
    assert sorted(str(d) for d in made.drafts if d.kind == "person") == [
        "Alain Aa",
        "Bea Bb",
        "Zoé Zola",
    ]


def test_executives_in_a_circle_are_refused():
    made = planned("Société;Nom Prénom;Dirigeant\nC;Alain AA;Bea BB\nC;Bea BB;Alain AA\n")
    assert outcomes(made) == ["refused", "refused"]


def test_the_order_of_rows_does_not_matter_to_what_they_mean():
    text = "Société;Site;Code site;Nom Prénom;E-mail;Dirigeant\n"
    rows = [
        "C;;A1;Alain AA;;Bea BB",
        "C;Aix;A1;Bea BB;b@c.example;",
        "C;Aix;;Alain AA;a@c.example;b@c.example",
    ]
    made = [planned(text + "\n".join(order) + "\n") for order in (rows, rows[::-1])]
    people = [{str(d): d.values["email"] for d in m.drafts if d.kind == "person"} for m in made]
    assert people[0] == people[1] == {"Alain Aa": "a@c.example", "Bea Bb": "b@c.example"}


# --- against what is registered -------------------------------------------------------------

FIRST = (
    "Société;Raison sociale;SIREN;Site;Code site;CP;Ville;Nom Prénom;E-mail;Téléphone\n"
    "Calanques;Calanques SAS;732829320;Aix;A1;13100;Aix;Alice ARNAUD;a@c.example;0442000000\n"
    "Calanques;;;Lyon;L1;69001;Lyon;Basile BŒUF;;\n"
)
REGISTERED = after(planned(FIRST))


def effects(made, place=0):
    return [
        (e["kind"], e["field"], e["old"], e["new"])
        for e in made.lines[place].effects
        if "field" in e
    ]


def test_the_same_again_changes_nothing():
    made = planned(FIRST, REGISTERED)
    assert outcomes(made) == ["unchanged"] * 2
    assert not made.changes_something


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("CALANQUES;;;AIX;;;AIX;ARNAUD ALICE;A@C.EXAMPLE;", []),
        ("calanques;;732 829 320;;A1;;;;;", []),
        (";;732829320;;A1;;;Alice Arnaud;;", []),
        ("Calanques;Calanques SA;732829320;;;;;;;",
         [("entity", "name", "Calanques SAS", "Calanques SA")]),
        ("Calanques;;;Aix-en-Provence;A1;;;;;",
         [("site", "name", "Aix", "Aix-en-Provence")]),
        ("Calanques;;;Aix;;13090;;;;", [("site", "postcode", "13100", "13090")]),
        ("Calanques;;;Lyon;;;;Alice DUPONT;a@c.example;",
         [("person", "last_name", "Arnaud", "Dupont"), ("person", "site", "Aix", "Lyon")]),
        ("Calanques;;;Lyon;;;;Boeuf Basile;b@c.example;",
         [("person", "email", "", "b@c.example")]),
    ],
)  # fmt: skip
def test_known_things_are_found_and_only_differences_change(row, changed):
    made = planned(FIRST.splitlines()[0] + "\n" + row + "\n", REGISTERED)
    assert effects(made) == changed, made.lines[0]
    assert outcomes(made) == ["changed" if changed else "unchanged"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Autre;;732829320;;;;;;;", refusals.SirenElsewhere),
        ("Calanques;Calanques SAS;552100554;;;;;;;", refusals.OtherSiren),
        ("Calanques;;;Lyon;A1;;;;;", refusals.NameTaken),
        ("Autre;;;;;;;Alice ARNAUD;a@c.example;", refusals.PersonElsewhere),
    ],
)
def test_what_contradicts_the_register_is_refused(row, problem):
    made = planned(FIRST.splitlines()[0] + "\n" + row + "\n", REGISTERED)
    assert (outcomes(made), reason(made)) == (["refused"], problem.message)


def test_the_archived_the_staff_and_accounts_are_left_alone():
    known = after(planned(FIRST))
    for person in known.persons:
        person["user"] = 7
    head = "Société;Site;Nom Prénom;E-mail\n"
    made = planned(head + "Calanques;Aix;Alice ARNAUD;neu@c.example\n", known)
    assert reason(made) == refusals.HasAccount.message
    known.persons[0]["company"] = None
    made = planned(head + "Calanques;Aix;Alice ARNAUD;a@c.example\n", known)
    assert reason(made) == refusals.PersonOfStaff.message
    known.sites[0]["archived_at"] = date(2026, 1, 1)
    made = planned(head + "Calanques;Aix;;\n", known)
    assert reason(made) == refusals.Archived.message


def test_somebody_with_several_sites_stays_at_the_first_and_asks_for_all():
    made = planned(
        "Société;Site;Nom Prénom;E-mail\nC;Aix;A B;a@b.example\nC;Lyon;A B;a@b.example\n"
    )
    assert outcomes(made) == ["created", "created"]
    (person,) = [d for d in made.drafts if d.kind == "person"]
    assert str(person.values["site"]) == "Aix"
    assert [str(role[4]) for role in made.roles] == ["Aix", "Lyon"]


# --- the property ---------------------------------------------------------------------------

TEXTS = {
    "company": ["", "Calanques", "CALANQUES", "Bretagne Froid", "B\u00e9ta"],
    "entity": ["", "Calanques SAS", "Froid SA"],
    "siren": ["", "732829320", "552100554", "123"],
    "siret": ["", "73282932000074", "55210055400013"],
    "site": ["", "Aix", "AIX", "Lyon", "Saint-Denis"],
    "site_code": ["", "A1", "a1", "L1"],
    "postcode": ["", "13100", "97400", "67000"],
    "city": ["", "Aix", "Lyon", "Saint-Denis"],
    "country": ["", "France", "Belgique", "USA"],
    "name": ["", "ARNAUD Alice", "Alice Arnaud", "B Basile\nC Chloé", "Basile B", "Chloé C", "X"],
    "email": ["", "a@c.example", "A@C.example", "b@c.example", "b@c.example;c@c.example", "faux"],
    "phone": ["", "0612345678", "612345678", "06 12 34 56 78"],
    "executive": ["", "Alice ARNAUD", "Basile B", "a@c.example", "Zoé Zola"],
    "role": ["", "demandeur", "référent de site", "sponsor, dpo"],
    "language": ["", "en", "français"],
}
FRENCH = {field.name: field.french for field in FIELDS}
ROWS = st.lists(
    st.tuples(*(st.sampled_from(texts) for texts in TEXTS.values())), min_size=1, max_size=7
)


def as_rows(drawn):
    rows = [tables.Row(n, tuple(row)) for n, row in enumerate(drawn, 2) if any(row)]
    return rows, dict(enumerate(FRENCH[name] for name in TEXTS)), dict(enumerate(TEXTS))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, st.booleans(), st.sampled_from(["", "Calanques"]))
def test_what_was_imported_is_imported_again_without_a_change(drawn, executives, company):
    rows, header, mapping = as_rows(drawn)
    options = Options(company=company, create_executives=executives)
    once = plan(rows, header, mapping, NOBODY, options)
    assert sum(once.counts.values()) == len(rows)
    for line in once.lines:
        assert (line.outcome == "refused") == (line.reason is not None)
    taken = {line.number for line in once.lines if line.outcome != "refused"}
    kept = [row for row in rows if row.number in taken]
    twice = plan(kept, header, mapping, after(once), options)
    assert not twice.changes_something, [line for line in twice.lines if line.effects]
    # Rows that contradict one another may win in turn; nothing else that was refused comes in.
    if not any(line.reason and "agree" in line.reason["message"] for line in once.lines):
        again = plan(rows, header, mapping, after(once), options)
        assert not again.changes_something, [line for line in again.lines if line.effects]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(*(st.text(max_size=12) for _field in FIELDS)), max_size=5),
    st.permutations([field.name for field in FIELDS]),
)
def test_any_text_in_any_column_is_taken_or_refused(drawn, names):
    rows = [tables.Row(n, tuple(map(tables.tidy, row))) for n, row in enumerate(drawn, 2)]
    made = plan(rows, {}, dict(enumerate(names)), NOBODY, Options(company="C"))
    assert len(made.lines) == len(rows)
