"""The control tower and the job behind it: the page, the forecast, the plan weighed anew.

    python bench/control_tower.py [ASSISTANTS] [TICKETS]

The world of `dispatch_desk.py`: 40 sites, 25,000 requests of which one in five is open. The page is
asked by a signed-in pool lead through the whole application. Ends with 1 when its median passes
100 ms.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BAR, ROUNDS, SITES = 100, 15, 40


def main() -> int:
    given = [int(one) for one in sys.argv[1:]]
    assistants, tickets = (given + [200, 25_000][len(given) :])[:2]
    with tempfile.TemporaryDirectory(prefix="relais-bench-") as data:
        os.chmod(data, 0o755)
        os.environ["RELAIS_DATA"] = data
        from relais import database, installation
        from relais.lib.terminal import Steps

        with database.attached():
            installation.bring_up(Steps(), demo=False)
            installation.load_django("app")
            return run(assistants, tickets)


def run(assistants: int, count: int) -> int:
    from django.utils import timezone

    from bench import desk, dispatch_desk, lists
    from relais.desk import foreseeing, replanning
    from relais.desk.models import Foresight, Ticket
    from relais.lib.tenancy import all_tenants, tenant
    from relais.people.models import Provider

    with all_tenants("make a provider"):
        provider = Provider.objects.create(name="Banc d’essai")
    with tenant(provider.pk):
        lists.build(provider, SITES, 500)
        desk.settle(provider)
        dispatch_desk.staff(provider, assistants)
        thin_covers()
    desk.fill(provider, 1, count)
    now = timezone.localtime()
    at = now.replace(hour=11, minute=0) + timedelta(days=(1 - now.weekday()) % 7)
    with tenant(provider.pk):
        dispatch_desk.hand_out(count // 5, at)
        user = lead(provider)
    lists.analyse()
    told = []
    for name, job in (("forecast", foreseeing.foresee), ("plan weighed", replanning.improve)):
        with tenant(provider.pk):
            begun, worked = time.perf_counter(), time.process_time()
            found = job(at)
            wall, cpu = time.perf_counter() - begun, time.process_time() - worked
        told.append(f"{name} {wall:.1f} s (processor {cpu:.1f} s, {found})")
    with tenant(provider.pk):
        still = Ticket.objects.filter(state__in=Ticket.AT_WORK).count()
        risky = Foresight.objects.filter(chance__gte=0.3).count()
    page = pages(user)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{assistants} assistants, {still} open, {risky} at risk: page {page:.0f} ms (bar {BAR}); "
        f"{'; '.join(told)}; {memory} MB"
    )
    return 1 if page > BAR else 0


def pages(user) -> float:
    """Return the median of the page in milliseconds."""
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    logging.disable(logging.INFO)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    took, worked = [], []
    for _warm in range(2):
        client.get("/tower/")
    gc.freeze()  # as the web server does
    for _round in range(ROUNDS + 2):
        begun, started = time.perf_counter(), time.process_time()
        answer = client.get("/tower/")
        took.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - started) * 1000)
        assert answer.status_code == 200, answer.status_code
    print(f"processor of the page: {statistics.median(worked[2:]):.0f} ms")
    return statistics.median(took[2:])


def thin_covers() -> None:
    """Leave each assistant three sites: a pool where everybody knows everything is none."""
    from relais.people.models import Cover, Site

    sites = list(Site.objects.order_by("pk").values_list("pk", flat=True))
    people = sorted(set(Cover.objects.values_list("person", flat=True)))
    kept = {
        (person, sites[(place * 3 + step) % len(sites)])
        for place, person in enumerate(people)
        for step in range(3)
    }
    rows = Cover.objects.values_list("pk", "person", "site")
    Cover.objects.filter(
        pk__in=[pk for pk, person, site in rows if (person, site) not in kept]
    ).delete()


def lead(provider):
    """Return the account of a pool lead."""
    from relais.people.models import Person, Role, User

    person = Person.objects.create(
        provider=provider, first_name="Paul", last_name="Pichon", email="paul@bench.example"
    )
    Role.objects.create(provider=provider, person=person, kind=Role.Kind.POOL_LEAD)
    user = User.objects.create_user(person.email, "bench-bench-bench", provider_id=provider.pk)
    Person.objects.filter(pk=person.pk).update(user=user)
    return user


if __name__ == "__main__":
    sys.exit(main())
