"""Somebody is asked by a link: no account, nothing lost, nothing done twice, nobody named."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from relais.people import letters
from relais.study import interviews
from relais.study.interview_forms import InterviewForm
from relais.study.models import (
    ActivityLog,
    BrakeAnswer,
    Interview,
    InventoryLine,
    Irritant,
    Participant,
    Study,
    StudyLink,
)

TASK = {"t0-task": "Préparer le comité", "t0-count": "2", "t0-minutes": "1,5"}
PAIN = {
    "p0-process": "Signatures",
    "p0-a_month": "4",
    "p0-minutes": "30",
    "p0-verbatim": "J’attends",
}
TOLD = TASK | {"t0-period": "month", "t0-family": "agenda"} | PAIN | {"p0-severity": "5"}


def asked(world, study, *asks, agree=True, language="fr", **who):
    """Return a participant's own address, and the participant; she has read who is told what."""
    fields = {"name": "Odile Oury", "email": "odile@calanques.example", "role": "Assistante"}
    who = Participant.objects.create(
        provider=world.provider, study=study, **({"site": world.sites.aix} | fields | who)
    )
    _link, address = interviews.send(
        who, list(asks) or ["interview"], language=language, by=world.people.basile
    )
    path = address[address.index("/s/") :]
    if agree:
        assert Client().post(path, {"agree": "1"}).status_code == 302
    return path, who


def test_a_letter_brings_the_link_and_the_page_says_who_is_told_what(world, study, monkeypatch):
    sent = []
    monkeypatch.setattr(letters, "post", sent.append)
    path, _who = asked(world, study, agree=False)
    assert path in sent[0].body and "Odile Oury" in sent[0].body
    page = Client().get(path)
    text = page.content.decode()
    assert "Personne n’est évalué" in text and "Chaque site lit le sien." in text
    assert page["Referrer-Policy"] == "strict-origin" and "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex" and path not in page.content.decode().split("<form")[0]
    # Before she has read it nothing opens.
    assert Client().get(f"{path}interview/")["Location"] == path
    assert Client().post(f"{path}draft/", TASK)["Location"] == path
    assert not Interview.objects.exists()


def test_what_is_typed_is_kept_until_it_is_sent_once(world, study):
    path, who = asked(world, study)
    her = Client()
    assert her.post(f"{path}draft/", {"t0-task": "Préparer", "t0-minutes": "deux"}).json()["kept"]
    assert "Préparer" in Client().get(f"{path}interview/").content.decode()
    refused = her.post(f"{path}interview/", {"t0-task": "Préparer", "t0-minutes": "deux"})
    assert refused.status_code == 422 and "deux" in refused.content.decode()
    for _ in range(2):
        assert her.post(f"{path}interview/", TOLD).status_code == 302
    line = InventoryLine.objects.get()
    assert (line.task, line.count, line.minutes_usual) == ("Préparer le comité", 2, 1.5)
    assert (line.evidence, line.source, line.author) == ("declared", "interview", who)
    pain = Irritant.objects.get()
    assert (pain.process, pain.verbatim, pain.said_by) == ("Signatures", "J’attends", who)
    assert (pain.counted.hours, pain.severity, pain.site) == (2.0, 5, world.sites.aix)
    assert her.post(f"{path}draft/", TASK).status_code == 409
    assert "Envoyé, merci" in her.get(f"{path}interview/").content.decode()
    assert Interview.objects.get().draft == {}


def test_of_two_sendings_at_once_one_counts(world, study):
    _path, who = asked(world, study)
    Interview.of(who)
    with override("fr"):
        form = InterviewForm(TOLD, who)
        assert form.is_valid()
    first, second = Interview.of(who), Interview.of(who)
    site = world.sites.aix
    assert interviews.take(first, form.answers(), site=site)
    assert not interviews.take(second, form.answers(), site=site)
    assert InventoryLine.objects.count() == Irritant.objects.count() == 1


@pytest.mark.parametrize("typed", [{}, {"t0-minutes": "5"}, {"p0-verbatim": "x"}, {"t0-task": " "}])
def test_what_tells_nothing_is_not_sent(world, study, typed):
    path, _who = asked(world, study)
    assert Client().post(f"{path}interview/", typed).status_code == 422
    assert not InventoryLine.objects.exists() and not Irritant.objects.exists()


def shut(how, world, study, who):
    """Let the link open nothing any more."""
    link = StudyLink.objects.get(participant=who, revoked_at=None)
    if how == "revoked":
        assert link.revoke(by=world.people.basile) and not link.revoke(by=world.people.basile)
    elif how == "expired":
        StudyLink.objects.update(expires_at=timezone.now())
    elif how == "anew":
        interviews.send(who, ["interview"], language="fr", by=world.people.basile)
    else:
        Study.objects.update(phase="decided")


@pytest.mark.parametrize("how", ["revoked", "expired", "anew", "decided"])
def test_a_link_that_is_over_opens_nothing(world, study, how):
    path, who = asked(world, study)
    assert Client().get(path).status_code == 200
    shut(how, world, study, who)
    for rest in ("", "interview/", "brakes/", "activity/"):
        assert Client().get(f"{path}{rest}").status_code == 404
    assert Client().post(f"{path}draft/", TASK).status_code == 404


def test_a_wrong_secret_opens_nothing_and_tries_are_counted(world, study, client_of, monkeypatch):
    path, _who = asked(world, study)
    wrong = [path[:-5] + "AAAA/", "/s/x/", f"/s/999999-{'a' * 43}/", f"/s/{'9' * 30}-x/"]
    assert [Client().get(each).status_code for each in wrong] == [404] * 4
    assert client_of(world.people.paul).get(path).status_code == 200
    monkeypatch.setattr(interviews, "MOST_TRIES", 1)
    assert Client().get("/s/x/", REMOTE_ADDR="10.0.0.9").status_code == 404
    late = Client().get("/s/x/", REMOTE_ADDR="10.0.0.9")
    assert (late.status_code, late["Retry-After"]) == (429, "60")
    monkeypatch.setattr(interviews, "MOST_PAGES", 1)
    assert Client().get(path).status_code == 429


def test_only_a_digest_of_the_secret_is_kept(world, study):
    path, _who = asked(world, study)
    secret = path.split("/")[2]
    assert secret not in str(StudyLink.objects.values())


def test_it_speaks_her_language_and_turns(world, study):
    path, _who = asked(world, study, language="en", agree=False)
    page = Client().get(path, headers={"accept-language": "fr"})
    assert "Nobody is evaluated" in page.content.decode()
    Client().post(path, {"language": "fr"})
    assert "Personne n’est évalué" in Client().get(path).content.decode()
    assert StudyLink.objects.get().language == "fr"


def test_who_has_no_site_says_where(world, study):
    path, _who = asked(world, study, "interview", "brakes", site=None)
    assert Client().post(f"{path}interview/", TOLD).status_code == 422
    where = TOLD | {"site": world.sites.lyon.pk}
    assert Client().post(f"{path}interview/", where).status_code == 302
    assert InventoryLine.objects.get().site == world.sites.lyon
    beyond = {"site": world.sites.brest.pk}
    assert Client().post(f"{path}brakes/", beyond).status_code == 422


def test_what_is_not_asked_leads_back(world, study):
    path, _who = asked(world, study)
    for part in ("brakes", "activity"):
        assert Client().get(f"{path}{part}/")["Location"] == path
    assert not BrakeAnswer.objects.exists() and not ActivityLog.objects.exists()


def test_the_pilot_sees_that_something_came_and_reads_it_once_sent(world, study, client_of):
    path, who = asked(world, study)
    basile = client_of(world.people.basile)
    board, read = reverse("asking", args=[study.pk]), reverse("interview", args=[who.pk])
    Client().post(f"{path}draft/", TASK)
    assert "Préparer le comité" not in basile.get(read).content.decode()
    Client().post(f"{path}interview/", TOLD)
    assert "Entretien envoyé" in basile.get(board).content.decode()
    assert "Préparer le comité" in basile.get(read).content.decode()
    for person in ("claire", "marc", "alice", "luc"):
        other = client_of(getattr(world.people, person))
        assert other.get(board).status_code == other.get(read).status_code == 404


def test_the_page_asks_shows_the_link_once_and_closes_it(world, study, client_of):
    who = Participant.objects.get(study=study)
    basile = client_of(world.people.basile)
    ask = reverse("ask", args=[who.pk])
    made = basile.post(ask, {"asks": ["interview", "activity"], "language": "en"})
    [secret] = re.findall(r"/s/(\d+-[\w-]{43})/", made.content.decode())
    assert ActivityLog.objects.filter(participant=who).exists()
    assert secret not in basile.get(reverse("asking", args=[study.pk])).content.decode()
    link = StudyLink.objects.get(revoked_at=None)
    assert link.asks == ["interview", "activity"]
    close = reverse("study_link_revoke", args=[link.pk])
    assert client_of(world.people.claire).post(close).status_code == 404
    basile.post(close)
    assert Client().get(f"/s/{secret}/").status_code == 404
    basile.post(ask, {"language": "fr"})
    Participant.objects.create(
        provider=world.provider, study=study, name="Sans adresse", role="Accueil"
    )
    nobody = Participant.objects.get(name="Sans adresse")
    basile.post(reverse("ask", args=[nobody.pk]), {"asks": ["interview"], "language": "fr"})
    assert StudyLink.objects.count() == 1


def test_the_api_asks_and_takes_what_is_told_by_telephone(world, study, call):
    who, basile, claire = (
        Participant.objects.get(study=study),
        world.people.basile,
        world.people.claire,
    )
    url = f"study_participants/{who.pk}"
    status, made = call(basile, "POST", f"{url}/ask", asks=["brakes"], language="fr")
    assert status == 201 and "/s/" in made["address"]
    assert call(basile, "POST", f"{url}/ask", asks=[])[0] == 422
    assert call(claire, "POST", f"{url}/ask", asks=["brakes"])[0] == 404
    [row] = call(basile, "GET", f"studies/{study.pk}/asked")[1]
    assert row["link"]["asks"] == ["brakes"] and "address" not in row["link"]
    assert call(basile, "POST", f"study_links/{made['id']}/revoke")[0] == 200
    assert call(claire, "POST", f"study_links/{made['id']}/revoke")[0] == 404
    assert call(basile, "GET", f"{url}/interview")[0] == 404
    told = {
        "tasks": [{"task": "Voyages", "count": 3.5, "minutes": 20}],
        "keep": "Le point du lundi",
    }
    assert call(claire, "POST", f"{url}/interview", **told)[0] == 404
    status, kept = call(basile, "POST", f"{url}/interview", **told)
    assert status == 200 and kept["sent"] and InventoryLine.objects.get().count == 3.5
    assert not call(basile, "POST", f"{url}/interview", **told)[1]["sent"]
    assert call(basile, "GET", f"{url}/interview")[1]["answers"]["keep"] == "Le point du lundi"
    assert call(basile, "POST", f"{url}/interview", tasks=[{"task": ""}])[0] == 422
