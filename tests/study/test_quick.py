"""The quick start: four screens from nothing to a draft offer, each kept, none done twice."""

import pytest
from django.urls import reverse

from relais.desk import dispatching
from relais.desk.errors import BadValue, Missing
from relais.desk.models import Ticket
from relais.offer import catalogue
from relais.offer.models import AgreementVersion, Service
from relais.people.access import Access
from relais.people.models import Company, Cover, Engagement, Invitation, Person, Role, Site
from relais.study import generating, quick, quick_starting
from relais.study.choosing_errors import NothingToGenerate
from relais.study.errors import NotPiloting
from relais.study.models import (
    Correction,
    Generation,
    InventoryLine,
    ModelChoice,
    Post,
    Study,
    Wave,
)
from tests.desk.conftest import at
from tests.people.letterbox import deliver
from tests.world import account


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


ODILE = {
    "lead_first_name": "Odile", "lead_last_name": "Duval", "lead_email": "Odile@sarl.example",
}  # fmt: skip
YVES = {"first_name": "Yves", "last_name": "Le Roux", "email": "yves@sarl.example"}


def drafted_at_gap(world):
    catalogue.preload(world.provider)
    paul = world.people.paul
    study = quick.begin(None, "Petite SARL", ["Gap"], by=paul)
    site = Site.objects.get(name="Gap")
    quick.note(study, {(Service.objects.get(code="appointment").pk, site.pk): 12}, by=paul)
    quick.answer(study, 2, 1, by=paul)
    return study, site


def test_one_action_opens_the_service_and_the_first_request_is_given_to_somebody(world, client_of):
    study, site = drafted_at_gap(world)
    people, lead = world.people, client_of(world.people.paul)
    page = reverse("quick_start", args=[study.pk])
    assert lead.get(page).url == reverse("quick_result", args=[study.pk])  # nothing is drafted yet
    quick.finish(study, at(9).date(), by=people.paul)
    assert client_of(people.alice).get(page).status_code == 404
    assert "Démarrer le service" in lead.get(page).content.decode()
    sent = {"site": site.pk} | ODILE | YVES
    assert lead.post(page, sent | {"lead_email": ""}).status_code == 422
    assert not Engagement.objects.filter(company=study.company).exists()
    for _ in range(2):  # pressed twice: once
        assert lead.post(page, sent).url == page
    engagement = Engagement.objects.get(company=study.company)
    odile, yves = engagement.client_lead, Person.objects.get(email="yves@sarl.example")
    assert (odile.email, engagement.provider_lead) == ("odile@sarl.example", people.paul)
    assert yves.roles.get().kind == Role.Kind.REQUESTER
    assert set(Invitation.objects.values_list("person", flat=True)) == {odile.pk, yves.pk}
    held = Post.objects.filter(study=study)
    assert {each.person for each in held} == {
        each.person for each in Cover.objects.filter(site=site)
    }
    assert Wave.objects.get(study=study).state == "started"
    version = AgreementVersion.objects.get()
    assert (version.provider_signer, version.client_signer) == (people.paul, None)
    left = [each.done for each in quick_starting.steps(study, Access.of(people.paul))]
    assert left == [True, False, True, False, False]

    signs, ask = reverse("agreement_sign", args=[version.agreement_id, 1]), reverse("requests")
    letters = {letter.to[0]: signs in letter.body for letter in deliver()}
    assert letters == {odile.email: True, yves.email: False}
    for person in (odile, yves):
        person.user = account(person)
    assert signs in client_of(odile).get(ask).content.decode()
    assert signs not in client_of(yves).get(ask).content.decode()
    tower = reverse("tower")
    assert signs not in lead.get(tower).content.decode()  # she has signed
    AgreementVersion.objects.update(
        provider_signer=None, provider_signed_at=None, client_signer=odile, client_signed_at=at(9)
    )
    assert signs in lead.get(tower).content.decode()
    assert signs not in client_of(people.maud).get(tower).content.decode()  # not hers to sign
    AgreementVersion.objects.update(
        provider_signer=people.paul, provider_signed_at=at(9), client_signer=None,
        client_signed_at=None,
    )  # fmt: skip

    version.sign(by=odile, side="client")
    assert version.state == "signed"
    assert signs not in client_of(odile).get(ask).content.decode()
    ticket = Ticket.receive(
        site=site, requester=yves, service=Service.objects.get(code="appointment"),
        subject="Rendez-vous avec la banque", channel="form", at=at(9),
    )  # fmt: skip
    Generation.objects.update(at=at(8))
    dispatching.dispatch_one(ticket.pk, at(10))
    ticket.refresh_from_db()
    assert ticket.holder in {each.person for each in held}
    told = lead.get(page).content.decode()
    assert reverse("ticket", args=[ticket.pk]) in told


def test_what_keeps_the_service_from_opening_is_said(world):
    study, site = drafted_at_gap(world)
    people = world.people
    odile = quick_starting.Named("Odile", "Duval", "odile@sarl.example")

    def start(lead=odile, where=site, by=people.paul, asker=None):
        quick_starting.start(study, lead, asker, where, by=by)

    with pytest.raises(NothingToGenerate):
        start()
    quick.finish(study, at(9).date(), by=people.paul)
    with pytest.raises(NotPiloting):
        start(by=people.alice)
    with pytest.raises(Missing):
        start(lead=None)
    for wrong in ({"where": world.sites.aix}, {"lead": quick_starting.Named("X", "Y", "nowhere")},
                  {"lead": quick_starting.Named("M", "M", people.marc.email)}):  # fmt: skip
        with pytest.raises(BadValue):
            start(**wrong)
    assert not Engagement.objects.filter(company=study.company).exists()
    start()
    odile = Engagement.objects.get(company=study.company).client_lead
    assert {each.kind for each in odile.roles.all()} == {"client_lead", "requester"}  # she asks
    assert generating.standing(study) is not None


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
    named = {"first_name": "Odile", "last_name": "Duval", "email": "odile@api.example"}
    status, told = call(
        paul, "POST", f"quick-starts/{key}/start", site=site.pk, lead=named, asker=None
    )
    assert (status, [each["done"] for each in told]) == (200, [True, False, True, False, False])
    assert call(paul, "GET", f"quick-starts/{key}/steps")[1] == told
    assert call(world.people.alice, "GET", f"quick-starts/{key}/steps")[0] == 404
