"""Every person sends something to every address, and moves nothing that is not his."""

from collections import Counter

import pytest
from django.apps import apps as django_apps
from django.db import connection
from django.test.client import MULTIPART_CONTENT

from relais.desk.models import Event, Message, Ticket
from relais.lib.tenancy import all_tenants, tenant
from relais.offer.models import AgreementEvent
from relais.people.models import CalendarChange, Company, OrganisationChange, Person, Site
from relais.people.models.tenant import TenantModel

from . import oracle
from .test_crawl import guesses

SENT = {
    "text": "Mot-intrus", "reason": "Mot-intrus", "subject": "Mot-intrus", "body": "Mot-intrus",
    "name": "Mot-intrus", "last_name": "Mot-intrus", "version": "1", "confirm": "on",
    "agreed": "on", "seen": "1",
}  # fmt: skip

# Who may not touch what: by the words of the tickets, as the oracle has them.
INTRUDERS = ["erwan", "aude", "chloe", "zoe"]
MAY_WRITE_ON = {
    "erwan": {"Objet-erwan"},
    "chloe": {"Objet-erwan"},
    "zoe": {"Objet-yann"},
}


def _facts():
    """Return everything that a write would leave behind, of all providers."""
    with all_tenants("compare what stands with what stood"):
        return {
            "organisation": OrganisationChange.objects.count(),
            "calendars": CalendarChange.objects.count(),
            "companies": sorted(Company.objects.values_list("pk", "name", "archived_at")),
            "sites": sorted(Site.objects.values_list("pk", "name", "archived_at")),
            "persons": sorted(Person.objects.values_list("pk", "last_name", "email")),
            "tickets": dict(Ticket.objects.values_list("subject", "version")),
            "words": set(
                Message.objects.filter(body__contains="Mot-intrus").values_list(
                    "ticket__subject", flat=True
                )
            ),
            "events": Event.objects.count(),
            "agreements": list(AgreementEvent.objects.values_list("version__agreement__name")),
        }


# What a page computes for whoever looks; and where an intruder may add a row of his own.
COMPUTED = {"records_lifemark", "records_liferow", "records_keptfigures"}
OWN = {"planning_calendarlink", "records_figureview"}


def _rows(provider, apps):
    """Return a digest of each row that a provider has, by table: of some floors, or of all."""
    found = {}
    with all_tenants("compare what stands with what stood"), connection.cursor() as cursor:
        for model in django_apps.get_models():
            table = model._meta.db_table
            if not issubclass(model, TenantModel) or table in COMPUTED:
                continue
            if apps is None or model._meta.app_label in apps:
                sql = f"select md5(t::text) from {table} t where provider_id = %s"
                cursor.execute(sql, [provider.pk])
                found[table] = {digest for (digest,) in cursor.fetchall()}
    return found


@pytest.mark.parametrize("key", INTRUDERS)
def test_nobody_moves_what_is_not_his(worlds, client_of, key):
    world, other = worlds
    with tenant(world.provider.pk):
        oracle.add_internals(world)
    oracle.add_tickets(world, other)
    oracle.add_agreements(world, other)
    oracle.add_offer(world, other)
    person = getattr(world.people, key, None) or getattr(other.people, key)
    mine = MAY_WRITE_ON.get(key, set())
    browser = client_of(person)
    apps = None if key == "zoe" else ("planning", "study", "records")
    before, rows = _facts(), _rows(world.provider, apps)
    sent, as_form = Counter(), set()
    for shape, url in guesses(most=3, method="POST"):
        if shape.startswith("/accounts/") or "logout" in shape:
            continue
        for kind in (MULTIPART_CONTENT, "application/json"):
            if (kind == "application/json") != shape.startswith("/api/"):
                if shape in as_form or not shape.startswith("/api/"):
                    continue  # a call that refuses a form refuses it for each row
                as_form.add(shape)
            answer = browser.post(url, SENT, content_type=kind)
            if not browser.session.get("_auth_user_id"):  # what was sent signed him out
                browser = client_of(person)
            sent[answer.status_code] += 1
            assert answer.status_code < 500, (key, url, answer.status_code)
    after = _facts()
    assert sum(map(len, rows.values())) > 50
    now = _rows(world.provider, apps)
    moved = {table for table in rows if rows[table] - now[table]}
    moved |= {table for table in rows.keys() - OWN if now[table] - rows[table]}
    assert not moved, (key, moved)
    assert sent.total() > 100
    assert sent[401] <= 2, "most of it was sent by nobody"
    for subject, version in before["tickets"].items():
        if subject not in mine:
            assert after["tickets"][subject] == version, (key, subject)
    assert after["words"] <= mine | {"Mot-intrus"}, key
    if key != "zoe":
        for what in ("organisation", "calendars", "companies", "sites", "persons", "agreements"):
            assert after[what] == before[what], (key, what)
