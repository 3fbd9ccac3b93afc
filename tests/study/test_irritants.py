"""What hurts is collected, put together, ranked, mended and measured again; who said it stays."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from relais.desk.errors import BadValue, Missing
from relais.people.access import Access
from relais.people.models import OrganisationChange
from relais.study import irritants
from relais.study.errors import ChangedMeanwhile, NotInThisPhase, NotPiloting
from relais.study.models import ChangeAction, Irritant, IrritantMeasure, Participant

from .conftest import a_line, a_study


def an_irritant(study, process="Signatures", a_month=10, minutes=60, **more):
    fields = {"process": process, "a_month": a_month, "minutes": minutes, "severity": 1}
    return irritants.collect(study, fields | more, by=study.pilot)


def events(kind):
    return OrganisationChange.objects.filter(kind=f"irritant_{kind}").count()


def test_the_worst_come_first_and_those_that_make_80_percent_are_marked(world, study):
    an_irritant(study, "Petit", a_month=2)
    an_irritant(study, "Grave", a_month=4, severity=5)  # 4 h x 2
    an_irritant(study, "Fréquent", a_month=10)
    found = irritants.board(world.access("basile"), study)
    told = [(row.irritant.process, row.score, row.treat) for row in found.rows]
    assert told == [("Fréquent", 10, True), ("Grave", 8, True), ("Petit", 2, False)]
    assert found.hours == 16 and [round(row.reached, 2) for row in found.rows] == [0.5, 0.9, 1]
    with override("fr"):
        assert "2 irritants sur 3" in found.sentence and "Fréquent" in found.sentence


def test_those_put_together_speak_once_and_can_be_parted(world, study):
    basile = world.people.basile
    one, two, three = (an_irritant(study, name) for name in "abc")
    one.merge(two, by=basile)
    two.merge(three, by=basile)
    one.refresh_from_db()
    assert one.into == three and events("merged") == 2
    [row] = irritants.board(world.access("basile"), study).rows
    assert (row.irritant, row.voices, row.score) == (three, 3, 10)
    for wrong in (one, two, three, an_irritant(a_study(world, name="Autre"), "d")):
        with pytest.raises((BadValue, ChangedMeanwhile)):
            three.merge(wrong, by=basile)
    one.unmerge(by=basile)
    assert len(irritants.board(world.access("basile"), study).rows) == 2
    with pytest.raises(ChangedMeanwhile):
        one.unmerge(by=basile)


def test_it_is_mended_measured_and_lifted(world, study):
    basile, row = world.people.basile, an_irritant(study)
    with pytest.raises(Missing):
        row.mend(by=basile)
    row.edit({"owner": world.people.claire}, by=basile)
    with pytest.raises(BadValue):
        row.remeasure(3, {"a_month": 1, "persons": 1, "minutes": 1, "severity": 1}, by=basile)
    row.mend(by=basile)
    with pytest.raises(BadValue):  # its figures are the measure before
        row.edit({"minutes": 1}, by=basile)
    row.lift(by=basile)
    after = {"a_month": 5, "persons": 1, "minutes": 30, "severity": 1}
    for figures in ({**after, "minutes": 60}, after):  # told again, it is corrected
        row.remeasure(3, figures, by=basile)
    with pytest.raises(BadValue):
        row.remeasure(4, after, by=basile)
    found = irritants.board(world.access("basile"), study)
    assert found.rows[0].lifted == {3: 0.75}
    assert (found.lifted, found.treated, found.returned) == (1, 1, 7.5)
    assert [events(kind) for kind in ("mending", "lifted", "remeasured")] == [1, 1, 2]
    row.reopen(by=basile)
    assert row.state == "open" and IrritantMeasure.objects.count() == 2


# By verb: the state it is refused in.
REFUSED = {"mend": "left", "lift": "open", "reopen": "open", "leave": "lifted"}


@pytest.mark.parametrize("verb", REFUSED)
def test_what_is_not_now_or_not_hers_is_refused(world, study, verb):
    row = an_irritant(study, owner=world.people.claire)
    told = ("Trop cher",) if verb == "leave" else ()
    for person in ("claire", "alice", "quentin"):
        fit = Irritant.objects.get(pk=row.pk)
        fit.state = {"lift": "mending", "reopen": "left"}.get(verb, "open")
        with pytest.raises(NotPiloting):
            getattr(fit, verb)(*told, by=getattr(world.people, person))
    Irritant.objects.update(state=REFUSED[verb])
    row.refresh_from_db()
    with pytest.raises(ChangedMeanwhile):
        getattr(row, verb)(*told, by=world.people.basile)


def test_of_two_at_once_one_wins_and_a_reason_is_needed(world, study):
    basile, row = world.people.basile, an_irritant(study)
    other = Irritant.objects.get(pk=row.pk)
    with pytest.raises(Missing):
        row.leave(" ", by=basile)
    row.leave("Trop cher", by=basile)
    with pytest.raises(ChangedMeanwhile):
        other.leave("Moi aussi", by=basile)
    assert events("left") == 1 and Irritant.objects.get().state_why == "Trop cher"


def test_nothing_is_collected_once_it_is_decided(world):
    with pytest.raises(NotInThisPhase):
        an_irritant(a_study(world, phase="decided"))


def test_the_alert_signs_are_taken_up_once(world, study):
    with override("fr"):
        assert irritants.take_alerts(study, by=world.people.basile) == 3
    assert irritants.take_alerts(study, by=world.people.basile) == 0
    assert Irritant.objects.count() == 3 and not irritants.missing_alerts(study)
    assert Irritant.objects.filter(process="Un siège surchargé").exists()


def test_what_weighs_on_a_line_is_its_pain_until_it_is_lifted(world, study):
    line, other = (a_line(study, world.sites.aix, name) for name in ("Agenda", "Voyages"))
    row, access = an_irritant(study), world.access("basile")
    beyond = a_line(a_study(world, name="Autre"), world.sites.aix)
    for _ in range(2):
        irritants.weigh_on(row, [line.pk, beyond.pk], by=world.people.basile, access=access)
    assert irritants.pain(study) == {str(line.pk): 10}
    irritants.weigh_on(row, [other.pk], by=world.people.basile, access=access)
    assert irritants.pain(study) == {str(other.pk): 10}
    Irritant.objects.update(state="lifted")
    assert irritants.pain(study) == {}


def test_others_read_the_words_but_never_who_said_them(world, study, client_of, call):
    marc = Participant.objects.get(study=study)
    an_irritant(study, verbatim="J’attends toujours", said_by=marc)
    page, api = reverse("irritants", args=[study.pk]), f"studies/{study.pk}/irritants"
    for name, told in (("basile", True), ("paul", True), ("sylvie", False), ("claire", False)):
        text = client_of(getattr(world.people, name)).get(page).content.decode()
        table = text[text.index("J’attends toujours") : text.index("</table>")]
        assert ("Marc Morel" in table) is told
        [row] = call(getattr(world.people, name), "GET", api)[1]["items"]
        assert (row["said_by"] == "Marc Morel") is told
    for name in ("marc", "luc", "alice", "quentin", "fanny"):
        assert client_of(getattr(world.people, name)).get(page).status_code == 404
        assert call(getattr(world.people, name), "GET", api)[0] == 404
    assert not Access(world.people.marc).see(Irritant).exists()


def test_the_pages_collect_and_turn(world, study, client_of):
    basile, claire = client_of(world.people.basile), client_of(world.people.claire)
    page = reverse("irritants", args=[study.pk])
    typed = {
        "process": "Signatures", "category": "approval", "a_month": "4", "persons": "2",
        "minutes": "30", "severity": "3", "owner": world.people.claire.pk,
    }  # fmt: skip
    assert basile.post(page, typed | {"severity": "9"}).status_code == 422
    assert claire.post(page, typed).status_code == 404
    assert basile.post(page, typed).status_code == 302
    row = Irritant.objects.get()
    one = reverse("irritant", args=[row.pk])
    assert basile.post(one, typed | {"cause": "Personne ne relance"}).status_code == 302
    assert claire.get(one).status_code == claire.post(one, typed).status_code == 404
    for verb in ("mend", "lift", "reopen"):
        assert claire.post(reverse("irritant_turn", args=[row.pk, verb])).status_code == 404
        basile.post(reverse("irritant_turn", args=[row.pk, verb]))
    assert basile.post(reverse("irritant_turn", args=[row.pk, "delete"])).status_code == 404
    after = {"month": "6", "a_month": "1", "persons": "1", "minutes": "5", "severity": "1"}
    basile.post(reverse("irritant_remeasure", args=[row.pk]), after)
    basile.post(reverse("irritant_action", args=[row.pk]), {"what": "Déléguer la signature"})
    line = a_line(study, world.sites.aix)
    basile.post(reverse("irritant_lines", args=[row.pk]), {"lines": [line.pk]})
    row.refresh_from_db()
    assert (row.state, row.cause) == ("open", "Personne ne relance")
    assert row.measures.count() == 2 and row.links.get().line == line
    assert ChangeAction.objects.get().irritant == row
    assert "Déléguer la signature" in basile.get(one).content.decode()
    into = an_irritant(study, "Parapheur")
    basile.post(reverse("irritant_merge", args=[row.pk]), {"into": into.pk})
    assert Irritant.objects.get(pk=row.pk).into == into
    basile.post(reverse("irritant_leave", args=[into.pk]), {"why": "Plus tard"})
    assert Irritant.objects.get(pk=into.pk).state == "left"
    basile.post(reverse("irritants_alerts", args=[study.pk]))
    assert Irritant.objects.count() == 5


def test_the_drawing_is_there_once_something_is_scored(world, study, client_of):
    chart = reverse("irritants_chart", args=[study.pk])
    assert client_of(world.people.basile).get(chart).status_code == 404
    an_irritant(study)
    drawn = client_of(world.people.basile).get(chart)
    assert drawn["Content-Type"] == "image/svg+xml" and b"Signatures" in drawn.content
    assert client_of(world.people.luc).get(chart).status_code == 404


def test_the_api_does_the_same(world, study, call):
    basile, claire = world.people.basile, world.people.claire
    status, made = call(basile, "POST", f"studies/{study.pk}/irritants", process="Visas", a_month=6,
                        minutes=20, owner=claire.pk)  # fmt: skip
    assert status == 201 and (made["hours"], made["score"]) == (2, 3)
    assert call(claire, "POST", f"studies/{study.pk}/irritants", process="x")[0] == 404
    assert call(basile, "POST", f"studies/{study.pk}/irritants", process="")[0] == 422
    assert call(basile, "POST", f"studies/{study.pk}/irritants/alerts")[1] == {"taken": 3}
    url = f"irritants/{made['id']}"
    assert call(basile, "POST", f"{url}/edit", cause="Un seul signataire")[1]["minutes"] == 20
    assert call(basile, "POST", f"{url}/edit", cause="x", version=1)[0] == 409
    assert call(claire, "POST", f"{url}/mend")[0] == 404
    assert call(basile, "POST", f"{url}/mend")[1]["state"] == "mending"
    figures = {"a_month": 3, "minutes": 20}
    assert len(call(basile, "POST", f"{url}/remeasure", month=3, **figures)[1]) == 2
    assert call(basile, "POST", f"{url}/remeasure", month=5, **figures)[0] == 422
    assert [m["hours"] for m in call(basile, "GET", f"{url}/measures")[1]] == [2, 1]
    assert call(basile, "POST", f"{url}/lift")[1]["state"] == "lifted"
    assert call(basile, "POST", f"{url}/lift")[0] == 409
    assert call(basile, "POST", f"{url}/reopen")[1]["state"] == "open"
    line = a_line(study, world.sites.aix)
    assert call(basile, "POST", f"{url}/lines", lines=[line.pk])[1] == {"lines": [line.pk]}
    action = call(basile, "POST", f"{url}/actions", what="Nommer un suppléant")
    assert action[0] == 201 and action[1]["irritant"] == made["id"]
    other = an_irritant(study, "Parapheur")
    assert call(basile, "POST", f"{url}/merge", into=other.pk)[1]["into"] == other.pk
    assert call(basile, "POST", f"{url}/unmerge")[1]["into"] is None
    assert call(basile, "POST", f"{url}/leave", why="Plus tard")[1]["state"] == "left"
    board = call(claire, "GET", f"studies/{study.pk}/irritants")[1]
    assert len(board["items"]) == 5 and board["hours"] == 12
    assert (
        call(basile, "GET", f"studies/{a_study(world, name='Vide').pk}/irritants/pareto.svg")[0]
        == 404
    )
