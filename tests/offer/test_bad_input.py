"""What nobody could keep is refused with its mend, by the form and by the API alike."""

import json

import pytest

from relais.offer.models import AgreementVersion

from .conftest import kinds
from .test_agreement_pages import at, typed

CREDITS = {
    "with_credits": "on",
    "monthly_fee": "12000",
    "pool_pct": "10",
    "rule": "linear",
    "cap_pct": "100",
    "repeat_from": "3",
    "repeat_by": "1.5",
    "earn_back_months": "3",
}

# What is typed into the editor's form, and what the API is sent for the same thing.
CASES = {
    "a target without hours": (
        {"kind": "delivery", "hours": ""},
        {"kind": "delivery", "hours": None},
    ),
    "hours and working days": ({"days": "2"}, {"days": 2}),
    "no hours at all": ({"hours": "0"}, {"hours": 0}),
    "negative hours": ({"hours": "-4"}, {"hours": -4}),
    "absurd hours": ({"hours": "5000"}, {"hours": 5000}),
    "hours that are no number": ({"hours": "NaN"}, {"hours": "NaN"}),
    "negative days": ({"hours": "", "days": "-1"}, {"hours": None, "days": -1}),
    "absurd days": ({"hours": "", "days": "999"}, {"hours": None, "days": 999}),
    "an unknown promise": ({"kind": "soon"}, {"kind": "soon"}),
    "an unknown priority": ({"priority": "9"}, {"priority": 9}),
    "an unknown statistic": ({"statistic": "mode"}, {"statistic": "mode"}),
    "an unknown window": ({"window": "week"}, {"window": "week"}),
    "levels in disorder": ({"expected": "80"}, {"expected": 80}),
    "more than all": ({"target": "101"}, {"target": 101}),
    "a negative sample": ({"smallest_sample": "-1"}, {"smallest_sample": -1}),
    "a negative weight": ({"weight": "-0.1"}, {"weight": -0.1}),
    "a weight above one": ({"weight": "1.5"}, {"weight": 1.5}),
}
FRAME = {
    "days reversed": {"effective_from": "2027-05-01", "ends_on": "2027-04-01"},
    "a day beyond reach": {"ends_on": "9999-12-31"},
    "a day that is none": {"effective_from": "2027-02-30"},
    "a reminder after the end": {"remind_after_days": 6, "close_after_days": 5},
    "a reminder at once": {"remind_after_days": 0},
    "a wait for ever so long": {"close_after_days": 900},
    "a clause without end": {"exclusions": ["x" * 1001]},
}
MONEY = {
    "no fee": {"monthly_fee": "0"},
    "a negative fee": {"monthly_fee": "-1"},
    "more than all at risk": {"pool_pct": "120"},
    "a negative cap": {"cap_pct": "-5"},
    "an unknown rule": {"rule": "stairs"},
    "repeats from the first month": {"repeat_from": "1"},
    "repeats that cost less": {"repeat_by": "0.5"},
    "repeats that ruin": {"repeat_by": "11"},
    "a long way back": {"earn_back_months": "13"},
}


def both(client_of, world, version, form, body):
    """Return what the form and the API answer to one person about one thing."""
    browser = client_of(world.people.paul)
    page = browser.post(at(version, "edit"), form)
    sent = browser.post(
        f"/api/agreement_versions/{version.pk}/edit",
        json.dumps(body),
        content_type="application/json",
    )
    return page, sent


def refused(page, sent, version):
    assert page.status_code == 422, page.status_code
    assert "form-summary" in page.content.decode()
    assert sent.status_code == 422, sent.content
    assert sent.json()["detail"]
    assert kinds(version) == ["drafted", "edited"]


@pytest.mark.parametrize("case", CASES)
def test_a_promise(world, draft, client_of, case):
    version = draft()
    form, body = CASES[case]
    row = {"kind": "first_response", "hours": "2"}
    body = {"targets": [row | body]}
    refused(*both(client_of, world, version, typed(version, rows=[row | form]), body), version)


@pytest.mark.parametrize("case", FRAME)
def test_what_frames_it(world, draft, client_of, case):
    version = draft()
    form = {
        name: "\n".join(value) if isinstance(value, list) else str(value)
        for name, value in FRAME[case].items()
    }
    refused(*both(client_of, world, version, typed(version, **form), FRAME[case]), version)


@pytest.mark.parametrize("case", MONEY)
def test_the_money(world, draft, client_of, case):
    version = draft()
    money = {name: value for name, value in CREDITS.items() if name != "with_credits"}
    body = {"credits": money | MONEY[case]}
    form = typed(version, **CREDITS | MONEY[case])
    refused(*both(client_of, world, version, form, body), version)


def test_the_same_place_twice(world, draft, client_of):
    version = draft()
    form = {"scopes-TOTAL_FORMS": "2", "scopes-1-place": "company", "scopes-1-family": ""}
    body = {"scopes": [{}, {}]}
    refused(*both(client_of, world, version, typed(version, **form), body), version)


def test_a_version_that_starts_before_the_one_in_force_leaves_room(world, draft, sign, client_of):
    old = sign(draft())
    new = AgreementVersion.draft_from(old.agreement, by=world.people.paul)
    AgreementVersion.objects.filter(pk=new.pk).update(effective_from=old.effective_from)
    browser = client_of(world.people.claire)
    page = browser.post(at(new, "sign"), {"agreed": "on", "seen": new.revision})
    body = json.dumps({"side": "client"})
    path = f"/api/agreement_versions/{new.pk}/sign"
    sent = browser.post(path, body, content_type="application/json")
    assert (page.status_code, sent.status_code) == (422, 422)
    assert "signed" not in kinds(new)
