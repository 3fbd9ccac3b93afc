"""One provider never sees another's rows: the net under the queries."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from relais.lib.tenancy import NestedTenantError, SameTenant, TenantPolicy, all_tenants, tenant
from relais.people.models import Company, Person, Site
from relais.people.models.tenant import TenantModel

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]


def test_without_a_tenant_nothing_is_seen(worlds):
    assert Person.objects.count() == 0


def test_a_tenant_sees_its_own_rows_only(worlds):
    first, second = worlds
    with tenant(first.provider.pk):
        assert not Company.objects.filter(name="Ailleurs").exists()
        assert Company.objects.filter(name="Calanques Services").exists()
    with tenant(second.provider.pk):
        assert [company.name for company in Company.objects.all()] == ["Ailleurs"]


def test_a_row_cannot_be_written_for_another_tenant(worlds):
    first, second = worlds
    with tenant(first.provider.pk), pytest.raises(DatabaseError), transaction.atomic():
        Company.objects.create(provider=second.provider, name="Chez les autres")


def test_a_reference_cannot_leave_its_tenant(worlds):
    first, second = worlds
    with tenant(first.provider.pk), pytest.raises(DatabaseError), transaction.atomic():
        Site.objects.filter(pk=first.sites.aix.pk).update(company=second.companies.ailleurs)
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")


def test_a_transaction_never_turns_to_another_tenant(worlds):
    first, second = worlds
    with (
        tenant(first.provider.pk),
        pytest.raises(NestedTenantError),
        tenant(second.provider.pk),
    ):
        pass


def test_the_tenant_does_not_outlive_its_block(worlds):
    first, _second = worlds
    with tenant(first.provider.pk):
        pass
    assert Person.objects.count() == 0


def test_work_across_tenants_is_said_and_ends(worlds):
    with all_tenants("count the persons of everybody"):
        assert Person.objects.filter(last_name__in=["Pichon", "Zola"]).count() == 2
    assert Person.objects.count() == 0


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)
def test_every_tenant_table_has_its_wall(db, model):
    with connection.cursor() as cursor:
        cursor.execute(
            "select relrowsecurity and relforcerowsecurity from pg_class where relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True,)
    assert any(isinstance(c, TenantPolicy) for c in model._meta.constraints)


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)
def test_every_reference_to_a_tenant_table_stays_inside(model):
    held = {c.field for c in model._meta.constraints if isinstance(c, SameTenant)}
    needed = {
        field.name
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one)
        and field.concrete
        and issubclass(field.related_model, TenantModel)
    }
    assert needed == held


def test_no_other_table_carries_a_provider_without_a_wall(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where a.attname = 'provider_id' and c.relkind = 'r' and not c.relrowsecurity"
        )
        unwalled = {name for (name,) in cursor.fetchall()}
    # Accounts stand outside the walls (they are looked up before anybody is known), so they hold
    # nothing but what signing in needs; allauth's own column of that name is a text.
    assert unwalled <= {"people_user", "socialaccount_socialapp"}
