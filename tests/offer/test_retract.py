"""Who signed may take the signature back, until the other side has signed too."""

import json

import pytest

from relais.offer.errors import NotNow, NotSigned, Overtaken
from relais.offer.models import AgreementVersion

from .conftest import SIGNING, kinds
from .test_agreement_pages import at


@pytest.fixture
def half(world, draft):
    """Return a draft that Claire has signed for the client."""
    version = draft()
    version.sign(by=world.people.claire, side="client", at=SIGNING)
    return version


def again(version):
    return AgreementVersion.objects.get(pk=version.pk)


def post(client, version, **body):
    path = f"/api/agreement_versions/{version.pk}/retract"
    return client.post(path, json.dumps(body), content_type="application/json")


def test_the_signature_is_gone_and_may_be_given_anew(world, half):
    half.retract(by=world.people.claire, at=SIGNING)
    assert kinds(half) == ["drafted", "edited", "signed", "retracted"]
    assert half.events.last().facts == {"side": "client"}
    half = again(half)
    assert half.standing() == "draft"
    assert (half.client_signer, half.client_signed_at) == (None, None)
    half.sign(by=world.people.sylvie, side="client", at=SIGNING)
    half.sign(by=world.people.paul, side="provider", at=SIGNING)
    assert half.state == "signed"


def test_the_provider_takes_back_as_well(world, draft):
    version = draft()
    version.sign(by=world.people.paul, side="provider", at=SIGNING)
    version.retract(by=world.people.paul, at=SIGNING)
    assert again(version).provider_signer is None


@pytest.mark.parametrize("who", ["sylvie", "paul", "maud", "alice", "marc"])
def test_only_ones_own(world, half, who):
    with pytest.raises(NotSigned):
        half.retract(by=getattr(world.people, who), at=SIGNING)
    assert again(half).client_signer == world.people.claire
    assert "retracted" not in kinds(half)


def test_not_once_both_have_signed(world, draft, sign, client_of):
    version = sign(draft())
    with pytest.raises(NotNow):
        version.retract(by=world.people.claire, at=SIGNING)
    assert post(client_of(world.people.claire), version).status_code == 409
    assert again(version).state == "signed"


def test_the_other_side_was_faster(world, half):
    first, second = again(half), again(half)
    first.sign(by=world.people.paul, side="provider", at=SIGNING)
    with pytest.raises(Overtaken):
        second.retract(by=world.people.claire, at=SIGNING)
    assert again(half).state == "signed"
    assert "retracted" not in kinds(half)


def test_the_page_shows_it_to_the_signer_alone(world, half, client_of):
    url = at(half, "retract")
    read = url.removesuffix("retract/")
    for who, offered in (("claire", True), ("sylvie", False), ("paul", False)):
        page = client_of(getattr(world.people, who)).get(read).content.decode()
        assert (url in page) is offered, who
    claire = client_of(world.people.claire)
    assert claire.get(url).status_code == 405
    claire.post(url, {"seen": "x"})
    claire.post(url, {"seen": half.revision - 1})
    assert again(half).client_signer == world.people.claire
    assert claire.post(url, {"seen": half.revision}).status_code == 302
    assert again(half).client_signer is None
    history = client_of(world.people.paul).get(f"/agreements/{half.agreement_id}/history/")
    assert "Signature retirée" in history.content.decode()


@pytest.mark.parametrize(("who", "status"), [("sylvie", 403), ("paul", 403), ("marc", 404)])
def test_the_api_refuses_the_wrong_person(world, half, client_of, who, status):
    client = client_of(getattr(world.people, who))
    assert post(client, half, revision=half.revision).status_code == status
    page = client.post(at(half, "retract"), {"seen": half.revision})
    assert page.status_code == (404 if status == 404 else 302)
    assert again(half).client_signer == world.people.claire


def test_the_api_takes_it_back_once(world, half, client_of):
    claire = client_of(world.people.claire)
    assert post(claire, half, revision=half.revision - 1).status_code == 409
    assert post(claire, half, revision=half.revision).json()["standing"] == "draft"
    assert post(claire, half).status_code == 403
    assert kinds(half).count("retracted") == 1
