"""A person comes to an account: once, at her own address, within a fortnight."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from relais.lib.tenancy import all_tenants, tenant
from relais.people import invitations, setup
from relais.people.models import Invitation, Person, Provider, Role, User
from tests.world import build_world

from .letterbox import deliver, link_in

ADDRESS = "helene.huet@calanques.example"
PASSWORD = "une phrase que personne ne devine"
TWICE = {"password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def hired(worlds):
    """Return a new manager of Calanques, with a role and no account, and the pool lead."""
    ours, _theirs = worlds
    with tenant(ours.provider.pk):
        person = Person.objects.create(
            provider=ours.provider,
            company=ours.companies.calanques,
            site=ours.sites.aix,
            first_name="Hélène",
            last_name="Huet",
            email="Helene.Huet@calanques.example",
        )
        Role.objects.create(
            provider=ours.provider,
            person=person,
            kind=Role.Kind.REQUESTER,
            company=ours.companies.calanques,
            site=ours.sites.aix,
        )
    return person


def invited(person, by=None):
    with tenant(person.provider_id):
        return invitations.invite(person, by=by)


def test_a_letter_leads_to_an_account_and_in(hired, worlds, client_of, client):
    lead = worlds[0].people.paul
    page = client_of(lead).post(reverse("person_invite", args=[hired.pk]))
    assert page.status_code == 302
    (letter,) = deliver()
    assert letter.to == ["helene.huet@calanques.example"]
    assert letter.subject == "Atout Services vous ouvre un compte sur Relais"
    assert "Paul Pichon" in letter.body
    assert client.get(link_in(letter)).status_code == 200
    answer = client.post(link_in(letter), TWICE)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/account/").status_code == 200
    user = User.objects.get(email="helene.huet@calanques.example")
    assert user.provider_id == hired.provider_id
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (user.email, True, True)
    assert user.check_password(PASSWORD)
    with tenant(hired.provider_id):
        hired.refresh_from_db()
        assert hired.user_id == user.pk


def test_the_letter_speaks_the_persons_language(hired):
    with tenant(hired.provider_id):
        Person.objects.filter(pk=hired.pk).update(language="en")
        hired.refresh_from_db()
    _invitation, link = invited(hired)
    (letter,) = deliver()
    assert letter.subject == "Atout Services opens an account for you on Relais"
    assert link in letter.body
    page = Client().get(link_in(letter))
    assert "Welcome, Hélène" in page.content.decode()


def test_only_the_digest_of_the_secret_is_kept(hired):
    invitation, link = invited(hired)
    secret = link.rstrip("/").rpartition("/")[2]
    assert len(secret) >= 40
    with all_tenants("look at the row"):
        row = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert secret not in str(row)
    from procrastinate.contrib.django.models import ProcrastinateJob

    for job in ProcrastinateJob.objects.all():
        assert secret not in str(job.args)
        assert "calanques.example" not in str(job.args)


def test_an_invitation_opens_once(hired, client):
    _invitation, _link = invited(hired)
    (letter,) = deliver()
    assert client.post(link_in(letter), TWICE).status_code == 302
    other = Client()
    page = other.post(link_in(letter), {"password1": "x" * 20, "password2": "x" * 20})
    assert page.status_code == 410
    assert "_auth_user_id" not in other.session
    assert User.objects.get(email="helene.huet@calanques.example").check_password(PASSWORD)


def test_two_who_open_it_at_once_make_one_account(committed):
    ours = build_world()
    with tenant(ours.provider.pk):
        person = Person.objects.create(
            provider=ours.provider, last_name="Deux", email="deux@atout.example"
        )
        Role.objects.create(provider=ours.provider, person=person, kind=Role.Kind.ASSISTANT)
        _invitation, link = invitations.invite(person, by=None)
    answers = []
    start = threading.Barrier(2)

    def open_it(password):
        try:
            found = invitations.find(link.rstrip("/").rpartition("/")[2])
            start.wait()
            answers.append(invitations.accept(found, password=password))
        except invitations.InvitationSpentError:
            answers.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=open_it, args=[f"{PASSWORD} {n}"]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([user for user in answers if user]) == 1
    assert User.objects.filter(email="deux@atout.example").count() == 1


def test_an_invitation_expires_after_a_fortnight(hired, client):
    invitation, _link = invited(hired)
    (letter,) = deliver()
    assert invitation.expires_at - invitation.sent_at == timedelta(days=14)
    with tenant(hired.provider_id):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link_in(letter)).status_code == 410
    assert client.post(link_in(letter), TWICE).status_code == 410
    assert not User.objects.filter(email="helene.huet@calanques.example").exists()


def test_a_second_letter_revokes_the_first(hired, worlds, client_of):
    former, _link = invited(hired)
    (first,) = deliver()
    lead = client_of(worlds[0].people.paul)
    lead.post(reverse("invitation_send_again", args=[former.pk]))
    (second,) = deliver()
    assert Client().get(link_in(first)).status_code == 410
    assert Client().get(link_in(second)).status_code == 200


def test_pressing_twice_sends_one_letter(hired, worlds, client_of):
    lead = client_of(worlds[0].people.paul)
    for _press in range(2):
        lead.post(reverse("person_invite", args=[hired.pk]))
    assert len(deliver()) == 1
    with tenant(hired.provider_id):
        assert Invitation.objects.count() == 1


def test_a_revoked_invitation_opens_nothing(hired, worlds, client_of, client):
    invitation, _link = invited(hired)
    (letter,) = deliver()
    client_of(worlds[0].people.paul).post(reverse("invitation_revoke", args=[invitation.pk]))
    assert client.post(link_in(letter), TWICE).status_code == 410


@pytest.mark.parametrize("name", ["alice", "quentin", "bruno", "claire", "marc", "aude"])
def test_whoever_does_not_run_the_pool_finds_no_invitation(hired, worlds, client_of, name):
    invitation, _link = invited(hired)
    browser = client_of(getattr(worlds[0].people, name))
    assert browser.get(reverse("invitations")).status_code == 404
    for page in ("invitation_send_again", "invitation_revoke"):
        assert browser.post(reverse(page, args=[invitation.pk])).status_code == 404
    assert browser.post(reverse("person_invite", args=[hired.pk])).status_code == 404


def test_another_provider_finds_neither_the_person_nor_the_invitation(hired, worlds, client_of):
    invitation, _link = invited(hired)
    deliver()
    stranger = client_of(worlds[1].people.zoe)
    assert stranger.post(reverse("person_invite", args=[hired.pk])).status_code == 404
    assert stranger.post(reverse("invitation_revoke", args=[invitation.pk])).status_code == 404
    assert "Huet" not in stranger.get(reverse("invitations")).content.decode()
    assert not deliver()


def test_the_list_says_where_each_stands_and_filters(hired, worlds, client_of):
    invited(hired)
    lead = client_of(worlds[0].people.paul)
    for query, there in [("", True), ("?state=waiting", True), ("?state=accepted", False)]:
        page = lead.get(reverse("invitations") + query).content.decode()
        assert ("Huet" in page) is there
    assert "En attente" in lead.get(reverse("invitations")).content.decode()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"email": ""}, invitations.NoAddress),
        ({"archived_at": timezone.now()}, invitations.Archived),
    ],
)
def test_who_cannot_be_invited_is_told_why(hired, change, refusal):
    with tenant(hired.provider_id):
        Person.objects.filter(pk=hired.pk).update(**change)
        with pytest.raises(refusal):
            invitations.invite(hired, by=None)
    assert not deliver()


def test_without_a_role_nobody_is_invited(hired):
    with tenant(hired.provider_id):
        hired.roles.update(starts_on="2020-01-01", ends_on="2020-02-01")
        with pytest.raises(invitations.NoRole):
            invitations.invite(hired, by=None)


def test_whoever_has_an_account_is_not_invited(worlds, client_of):
    people = worlds[0].people
    page = client_of(people.paul).post(
        reverse("person_invite", args=[people.marc.pk]), {"next": "/invitations/"}, follow=True
    )
    assert "a déjà un compte" in page.content.decode()
    assert not deliver()


def test_an_address_that_opens_an_account_elsewhere_opens_no_second_one(hired, worlds, client):
    with tenant(hired.provider_id):
        Person.objects.filter(pk=hired.pk).update(email="zoe@autre.example")
        hired.refresh_from_db()
    invited(hired)
    (letter,) = deliver()
    page = client.post(link_in(letter), TWICE)
    assert page.status_code == 409
    assert "Autre Pool" not in page.content.decode()
    assert not User.objects.get(email="zoe@autre.example").check_password(PASSWORD)
    with tenant(hired.provider_id):
        hired.refresh_from_db()
        assert hired.user_id is None


def test_whoever_is_signed_in_is_asked_to_sign_out_first(hired, worlds, client_of):
    invited(hired)
    (letter,) = deliver()
    for person in (worlds[0].people.marc, worlds[1].people.zoe):
        assert client_of(person).post(link_in(letter), TWICE).status_code == 409
    assert not User.objects.filter(email="helene.huet@calanques.example").exists()


@pytest.mark.parametrize(
    "entered",
    [
        {"password1": "court", "password2": "court"},
        {"password1": "12345678901", "password2": "12345678901"},
        {"password1": ADDRESS, "password2": ADDRESS},
        {"password1": PASSWORD, "password2": PASSWORD + "!"},
        {"password1": "", "password2": ""},
    ],
)
def test_a_weak_password_is_refused_and_the_invitation_stays(hired, client, entered):
    invited(hired)
    (letter,) = deliver()
    page = client.post(link_in(letter), entered)
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    assert client.post(link_in(letter), TWICE).status_code == 302


def test_a_passkey_instead_of_a_password(hired, client):
    invited(hired)
    (letter,) = deliver()
    answer = client.post(link_in(letter), {"passkey": "1"})
    assert answer["Location"] == reverse("mfa_add_webauthn")
    assert client.get(answer["Location"]).status_code == 200
    assert not User.objects.get(email="helene.huet@calanques.example").has_usable_password()
    assert UserSession.objects.filter(user__email="helene.huet@calanques.example").exists()


def test_an_unknown_secret_is_not_found(worlds, client):
    assert client.get(reverse("invitation", args=["nobody-sent-this"])).status_code == 404
    assert client.post(reverse("invitation", args=["x" * 43]), TWICE).status_code == 404


def test_a_provider_begins_with_one_person_and_a_link(db, client):
    made = setup.create_provider("  Nouveau   Pôle ", email="Chef@nouveau.example")
    assert made.created
    assert made.provider.name == "Nouveau Pôle"
    (letter,) = deliver()
    assert made.link.endswith(link_in(letter))
    client.post(link_in(letter), TWICE)
    assert client.get(reverse("invitations")).status_code == 200
    again = setup.create_provider("Nouveau Pôle", email="chef@nouveau.example")
    assert (again.created, again.link) == (False, "")
    with all_tenants("count"):
        assert Provider.objects.filter(name="Nouveau Pôle").count() == 1
    assert not deliver()


@pytest.mark.parametrize(
    ("name", "email"), [("", "a@b.fr"), ("Pôle", "nobody"), ("x" * 201, "a@b.fr")]
)
def test_a_provider_without_name_or_address_is_refused(db, name, email):
    with pytest.raises(setup.BadProvider):
        setup.create_provider(name, email=email)


def test_inviting_from_the_command_line_prints_the_link(hired, worlds, client):
    link = invitations.invite_by_email("HELENE.huet@calanques.example")
    (letter,) = deliver()
    assert link in letter.body
    with pytest.raises(invitations.NobodyFound):
        invitations.invite_by_email("nobody@calanques.example")


def test_an_address_known_to_two_providers_asks_which(hired, worlds):
    theirs = worlds[1]
    with tenant(theirs.provider.pk):
        person = Person.objects.create(
            provider=theirs.provider, last_name="Huet", email="helene.huet@calanques.example"
        )
        Role.objects.create(provider=theirs.provider, person=person, kind=Role.Kind.ASSISTANT)
    with pytest.raises(invitations.SeveralFound, match="Autre Pool"):
        invitations.invite_by_email("helene.huet@calanques.example")
    invitations.invite_by_email("helene.huet@calanques.example", provider="Autre Pool")
    with tenant(theirs.provider.pk):
        assert Invitation.objects.count() == 1
