"""The API keeps to its own document: nothing sent makes it fail, every answer is as described."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relais.lib.tenancy import tenant
from relais.people.models import ApiKey
from relais.people.models.api_key import SCOPES
from relais.wsgi import application
from tests import world as cast
from tests.walls import oracle

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What has a body can be wrong in more ways than what has a key alone.
EXAMPLES, EXAMPLES_OF_BODIES = 2, 3
ROWS = 12  # keys are small in a young database


def test_nothing_sent_makes_it_fail_and_every_answer_is_described(committed, record_property):
    world, other = cast.build_world(), cast.build_other_world()
    with tenant(world.provider.pk):
        oracle.add_internals(world)
    oracle.add_tickets(world, other)
    oracle.add_agreements(world, other)
    oracle.add_offer(world, other)
    people = world.people
    with tenant(world.provider.pk):
        secrets = [
            ApiKey.make(person, name="x", scopes=SCOPES, days=1, by=person)[1]
            for person in (people.paul, people.marc, people.alice, people.claire)
        ]
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    faults, calls = {}, 0
    for found in document.get_all_operations():
        operation = found.ok()
        calls += 1
        try:
            _try(operation, secrets)
        except Exception as fault:  # the next calls are to be tried too
            faults[operation.label] = fault
    record_property("API", f"{calls} calls tried {EXAMPLES} to {EXAMPLES_OF_BODIES} times each")
    assert calls >= 225
    assert not faults, "\n\n".join(_told(label, fault) for label, fault in faults.items())


def _told(label, fault):
    inner = getattr(fault, "exceptions", [fault])
    return "\n".join([label, *[f"  {one.__class__.__name__} {str(one)[:900]}" for one in inner]])


def _try(operation, secrets):
    @given(st.data())
    @settings(
        max_examples=EXAMPLES_OF_BODIES if operation.body else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def try_once(data):
        case = data.draw(operation.as_strategy())
        # A guessed key meets nothing: most calls are on rows that stand.
        for name in list(case.path_parameters or ()):
            if data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.integers(1, ROWS))
        secret = data.draw(st.sampled_from(secrets))
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {secret}"})

    try_once()
