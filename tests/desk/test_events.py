"""The spine is append-only, whoever asks."""

import pytest
from django.db import ProgrammingError, connection, transaction

from relais.lib.tenancy import all_tenants


@pytest.mark.parametrize(
    "statement", ["update desk_event set kind = 'taken'", "delete from desk_event"]
)
def test_the_application_may_not_change_an_event(world, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


def test_nor_may_the_role_that_crosses_providers(db):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        all_tenants("try to drop events"),
    ):
        connection.cursor().execute("delete from desk_event")
