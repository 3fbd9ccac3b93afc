"""Time the desk's pages among 100,000 requests: my day, the queue, lists, a request, a search.

    python bench/desk.py [TICKETS] [ROUNDS] [FOLDER]

Works in a database of its own, in a temporary folder, or in FOLDER, which is kept: the next run on
it measures at once. One provider, 40 companies, 200 sites, 2,000
persons, 30 assistants, two years of requests with their clocks, events and messages, one in twenty
of them live. Prints for each page the median server time (of 15 requests, after one that warms up,
all middleware included), the slowest, the processor time of the web process and the number of
queries, with a tenth of the requests and with all: the two must be the same. Ends with 1 when a
median passes 100 ms or a page asks more among more.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING

import lists

from relais.lib.tenancy import all_tenants, tenant

if TYPE_CHECKING:
    from relais.people.models import User

SITES, PERSONS = 200, 2000

# The past is written by PostgreSQL itself: the verbs would take half an hour. Every twentieth
# request is live; the others were given out, taken, delivered and accepted.
ASKING = """
create temporary table if not exists asking as
select provider_id, company_id, site_id, id, row_number() over (order by id) - 1 as rank
from people_person where site_id is not null
"""
TICKETS = """
insert into desk_ticket (provider_id, company_id, site_id, requester_id, holder_id, service_id,
    state, version, subject, body, priority, confidentiality, channel, received_at, delivered_at,
    closed_at, reopened, external_ref{more})
select p.provider_id, p.company_id, p.site_id, p.id,
    case when not live or n % 5 > 0 then staff[1 + n % cardinality(staff)] end,
    services[1 + n % cardinality(services)],
    case when not live then 'accepted'
         else (array['open', 'assigned', 'taken', 'taken', 'delivered'])[1 + n % 5] end,
    5, nouns[1 + n % cardinality(nouns)] || ' ' || things[1 + (n / 7) % cardinality(things)]
        || ' ' || n,
    repeat('Merci de vous en occuper avant la fin de la semaine. ', 4), 1 + n % 4,
    case when n % 500 = 0 then 3 else 1 end, 'form', at,
    case when not live or n % 5 = 4 then at + interval '5 hours' end,
    case when not live then at + interval '9 hours' end, 0, ''{defaults}
from (
    select n, n %% %(one_live_in)s::int = 0 as live,
        case when n %% %(one_live_in)s::int = 0
             then %(now)s::timestamptz - n * interval '1 minute' / %(one_live_in)s::int
             else %(now)s::timestamptz - (n - %(before)s::int) * %(days)s::int
                 * interval '1 day' / (%(last)s::int - %(before)s::int) end as at
    from generate_series(%(first)s::int, %(last)s::int) as n
) as numbered
join asking as p on p.rank = case when n %% 100 in (20, 33) then 1 else n::bigint * 7919 %% 2000 end
cross join (
    select (select array_agg(person_id order by id) from people_assistantprofile) as staff,
        (select array_agg(id order by id) from offer_service) as services,
        array['Réserver', 'Préparer', 'Décaler', 'Relancer', 'Classer', 'Envoyer', 'Vérifier',
              'Renouveler', 'Négocier', 'Commander', 'Traduire'] as nouns,
        array['la salle du comité', 'le contrat de nettoyage', 'la facture', 'un déplacement',
              'le tableau de bord', 'les notes de frais', 'le procès-verbal', 'l’annuaire',
              'les devis', 'la présentation', 'un hélicoptère', 'le rendez-vous'] as things
) as words
""".replace("n % ", "n %% ").replace("/ 7) % ", "/ 7) %% ")

CLOCKS = """
insert into desk_clock (provider_id, ticket_id, kind, started_at, target, calendar_id,
    calendar_source, pauses, due_at, stopped_at, verdict{more})
select t.provider_id, t.id, kind, t.received_at, target, %(calendar)s, 'company', '[]',
    t.received_at + target * 4 * interval '1 second',
    case when runs then null else coalesce(t.delivered_at, t.received_at + interval '1 hour') end,
    case when runs then '' else 'met' end{defaults}
from desk_ticket t
cross join (values ('first_response', 7200), ('delivery', 86400)) as promised (kind, target)
cross join lateral (
    select t.state = 'open' or t.state in ('assigned', 'taken') and kind = 'delivery' as runs
) as running
where t.id > %(after)s
"""

EVENTS = """
insert into desk_event (provider_id, ticket_id, kind, at, recorded_at, by_id, internal, facts{more})
select t.provider_id, t.id, told.kind, t.received_at + told.after, t.received_at + told.after,
    case when told.kind in ('received', 'accepted') then t.requester_id else t.holder_id end,
    told.kind = 'assigned',
    case when told.kind = 'assigned' then jsonb_build_object('holder', t.holder_id) else '{}' end
    {defaults}
from desk_ticket t
cross join (values (1, 'received', interval '0'), (2, 'assigned', interval '1 minute'),
    (3, 'taken', interval '1 hour'), (4, 'delivered', interval '5 hours'),
    (5, 'accepted', interval '9 hours')) as told (step, kind, after)
where t.id > %(after)s and told.step <= case t.state
    when 'open' then 1 when 'assigned' then 2 when 'taken' then 3 when 'delivered' then 4 else 5 end
"""

MESSAGES = """
insert into desk_message (provider_id, ticket_id, direction, internal, at, sender_id,
    sender_address, subject, body, attachments, mail_id, quarantine{more})
select t.provider_id, t.id, 'out', false, t.delivered_at, t.holder_id, '', '', 'C’est fait.',
    '[]', '', ''{defaults}
from desk_ticket t where t.id > %(after)s and t.delivered_at is not null
"""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    lists.ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else lists.ROUNDS
    kept = sys.argv[3] if len(sys.argv) > 3 else ""
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.makedirs(data, exist_ok=True)
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            logging.disable()
            return run(count)


def run(count: int) -> int:
    from relais.people.models import Provider

    few_file = Path(os.environ["RELAIS_DATA"]) / "queries-among-a-tenth.json"
    if not few_file.exists():
        few_file.write_text(json.dumps(write(count)))
    few: dict[str, int] = json.loads(few_file.read_text())
    with all_tenants("find the provider"):
        provider = Provider.objects.get()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}\n")
    faults = 0
    for label, user in asking(provider).items():
        print(f"{label:<52}{'median':>9}{'slowest':>9}{'processor':>11}{'queries':>9}")
        for url in addresses(provider, user, label):
            measured = lists.timed(user, url)
            faults += lists.show(url, *measured)
            before = few[kind(label, url)]
            if measured[3] > before:
                print(f"    {before} queries among {count // 10} requests  !")
                faults += 1
        print()
    print("all pages inside the bar" if not faults else f"{faults} pages miss the bar")
    return 1 if faults else 0


def write(count: int) -> dict[str, int]:
    """Fill the database; return how many queries each page asked with a tenth of the requests."""
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        lists.build(provider, SITES, PERSONS)
        lists.account(requester())
        settle(provider)
    few: dict[str, int] = {}
    fill(provider, 1, count // 10)
    rounds, lists.ROUNDS = lists.ROUNDS, 1
    for label, user in asking(provider).items():
        for url in addresses(provider, user, label):
            page = kind(label, url)
            few[page] = max(few.get(page, 0), lists.timed(user, url)[3])
    lists.ROUNDS = rounds
    began = time.perf_counter()
    fill(provider, count // 10 + 1, count)
    print(f"{count} requests: written in {time.perf_counter() - began:.0f} s")
    return few


def kind(label: str, url: str) -> str:
    return f"{label} {re.sub(r'[?0-9].*', '', url)}"


def asking(provider) -> dict[str, User]:
    """Return the account of each who asks for pages."""
    from relais.people.models import Person

    with tenant(provider.pk):
        persons = Person.objects.select_related("user")
        found = {
            "pool lead": persons.get(email="staff0@banc.example"),
            "assistant": persons.get(email="staff1@banc.example"),
            "client lead": persons.get(email="p0@banc.example"),
            "requester": persons.get(pk=requester().pk),
        }
    return {label: person.user for label, person in found.items()}


def requester():
    """Return the manager who asks most: of every hundredth request."""
    from relais.people.models import Person

    return Person.objects.filter(site__isnull=False).order_by("pk")[1]


def settle(provider) -> None:
    """Give the sites' calendar its hours, and the provider its catalogue."""
    from relais.offer import catalogue
    from relais.people.models import Calendar, OpeningInterval

    catalogue.preload(provider)
    OpeningInterval.objects.bulk_create(
        OpeningInterval(
            provider=provider,
            calendar=Calendar.objects.get(),
            weekday=day,
            opens=clock_time(9),
            closes=clock_time(18),
        )
        for day in range(1, 6)
    )


def fill(provider, first: int, last: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from relais.desk.models import Clock, Event, Message, Ticket
    from relais.people.models import Calendar

    with tenant(provider.pk), connection.cursor() as cursor:
        after = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        known = {
            "now": timezone.now(), "first": first, "last": last, "after": after,
            "calendar": Calendar.objects.get().pk, "before": 0, "one_live_in": 20,
            "days": 730,
        }  # fmt: skip
        cursor.execute(ASKING)
        for model, statement in (
            (Ticket, TICKETS), (Clock, CLOCKS), (Event, EVENTS), (Message, MESSAGES),
        ):  # fmt: skip
            cursor.execute(complete(model, statement), known)
    lists.analyse()


def complete(model, statement: str) -> str:
    """Return the statement with the columns that it does not name, as Django fills them."""
    from django.db import connection
    from psycopg import sql

    named = statement[: statement.index(")")]
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (field.generated or field.null or field.primary_key)
        and not re.search(rf"\b{field.column}\b", named)
    ]
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in fields]
    return statement.replace("{more}", "".join(f", {field.column}" for field in fields)).replace(
        "{defaults}",
        "".join(", " + sql.Literal(value).as_string(connection.connection) for value in defaults),
    )


def addresses(provider, user, label: str) -> list[str]:
    from relais.desk.models import Ticket
    from relais.people.access import Access

    with tenant(provider.pk):
        seen = Access(user.person).see(Ticket)
        ended, live = seen.order_by("pk")[0].pk, seen.filter(state__in=Ticket.LIVE)[0].pk
    one = [f"/tickets/{live}/", f"/tickets/{ended}/", f"/api/tickets/{live}"]
    found = [
        "/tickets/",
        "/tickets/?page=5",
        "/tickets/?sort=subject&page=3",
        "/tickets/?state=live",
        "/tickets/?state=late",
        "/tickets/?period=30&sort=site",
        "/tickets/?q=facture",
        "/tickets/?q=helicoptere+negocier",
        "/tickets/?q=introuvable",
        "/search/?q=helicoptere",
        "/api/tickets",
    ]
    if label == "pool lead":
        late = ["/tickets/?page=600", "/tickets/?sort=-subject&page=300", "/dispatches/"]
        return ["/tower/", *found, *late, "/volumes/", *one]
    if label == "assistant":
        return ["/day/", *found, *one]
    return ["/requests/", "/requests/new/", *found, *one]


if __name__ == "__main__":
    raise SystemExit(main())
