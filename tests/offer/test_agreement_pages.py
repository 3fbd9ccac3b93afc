"""The pages of agreements: read, written, compared, signed; by those who may, and nobody else."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from relais.offer.models import Agreement, AgreementVersion
from relais.offer.terms import Scope

from .conftest import DELIVERY, FIRST, kinds


@pytest.fixture
def soon():
    """Return a day on which a version signed today may begin."""
    return timezone.localdate() + timedelta(days=30)


def at(version, page=""):
    """Return the address of a page of the version."""
    tail = f"{page}/" if page else ""
    return f"/agreements/{version.agreement_id}/versions/{version.number}/{tail}"


def typed(version, rows=None, **changes):
    """Return what the editor's form sends: one place, the given targets, and changes."""
    rows = [{"kind": "first_response", "hours": "2"}] if rows is None else rows
    data = {
        "save": "1",
        "seen": str(AgreementVersion.objects.get(pk=version.pk).revision),
        "effective_from": "2027-01-01",
        "scopes-TOTAL_FORMS": "1",
        "scopes-INITIAL_FORMS": "0",
        "scopes-0-place": "company",
        "scopes-0-family": "",
        "targets-TOTAL_FORMS": str(len(rows)),
        "targets-INITIAL_FORMS": "0",
    }
    usual = {
        "kind": "delivery", "of": "", "priority": "", "hours": "", "days": "",
        "statistic": "pct_within", "expected": "92", "target": "96", "critical": "85",
        "window": "month", "smallest_sample": "20", "weight": "0",
    }  # fmt: skip
    for number, row in enumerate(rows):
        data |= {f"targets-{number}-{name}": value for name, value in (usual | row).items()}
    return data | changes


def test_who_runs_the_pool_finds_and_reads_it(world, draft, client_of):
    version = draft(exclusions=("Force majeure",), obligations=("Répondre sous un jour",))
    browser = client_of(world.people.paul)
    assert "Contrat cadre" in browser.get("/agreements/").content.decode()
    page = browser.get(f"/agreements/{version.agreement_id}/").content.decode()
    for text in ("2 heures ouvrées", "Force majeure", "Répondre sous un jour", "12 000", "1 200"):
        assert text in page.replace("\u202f", " ").replace("\xa0", " "), text


@pytest.mark.parametrize("who", ["marc", "luc", "claire"])
def test_a_client_reads_what_both_sides_signed(world, draft, sign, client_of, who):
    version = sign(draft())
    browser = client_of(getattr(world.people, who))
    assert browser.get("/agreements/").headers["Location"] == f"/agreements/{version.agreement_id}/"
    page = browser.get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "6 heures ouvrées" in page
    assert ("1 200" in page.replace("\u202f", " ").replace("\xa0", " ")) == (who == "claire")


def test_it_is_read_in_english_too(world, draft, sign, client_of):
    version = sign(draft())
    browser = client_of(world.people.claire)
    browser.post("/preferences/", {"language": "en"})
    page = browser.get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "within 2 opening hours" in page


@pytest.mark.parametrize("who", ["marc", "luc", "denis", "aude", "alice", "quentin", "fanny"])
def test_a_draft_is_hidden_from_who_does_not_steer(world, draft, client_of, who):
    version = draft()
    browser = client_of(getattr(world.people, who))
    for page in ("", "edit", "compare", "sign", "withdraw"):
        assert browser.get(at(version, page)).status_code == 404
    assert browser.get(f"/agreements/{version.agreement_id}/").status_code == 404
    assert browser.get(f"/agreements/{version.agreement_id}/history/").status_code == 404
    assert "Contrat cadre" not in browser.get("/agreements/").content.decode()


@pytest.mark.parametrize("who", ["erwan", "fanny"])
def test_another_company_never_learns_of_it(world, draft, sign, client_of, who):
    version = sign(draft())
    browser = client_of(getattr(world.people, who))
    assert browser.get(at(version)).status_code == 404
    assert "Contrat cadre" not in browser.get("/agreements/").content.decode()


def test_a_manager_reads_what_concerns_his_own_site(world, draft, sign, client_of):
    lyon = sign(draft("Lyon seul", scopes=(Scope(site=world.sites.lyon.pk),)))
    marc, nadia = (client_of(getattr(world.people, who)) for who in ("marc", "nadia"))
    assert nadia.get(at(lyon)).status_code == 200
    assert marc.get(at(lyon)).status_code == 404
    assert "Lyon" not in marc.get("/agreements/").content.decode()


@pytest.mark.parametrize("who", ["claire", "sylvie", "quentin", "alice"])
def test_only_who_runs_the_pool_writes(world, draft, client_of, who):
    version = draft()
    browser = client_of(getattr(world.people, who))
    assert browser.get(at(version, "edit")).status_code == 404
    assert browser.post(at(version, "edit"), typed(version)).status_code == 404
    assert browser.post(at(version, "withdraw"), {"reason": "x", "seen": "2"}).status_code == 404
    assert browser.post(f"/agreements/{version.agreement_id}/draft/").status_code == 404
    assert browser.get("/agreements/new/").status_code == 404
    assert kinds(version) == ["drafted", "edited"]


def test_a_new_agreement_leads_to_its_draft(world, services, client_of):
    browser = client_of(world.people.paul)
    sent = {"company": world.companies.calanques.pk, "name": "Convention"}
    answer = browser.post("/agreements/new/", sent)
    made = Agreement.objects.get(name="Convention")
    assert answer.headers["Location"] == at(made.draft, "edit")
    again = browser.post("/agreements/new/", sent)
    assert again.status_code == 422
    assert Agreement.objects.filter(name="Convention").count() == 1


def test_what_is_typed_is_kept(world, draft, services, client_of):
    version = draft()
    rows = [
        {"kind": "first_response", "hours": "1.5", "priority": "2"},
        {"kind": "delivery", "days": "3", "of": f"service:{next(iter(services.values())).pk}"},
        {},  # added, and left as it came
        {"kind": "delivery", "days": "5", "of": "family:travel"},
    ]
    data = typed(
        version, rows, exclusions="Force majeure\n\nGrève", **{"targets-2-kind": "first_response"}
    )
    browser = client_of(world.people.paul)
    assert browser.post(at(version, "edit"), data).status_code == 302
    told = AgreementVersion.objects.get(pk=version.pk).terms()
    assert [(t.kind, t.hours, t.days, t.priority) for t in told.targets] == [
        ("first_response", Decimal("1.5"), None, 2),
        ("delivery", None, 3, None),
        ("delivery", None, 5, None),
    ]
    assert told.exclusions == ("Force majeure", "Grève")
    assert told.credits is None


def test_saving_what_is_shown_changes_nothing(world, draft, client_of):
    """The form is sent back as the page draws it: the draft must survive its own editor."""
    version = draft(scopes=(Scope(site=world.sites.aix.pk, family="travel"), Scope()))
    browser = client_of(world.people.paul)
    form = browser.get(at(version, "edit")).context["form"]
    data = {"save": "1", "seen": str(form.seen)}
    for part in (form.frame, *form.scopes, *form.targets):
        for field in part:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = "on" if value is True else str(value)
    for name in ("scopes", "targets"):
        data |= {f"{name}-TOTAL_FORMS": "2", f"{name}-INITIAL_FORMS": "0"}
    assert browser.post(at(version, "edit"), data).status_code == 302
    assert AgreementVersion.objects.get(pk=version.pk).terms() == version.terms()
    assert kinds(version) == ["drafted", "edited"]


@pytest.mark.parametrize(
    ("rows", "changes", "mend"),
    [
        ([{}, {"hours": "2"}, {"hours": "2"}], {}, "la même chose"),
        ([{"hours": "2", "days": "1"}], {}, "pas les deux"),
        ([{"priority": "1"}], {}, "indiquez des heures ou des jours"),
        ([{"hours": "0"}], {}, "entre 0 et"),
        ([{"hours": "2", "expected": "80"}], {}, "entre le niveau critique"),
        ([{"hours": "2", "kind": "soon"}], {}, "targets-0-kind"),
        ([{"hours": "2"}], {"ends_on": "2026-12-31"}, "échangez-les"),
        ([{"hours": "2"}], {"ends_on": "9999-12-31"}, "entre 2000 et 2100"),
        ([{"hours": "2"}], {"with_credits": "on", "monthly_fee": "0"}, "supérieure à zéro"),
        ([{"hours": "2"}], {"scopes-TOTAL_FORMS": "0"}, "Dites où"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_stands_as_typed(
    world, draft, client_of, rows, changes, mend
):
    version = draft()
    credit = {
        "pool_pct": "10", "rule": "linear", "cap_pct": "100", "repeat_from": "3",
        "repeat_by": "1.5", "earn_back_months": "3",
    }  # fmt: skip
    data = typed(version, rows, note="Texte tapé", **credit | changes)
    answer = client_of(world.people.paul).post(at(version, "edit"), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Texte tapé" in page
    assert answer.context["form"].is_refused
    assert kinds(version) == ["drafted", "edited"]
    assert mend in page


def test_a_fault_stands_at_its_line(world, draft, client_of):
    version = draft()
    rows = [{"hours": "2"}, {"hours": "2", "kind": "next_reply", "expected": "80"}]
    page = client_of(world.people.paul).post(at(version, "edit"), typed(version, rows))
    first, second = page.context["form"].targets
    assert not first.errors
    assert "expected" in second.errors


def test_lines_are_added_and_removed_without_losing_what_is_typed(world, draft, client_of):
    version = draft()
    browser = client_of(world.people.paul)
    data = typed(version, [{"hours": "2"}, {"days": "7"}], note="Reste")
    del data["save"]
    more = browser.post(at(version, "edit"), data | {"add-targets": "1"})
    assert len(more.context["form"].targets.forms) == 3
    less = browser.post(at(version, "edit"), data | {"remove-targets": "0"})
    (left,) = less.context["form"].targets
    assert left["days"].value() == "7"
    assert "Reste" in less.content.decode()
    assert kinds(version) == ["drafted", "edited"]


def test_the_second_is_told_and_keeps_what_was_typed(world, draft, client_of):
    version = draft()
    paul, maud = client_of(world.people.paul), client_of(world.people.maud)
    mine, hers = typed(version, note="De Paul"), typed(version, note="De Maud")
    assert paul.post(at(version, "edit"), mine).status_code == 302
    late = maud.post(at(version, "edit"), hers)
    assert late.status_code == 422
    assert "De Maud" in late.content.decode()
    assert AgreementVersion.objects.get(pk=version.pk).note == "De Paul"
    knowing = hers | {"seen": str(late.context["form"].seen)}
    assert maud.post(at(version, "edit"), knowing).status_code == 302
    assert AgreementVersion.objects.get(pk=version.pk).note == "De Maud"


def test_a_double_click_saves_once(world, draft, client_of):
    version = draft()
    browser = client_of(world.people.paul)
    data = typed(version, note="Une fois")
    assert [browser.post(at(version, "edit"), data).status_code for _ in range(2)] == [302, 302]
    assert kinds(version) == ["drafted", "edited", "edited"]


def test_both_sides_sign_on_their_pages(world, draft, client_of, soon):
    version = draft(effective_from=soon)
    claire, paul = client_of(world.people.claire), client_of(world.people.paul)
    sent = {"agreed": "on", "seen": str(version.revision)}
    assert claire.get(at(version, "sign")).status_code == 200
    assert [claire.post(at(version, "sign"), sent).status_code for _ in range(2)] == [302, 302]
    assert paul.post(at(version, "sign"), sent).status_code == 200  # she changed the row: told
    again = {"agreed": "on", "seen": str(version.revision + 1)}
    assert paul.post(at(version, "sign"), again).status_code == 302
    assert AgreementVersion.objects.get(pk=version.pk).standing() == "to_come"
    assert kinds(version) == ["drafted", "edited", "signed", "signed", "concluded"]


def test_signing_is_confirmed_and_refused_with_the_mend(world, draft, client_of):
    version = draft(effective_from=None)
    browser = client_of(world.people.claire)
    seen = {"seen": str(version.revision)}
    assert browser.post(at(version, "sign"), seen).status_code == 422
    answer = browser.post(at(version, "sign"), seen | {"agreed": "on"})
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors()
    assert kinds(version) == ["drafted", "edited"]


def test_a_draft_is_withdrawn_with_a_reason(world, draft, client_of):
    version = draft()
    browser = client_of(world.people.paul)
    seen = {"seen": str(version.revision)}
    assert browser.post(at(version, "withdraw"), seen).status_code == 422
    assert browser.post(at(version, "withdraw"), seen | {"reason": "Doublon"}).status_code == 302
    assert AgreementVersion.objects.get(pk=version.pk).state == "withdrawn"
    history = browser.get(f"/agreements/{version.agreement_id}/history/").content.decode()
    assert "Doublon" in history


def test_what_changes_is_shown_row_by_row(world, draft, sign, client_of, soon):
    old = sign(draft())
    browser = client_of(world.people.paul)
    browser.post(f"/agreements/{old.agreement_id}/draft/")
    new = old.agreement.draft
    new.edit(by=world.people.paul, targets=(FIRST,), effective_from=soon, exclusions=("Grève",))
    changes = browser.get(at(new, "compare")).context["changes"]
    assert [(bool(one.before), bool(one.after)) for one in changes] == [
        (True, True),
        (True, False),
        (False, True),
    ]
    assert browser.get(at(old, "compare")).status_code == 200


def test_a_second_click_finds_the_same_draft(world, draft, sign, client_of):
    old = sign(draft())
    browser = client_of(world.people.paul)
    urls = {
        browser.post(f"/agreements/{old.agreement_id}/draft/").headers["Location"] for _ in range(2)
    }
    assert len(urls) == 1


def test_the_history_says_who_changed_what(world, draft, client_of):
    version = draft()
    version.edit(by=world.people.maud, targets=(DELIVERY,), note="Moins")
    url = f"/agreements/{version.agreement_id}/history/"
    for who in ("paul", "claire"):
        page = client_of(getattr(world.people, who)).get(url).content.decode()
        assert "Maud" in page
        assert "Moins" in page


GARBAGE = ["", "x", "\0", "-1", "9" * 30, "NaN", "1e9", "site:0", "family:x", "é" * 3000]


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_is_answered_never_an_error(world, draft, client_of, value):
    version = draft()
    browser = client_of(world.people.paul)
    data = typed(version, [{"hours": "2"}])
    for name in data:
        assert browser.post(at(version, "edit"), data | {name: value}).status_code < 500, name
    for name in ("add-targets", "remove-targets", "remove-scopes"):
        assert browser.post(at(version, "edit"), {name: value}).status_code < 500
    for page in ("sign", "withdraw"):
        sent = {"seen": value, "agreed": "on", "reason": value}
        assert browser.post(at(version, page), sent).status_code < 500
    assert browser.post("/agreements/new/", {"company": value, "name": value}).status_code < 500
    assert (
        browser.get("/agreements/", {"q": value, "state": value, "page": value}).status_code < 500
    )


def test_a_number_that_no_version_has(world, draft, client_of):
    version = draft()
    browser = client_of(world.people.paul)
    for number in (0, 99, 10**12):
        url = f"/agreements/{version.agreement_id}/versions/{number}/"
        assert browser.get(url).status_code == 404
