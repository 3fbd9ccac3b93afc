"""Time every list and search, and the pages of a person and a site, among 20,000 persons.

    python bench/lists.py [SITES] [PERSONS]

Works in a database of its own, in a temporary folder: one provider, 40 companies, 2,000 sites,
20,000 persons, 30 assistants. Prints for each page the median server time (of 15 requests, after
one that warms up, all middleware included), the slowest, the processor time of the web process
(nearly the median of a machine that does nothing else) and the number of queries. Ends with 1
when a median passes 100 ms. (tests/people/test_list_queries.py shows that queries stay constant.)
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import tempfile
import time

BAR, ROUNDS = 100, 15  # milliseconds; requests a page
COMPANIES, ASSISTANTS = 40, 30
FIRST = [
    "Anne",
    "Béatrice",
    "Cécile",
    "David",
    "Éric",
    "Françoise",
    "Gaël",
    "Hélène",
    "Inès",
    "Jérôme",
    "Zoé",
]
LAST = [
    "Bœuf",
    "Château",
    "Dœrr",
    "Élan",
    "Forêt",
    "Guérin",
    "Hébert",
    "Île",
    "Jaquet",
    "Lefèvre",
    "Müller",
    "Noël",
    "Œuvrard",
]


def main() -> int:
    sites, persons = (int(one) for one in (sys.argv[1:] + ["2000", "20000"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(sites, persons)


def run(site_count: int, person_count: int) -> int:
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    began = time.perf_counter()
    with tenant(provider.pk):
        users, some = build(provider, site_count, person_count)
    analyse()
    print(f"{site_count} sites, {person_count} persons: {time.perf_counter() - began:.0f} s\n")
    faults = 0
    for label, user in users.items():
        print(f"{label:<52}{'median':>9}{'slowest':>9}{'processor':>11}{'queries':>9}")
        for url in addresses(some, is_client=label.startswith("client")):
            faults += show(url, *timed(user, url))
        print()
    print("all pages inside the bar" if not faults else f"{faults} pages miss the bar")
    return 1 if faults else 0


def build(provider, site_count: int, person_count: int):
    from relais.people import models as m

    chance = random.Random(20261123)  # the same world each time

    def name() -> dict[str, str]:
        return {"first_name": chance.choice(FIRST), "last_name": chance.choice(LAST)}

    calendar = m.Calendar.objects.create(provider=provider, name="Bureaux")
    companies = m.Company.objects.bulk_create(
        m.Company(provider=provider, name=f"Groupe {n:02}", calendar=calendar)
        for n in range(COMPANIES)
    )
    entities = m.LegalEntity.objects.bulk_create(
        m.LegalEntity(provider=provider, company=c, name=f"{c.name} SAS") for c in companies
    )
    sites = m.Site.objects.bulk_create(
        m.Site(
            provider=provider,
            company=companies[n % COMPANIES],
            entity=entities[n % COMPANIES],
            name=f"Site {chance.choice(LAST)} {n}",
            city=chance.choice(LAST),
        )
        for n in range(site_count)
    )
    m.Establishment.objects.bulk_create(
        m.Establishment(provider=provider, entity=s.entity, site=s, siret=f"{n:014}")
        for n, s in enumerate(sites)
    )
    staff = m.Person.objects.bulk_create(
        m.Person(provider=provider, email=f"staff{n}@banc.example", **name())
        for n in range(ASSISTANTS + 1)
    )
    persons = m.Person.objects.bulk_create(
        (
            m.Person(
                provider=provider,
                company=site.company,
                site=site,
                email=f"p{n}@banc.example",
                job="Directeur de site",
                phone="04 91 00 00 00",
                **name(),
            )
            for n in range(person_count)
            for site in [sites[n % site_count]]
        ),
        batch_size=2000,
    )
    lead, *assistants = staff
    roles = [m.Role(provider=provider, person=lead, kind="pool_lead")]
    roles += [m.Role(provider=provider, person=p, kind="assistant") for p in assistants]
    roles += [
        m.Role(provider=provider, person=p, kind="requester", company=p.company, site=p.site)
        for p in persons
    ]
    client = persons[0]
    roles.append(
        m.Role(provider=provider, person=client, kind="client_lead", company=client.company)
    )
    m.Role.objects.bulk_create(roles, batch_size=2000)
    m.AssistantProfile.objects.bulk_create(
        m.AssistantProfile(provider=provider, person=p) for p in assistants
    )
    m.Cover.objects.bulk_create(
        m.Cover(
            provider=provider,
            site=site,
            person=assistants[(n + at) % ASSISTANTS],
            position=position,
        )
        for n, site in enumerate(sites)
        for at, position in enumerate(["lead", "backup"])
    )
    m.Engagement.objects.bulk_create(
        m.Engagement(
            provider=provider,
            company=c,
            started_on="2026-01-05",
            client_lead=persons[n],
            provider_lead=lead,
        )
        for n, c in enumerate(companies)
    )
    return {
        "pool lead": account(lead),
        "assistant": account(assistants[0]),
        "client lead": account(client),
    }, {
        "company": client.company_id,
        "site": client.site_id,
        "person": client.pk,
        "entity": entities[0].pk,
    }


def account(person):
    from allauth.account.models import EmailAddress

    from relais.people.models import Person, User

    user = User.objects.create_user(person.email, None, provider_id=person.provider_id)
    EmailAddress.objects.create(user=user, email=person.email, primary=True, verified=True)
    Person.objects.filter(pk=person.pk).update(user=user)
    return user


def analyse() -> None:
    """Gather statistics and mark what all may see, as autovacuum does soon after such a load."""
    from relais import database

    with database.connect("owner") as owner:
        owner.execute("vacuum analyze")


def addresses(some: dict[str, int], *, is_client: bool) -> list[str]:
    lists = [
        "/persons/",
        "/persons/?page=200",
        "/persons/?sort=-name",
        "/persons/?sort=site",
        "/persons/?q=boeuf",
        "/persons/?q=helene+mull&sort=email",
        "/persons/?q=introuvable",
        "/sites/",
        "/sites/?q=foret&sort=-name",
        "/sites/?sort=entity&page=20",
        "/companies/",
        "/entities/",
        "/establishments/",
        "/establishments/?q=0001&sort=-siret",
        f"/companies/{some['company']}/",
        f"/entities/{some['entity']}/",
        f"/sites/{some['site']}/",
        f"/persons/{some['person']}/",
        "/search/?q=boeuf",
    ]
    staff = [
        "/persons/?sort=company",
        "/persons/?role=client_lead",
        "/sites/?without=lead",
        "/sites/?q=groupe+07",
        "/assistants/",
        "/assistants/cover/",
    ]
    return lists if is_client else lists + staff


def timed(user, url: str) -> tuple[int, list[float], float, int]:
    """Return status, times, processor time (all in milliseconds) and queries of a page."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    client = Client(raise_request_exception=False)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    client.get(url)
    asked: list[str] = []

    def note(execute, statement, params, many, context):
        asked.append(statement)
        return execute(statement, params, many, context)

    with connection.execute_wrapper(note):
        status = client.get(url).status_code
    gc.freeze()  # as the web server does once it has started
    times, processor = [], time.process_time()
    for _round in range(ROUNDS):
        began = time.perf_counter()
        client.get(url)
        times.append((time.perf_counter() - began) * 1000)
    return status, times, (time.process_time() - processor) * 1000 / ROUNDS, len(asked)


def show(url: str, status: int, times: list[float], processor: float, queries: int) -> int:
    median = statistics.median(times)
    if status != 200:
        print(f"  {url:<50}{status:>9}")
        return 1 if status >= 500 else 0
    bad = median > BAR
    figures = f"{median:>6.0f} ms{max(times):>6.0f} ms{processor:>8.0f} ms{queries:>9}"
    print(f"  {url:<50}{figures}{'  !' if bad else ''}", flush=True)
    return int(bad)


if __name__ == "__main__":
    raise SystemExit(main())
