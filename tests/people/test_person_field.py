"""The line that names a person: a name, an address, or a key."""

import pytest
from django import forms

from relais.people.models import Person
from relais.people.person_forms import PersonField


def test_a_key_is_a_person_of_the_list_or_nobody(world):
    marc = world.people.marc
    Person.objects.filter(pk=marc.pk).update(email=f"marc777777{marc.pk}@calanques.example")
    field = PersonField(rows=Person.objects.all(), company=None)
    assert field.clean(marc.pk) == marc
    for stranger in (777777, 0):
        with pytest.raises(forms.ValidationError, match=str(stranger)):
            field.clean(stranger)
