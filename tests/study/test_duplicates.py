"""The same work elsewhere: proposed by what is meant, said by a person once, counted once."""

import pytest
from django.urls import reverse

from relais.people.access import Access
from relais.people.models import LegalEntity, OrganisationChange
from relais.study import counting, doubling
from relais.study.errors import ChangedMeanwhile, NotPiloting
from relais.study.models import Duplicate, InventoryLine

from .conftest import a_line


@pytest.fixture
def pair(world, study):
    """Return the pair of two lines that say the same in two languages."""
    lyon = world.sites.lyon
    lyon.entity = LegalEntity.objects.create(
        provider=world.provider, company=lyon.company, name="Calanques Lyon", siren="732829320"
    )
    lyon.save(update_fields=["entity"])
    a_line(study, world.sites.aix, "Réserver les billets de train et l’hôtel", family="travel")
    a_line(study, lyon, "Book train tickets and hotel rooms", family="travel", count=20)
    a_line(study, lyon, "Commander les fournitures de bureau", family="facilities")
    assert doubling.seek(study, by=world.people.basile) == 1
    return Duplicate.objects.select_related("study", "first", "second").get()


def events(kind):
    return OrganisationChange.objects.filter(kind=kind).count()


def hours(study):
    return [row.once / 60 for row in counting.count_study(study)]


def test_what_is_confirmed_is_counted_once_and_what_is_undone_twice_again(world, study, pair):
    basile = world.people.basile
    assert "travel" in pair.shared and hours(study) == [60, 120, 60]
    doubling.say(pair, "confirm", by=basile)
    assert hours(study) == [60, 0, 60] and events("duplicate_confirmed") == 1
    assert doubling.seek(study, by=basile) == 0
    doubling.say(pair, "undo", by=basile)
    assert hours(study) == [60, 120, 60] and events("duplicate_undone") == 1
    doubling.say(pair, "refuse", by=basile)
    assert doubling.seek(study, by=basile) == 0 and pair.state == "refused"


def test_two_at_once_leave_one_winner_and_others_are_refused(world, pair):
    same = Duplicate.objects.select_related("study", "first", "second").get()
    with pytest.raises(NotPiloting):
        doubling.say(pair, "confirm", by=world.people.claire)
    doubling.say(pair, "confirm", by=world.people.basile)
    for verb in ("refuse", "confirm"):
        with pytest.raises(ChangedMeanwhile):
            doubling.say(same, verb, by=world.people.paul)
    assert events("duplicate_confirmed") == 1 and not events("duplicate_refused")


def test_what_is_no_longer_alike_is_no_longer_proposed(world, study, pair):
    InventoryLine.objects.filter(pk=pair.second_id).update(task="Trier le courrier")
    assert doubling.seek(study, by=world.people.basile) == 0
    assert not Duplicate.objects.exists()


def test_the_page_says_why_and_how_much(world, study, pair, client_of):
    basile = client_of(world.people.basile)
    url = reverse("duplicates", args=[study.pk])
    page = basile.get(url).content.decode()
    assert "déplacement" in page and "120 h" in page
    assert basile.post(reverse("duplicates_seek", args=[study.pk])).status_code == 302
    assert basile.post(reverse("duplicate_confirm", args=[pair.pk])).status_code == 302
    assert "120 h" in basile.get(url).content.decode()
    assert basile.post(reverse("duplicate_undo", args=[pair.pk])).status_code == 302
    claire = client_of(world.people.claire)
    assert claire.get(url).status_code == 404
    assert claire.post(reverse("duplicate_refuse", args=[pair.pk])).status_code == 404
    assert not Access(world.people.claire).see(Duplicate).exists()


def test_the_api_of_duplicates(world, study, pair, call):
    basile, path = world.people.basile, f"studies/{study.pk}/duplicates"
    row = call(basile, "GET", path)[1]["items"][0]
    assert row["state"] == "proposed" and row["first"]["name"].startswith("Réserver")
    one = f"study_duplicates/{row['id']}"
    assert call(basile, "POST", f"{one}/confirm", version=9)[0] == 409
    assert call(basile, "POST", f"{one}/confirm")[1]["state"] == "confirmed"
    assert call(basile, "POST", f"{path}/seek")[1] == {"proposed": 0, "double_hours": 120}
    assert call(basile, "POST", f"{one}/undo")[1]["state"] == "proposed"
    assert call(basile, "POST", f"{one}/refuse")[1]["state"] == "refused"
    assert call(world.people.claire, "GET", path)[0] == 404
