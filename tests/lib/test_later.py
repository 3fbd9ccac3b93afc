"""Work put off commits with what it is about, wherever it is put off from."""

from pathlib import Path

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

import relais
from relais.lib.later import later


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = 'nothing'")
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize("in_a_worker", [False, True])
def test_a_job_is_gone_with_the_transaction_that_put_it_off(in_a_worker):
    connector = app.connector.get_worker_connector() if in_a_worker else app.connector
    with app.replace_connector(connector):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            later("nothing")
            assert jobs() == 1  # in this transaction, which nobody else sees
            raise ZeroDivisionError
        assert jobs() == 0
        later("nothing")
        assert jobs() == 1


def test_nobody_puts_off_by_another_way():
    here = Path(relais.__file__).parent
    found = [path for path in here.rglob("*.py") if ".configure_task(" in path.read_text("utf-8")]
    assert [path.name for path in found] == ["later.py"]
