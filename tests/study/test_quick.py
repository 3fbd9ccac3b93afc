"""The quick start: four screens from nothing to a draft offer, each kept, none done twice."""

import pytest
from django.urls import reverse

from relais.desk.errors import BadValue, Missing
from relais.offer import catalogue
from relais.offer.models import AgreementVersion, Service
from relais.people.models import Company, Site
from relais.study import quick
from relais.study.errors import NotPiloting
from relais.study.models import Correction, Generation, InventoryLine, ModelChoice, Study


def test_from_nothing_to_a_draft_offer_and_back_and_again(world, client_of):
    catalogue.preload(world.provider)
    lead = client_of(world.people.paul)
    sent = {"name": "Petite SARL", "site_1": "Gap", "site_2": "Digne"}
    for _ in range(2):  # gone back to and sent again: the same study
        where = lead.post(reverse("quick_begin"), sent).url
    study = Study.objects.get()
    assert where == reverse("quick_work", args=[study.pk])
    assert Company.objects.filter(name="Petite SARL").count() == 1
    gap, _digne = Site.objects.filter(company__name="Petite SARL").order_by("-name")
    service = Service.objects.get(code="appointment")
    name = f"n-{service.pk}-{gap.pk}"
    assert name in lead.get(where).content.decode()
    assert lead.post(where, {name: "-3"}).status_code == 422
    for count in ("20", "12"):
        assert lead.post(where, {name: count}).url == reverse("quick_questions", args=[study.pk])
    (line,) = InventoryLine.objects.filter(study=study)
    assert (line.count, line.site, line.service) == (12, gap, service)
    assert quick.hours(study) == pytest.approx(
        12 * (line.minutes_low + 4 * line.minutes_usual + line.minutes_high) / 6 / 60, abs=0.1
    )
    ask = reverse("quick_questions", args=[study.pk])
    for _ in range(2):
        end = lead.post(ask, {"secrecy": "4", "presence": "2"}).url
    assert Correction.objects.filter(study=study).count() == 2
    for _ in range(2):
        assert lead.post(end).status_code == 302
    assert (Generation.objects.count(), ModelChoice.objects.count()) == (1, 1)
    assert AgreementVersion.objects.get().state == "draft"
    assert "h par semaine" in lead.get(end).content.decode()


def test_what_is_missing_is_said(world, client_of):
    paul, aix = world.people.paul, world.sites.aix
    with pytest.raises(Missing):
        quick.begin(None, " ", ["Gap"], by=paul)
    with pytest.raises(BadValue):
        quick.begin(None, "Sans site", [], by=paul)
    with pytest.raises(NotPiloting):
        quick.begin(None, "X", ["Gap"], by=world.people.alice)
    study = quick.begin(world.companies.calanques, "", [], by=paul)
    assert study.scopes.count() == 2  # its own sites
    service = Service.objects.create(
        provider=world.provider, code="x", name_fr="X", name_en="X", family="agenda"
    )
    for place, count in ((world.sites.brest.pk, 1), (aix.pk, 5000)):
        with pytest.raises(BadValue):
            quick.note(study, {(service.pk, place): count}, by=paul)
    quick.note(study, {(service.pk, aix.pk): 3}, by=paul)
    quick.note(study, {(service.pk, aix.pk): 0}, by=paul)
    assert not study.lines.exists()


def test_it_is_for_who_runs_the_pool(world, client_of, call):
    for name in ("alice", "claire", "marc"):
        person = getattr(world.people, name)
        assert client_of(person).get(reverse("quick_begin")).status_code == 404
        assert call(person, "POST", "quick-starts", name="X", sites=["Y"])[0] == 404
    paul = world.people.paul
    status, told = call(paul, "POST", "quick-starts", name="Par l’API", sites=["Gap"])
    assert status == 201
    key, site = told["id"], Site.objects.get(name="Gap")
    service = Service.objects.create(
        provider=world.provider, code="x", name_fr="X", name_en="X", family="agenda"
    )
    counts = [{"service": service.pk, "site": site.pk, "a_week": 10}]
    assert call(paul, "POST", f"quick-starts/{key}/work", counts=counts)[1]["lines"] == 1
    assert call(paul, "POST", f"quick-starts/{key}/answers", secrecy=2, presence=1)[0] == 204
    status, told = call(paul, "POST", f"quick-starts/{key}/finish", starts_on="2027-01-04")
    assert (status, told["choice"]) == (200, 1)
