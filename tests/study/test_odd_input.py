"""What no browser sends: a sign that no table keeps, a number beyond any that is counted in."""

from django.test import Client
from django.urls import reverse

from relais.study import activity_logs, interviews
from relais.study.models import Participant
from tests.study.conftest import a_line

ODD = ("a\x00b", "9" * 5000)


def faults(client, address, *fields, **sure):
    """Return the answers that are a fault of ours."""
    found = []
    for field in fields:
        for odd in ODD:
            sent = {**dict.fromkeys(fields, "1"), **sure, field: odd}
            if (status := client.post(address, sent).status_code) >= 500:
                found.append((address, field, odd[:9], status))
    return found


def test_odd_input_is_refused_or_kept_and_never_a_fault(world, study, client_of):
    line = a_line(study, world.sites.aix)
    basile, pk = client_of(world.people.basile), study.pk
    basile.raise_request_exception = False
    wrong = faults(basile, reverse("study_go_back", args=[pk]), "why")
    wrong += faults(basile, reverse("inventory_paste", args=[pk]), "lines", field="task", text="A")
    cell = reverse("inventory_cell", args=[pk])
    for name in ("site", "task", "count"):
        wrong += faults(basile, cell, "value", field=name, line=line.pk)
    assert not wrong


def test_who_answers_by_a_link_cannot_break_it(world, study):
    marc, basile = Participant.objects.get(study=study), world.people.basile
    activity_logs.prepare(study, by=basile)
    asks = ["interview", "activity"]
    _link, address = interviews.send(marc, asks, language="fr", by=basile)
    path = address[address.index("/s/") :]
    anyone = Client(raise_request_exception=False)
    anyone.post(path, {"agree": "1"})
    key = str(study.categories.first().pk)
    wrong = faults(anyone, f"{path}activity/", "token", "day", category=key, minutes="15")
    wrong += faults(anyone, f"{path}draft/", "t0-task", "keep")
    assert not wrong
