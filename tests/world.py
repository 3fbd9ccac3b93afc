"""The cast: small, always the same. Two clients that must never learn of each other, two providers.

Provider *Atout Services* serves *Calanques* (Aix, Lyon) and *Bretagne Froid* (Brest); provider
*Autre Pool* serves *Ailleurs*. Alice leads Aix, Basile backs her up and leads Lyon; Chloé serves
Brest only; Paul leads the pool; Maud manages the provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from types import SimpleNamespace

from relais.lib.tenancy import all_tenants, tenant
from relais.people.access import Access
from relais.people.models import (
    AssistantProfile,
    Calendar,
    Company,
    Cover,
    Engagement,
    LanguageLevel,
    LegalEntity,
    OpeningInterval,
    Person,
    Provider,
    Role,
    Site,
    Skill,
    SkillLevel,
    User,
)

Kind = Role.Kind
PASSWORD = "correct horse battery"


@dataclass
class World:
    """One provider's people and places, by the names that tests call them."""

    provider: Provider
    companies: SimpleNamespace
    sites: SimpleNamespace
    people: SimpleNamespace

    def access(self, name: str) -> Access:
        """Return what this person may see."""
        return Access(getattr(self.people, name))


def office_hours(provider: Provider, company: Company | None, name: str, zone: str) -> Calendar:
    """Return a calendar of Monday to Friday, 9:00-12:30 and 13:30-18:00."""
    calendar = Calendar.objects.create(
        provider=provider, company=company, name=name, time_zone=zone, holiday_zone="FR"
    )
    OpeningInterval.objects.bulk_create(
        OpeningInterval(
            provider=provider, calendar=calendar, weekday=day, opens=opens, closes=closes
        )
        for day in range(1, 6)
        for opens, closes in [(time(9), time(12, 30)), (time(13, 30), time(18))]
    )
    return calendar


def account(person: Person) -> User:
    """Give the person an account with a confirmed address and the password of every test."""
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(person.email, PASSWORD, provider_id=person.provider_id)
    EmailAddress.objects.create(user=user, email=person.email, primary=True, verified=True)
    Person.objects.filter(pk=person.pk).update(user=user)
    person.user = user
    return user


def build_world() -> World:
    """Return Atout Services with its two clients. Call inside a database test."""
    with all_tenants("make the provider of the tests"):
        provider = Provider.objects.create(name="Atout Services", siren="732829320")
    with tenant(provider.pk):
        return _people_and_places(provider)


def build_other_world() -> World:
    """Return Autre Pool, which nobody of the first world may ever see."""
    with all_tenants("make the other provider of the tests"):
        provider = Provider.objects.create(name="Autre Pool")
    with tenant(provider.pk):
        company = Company.objects.create(provider=provider, name="Ailleurs")
        calendar = office_hours(provider, company, "Ailleurs", "Europe/Paris")
        site = Site.objects.create(
            provider=provider, company=company, name="Nantes", city="Nantes", calendar=calendar
        )
        lead = Person.objects.create(
            provider=provider, first_name="Zoé", last_name="Zola", email="zoe@autre.example"
        )
        manager = Person.objects.create(
            provider=provider,
            company=company,
            site=site,
            first_name="Yann",
            last_name="Ygrec",
            email="yann@ailleurs.example",
        )
        Role.objects.create(provider=provider, person=lead, kind=Kind.POOL_LEAD)
        Role.objects.create(
            provider=provider, person=manager, kind=Kind.REQUESTER, company=company, site=site
        )
        for person in (lead, manager):
            account(person)
        return World(
            provider,
            SimpleNamespace(ailleurs=company),
            SimpleNamespace(nantes=site),
            SimpleNamespace(zoe=lead, yann=manager),
        )


def _people_and_places(provider: Provider) -> World:
    calanques = Company.objects.create(provider=provider, name="Calanques Services")
    froid = Company.objects.create(provider=provider, name="Bretagne Froid")
    entity = LegalEntity.objects.create(
        provider=provider, company=calanques, name="Calanques SAS", siren="552100554"
    )
    hours = office_hours(provider, calanques, "Bureaux Calanques", "Europe/Paris")
    froid_hours = office_hours(provider, froid, "Bureaux Froid", "Europe/Paris")
    aix, lyon = (
        Site.objects.create(
            provider=provider,
            company=calanques,
            entity=entity,
            name=name,
            city=name,
            calendar=hours,
        )
        for name in ("Aix", "Lyon")
    )
    brest = Site.objects.create(
        provider=provider, company=froid, name="Brest", city="Brest", calendar=froid_hours
    )
    people = SimpleNamespace()

    def person(key: str, first: str, last: str, company: Company | None, site: Site | None) -> None:
        domain = {None: "atout", calanques.pk: "calanques", froid.pk: "froid"}[
            company.pk if company else None
        ]
        made = Person.objects.create(
            provider=provider,
            first_name=first,
            last_name=last,
            company=company,
            site=site,
            email=f"{key}@{domain}.example",
        )
        account(made)
        setattr(people, key, made)

    def role(key: str, kind: str, company: Company | None = None, site: Site | None = None) -> None:
        Role.objects.create(
            provider=provider, person=getattr(people, key), kind=kind, company=company, site=site
        )

    for key, first, last, kind in [
        ("maud", "Maud", "Maréchal", Kind.MANAGEMENT),
        ("paul", "Paul", "Pichon", Kind.POOL_LEAD),
        ("alice", "Alice", "Arnaud", Kind.ASSISTANT),
        ("basile", "Basile", "Bœuf", Kind.ASSISTANT),
        ("chloe", "Chloé", "Cadiou", Kind.ASSISTANT),
        ("quentin", "Quentin", "Quéré", Kind.QUALITY),
        ("bruno", "Bruno", "Billard", Kind.BILLING),
    ]:
        person(key, first, last, None, None)
        role(key, kind)
    for key, first, last, company, site, kind, scope in [
        ("sylvie", "Sylvie", "Sarrazin", calanques, aix, Kind.SPONSOR, None),
        ("claire", "Claire", "Castel", calanques, aix, Kind.CLIENT_LEAD, None),
        ("luc", "Luc", "Lefèvre", calanques, lyon, Kind.SITE_LEAD, lyon),
        ("marc", "Marc", "Morel", calanques, aix, Kind.REQUESTER, aix),
        ("nadia", "Nadia", "Naït", calanques, lyon, Kind.REQUESTER, lyon),
        ("denis", "Denis", "Dubois", calanques, aix, Kind.DPO, None),
        ("aude", "Aude", "Itor", calanques, None, Kind.AUDITOR, None),
        ("erwan", "Erwan", "Even", froid, brest, Kind.REQUESTER, brest),
        ("fanny", "Fanny", "Floch", froid, brest, Kind.CLIENT_LEAD, None),
    ]:
        person(key, first, last, company, site)
        role(key, kind, company, scope)
    own = office_hours(provider, None, "Horaires du pôle", "Europe/Paris")
    excel = Skill.objects.create(provider=provider, code="excel", name_fr="Excel", name_en="Excel")
    for key in ("alice", "basile", "chloe"):
        profile = AssistantProfile.objects.create(
            provider=provider, person=getattr(people, key), calendar=own
        )
        SkillLevel.objects.create(provider=provider, profile=profile, skill=excel, level=2)
        LanguageLevel.objects.create(provider=provider, profile=profile, language="fr", level="C2")
    for site, key, position in [
        (aix, "alice", "lead"),
        (aix, "basile", "backup"),
        (lyon, "basile", "lead"),
        (brest, "chloe", "lead"),
    ]:
        Cover.objects.create(
            provider=provider, site=site, person=getattr(people, key), position=position
        )
    Engagement.objects.create(
        provider=provider,
        company=calanques,
        started_on=date(2026, 1, 5),
        client_lead=people.claire,
        client_deputy=people.sylvie,
        provider_lead=people.paul,
        provider_deputy=people.maud,
    )
    Engagement.objects.create(
        provider=provider,
        company=froid,
        started_on=date(2026, 2, 2),
        client_lead=people.fanny,
        provider_lead=people.paul,
    )
    return World(
        provider,
        SimpleNamespace(calanques=calanques, froid=froid),
        SimpleNamespace(aix=aix, lyon=lyon, brest=brest),
        people,
    )
