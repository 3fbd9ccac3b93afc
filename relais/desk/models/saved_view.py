"""Views of the list of requests that somebody keeps under a name: filters, words and order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.desk.errors import BadValue, Missing, NotNow, NotYours, Overtaken
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel

LONGEST_NAME = 80
MOST = 50


class SavedView(TenantModel):
    """One person's view. Shared, those who run the pool read it too; she alone changes it.

    No request changes by it: it has no events. What was dropped is kept, to be restored.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    # Parameters of the list's address, as the list itself read them.
    query = models.JSONField(default=dict)
    shared = models.BooleanField(_("shared with the leads"), default=False)
    is_default = models.BooleanField(_("opens first"), default=False)
    version = models.PositiveIntegerField(default=1)
    kept_at = models.DateTimeField(_("kept"))
    dropped_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["person", "name"],
                condition=Q(dropped_at=None),
                name="desk_view_named_once",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(is_default=True, dropped_at=None),
                name="desk_view_one_first",
            ),
            SameTenant(name="desk_view_person_fk", field="person", to="people_person"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(
        cls,
        *,
        person: Person,
        name: str,
        query: dict[str, str],
        shared: bool = False,
        at: datetime | None = None,
    ) -> SavedView:
        """Return the new view; kept twice with the same filters it is the same one."""
        name = _named(name)
        mine = cls.objects.select_for_update().filter(person=person, dropped_at=None)
        if (again := mine.filter(name=name, query=query, shared=shared).first()) is not None:
            return again
        _check_free(person, name)
        _check_room(mine.count())
        made = cls(
            provider_id=person.provider_id,
            person=person,
            name=name,
            query=query,
            shared=shared,
            kept_at=at or timezone.now(),
        )
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:  # the same name at the same moment
            raise _taken() from None
        return made

    def change(
        self,
        *,
        by: Person,
        name: str | None = None,
        query: dict[str, str] | None = None,
        shared: bool | None = None,
    ) -> None:
        """Give it another name or other filters; share it, or do so no more."""
        fields: dict[str, Any] = {}
        if name is not None and (named := _named(name)) != self.name:
            _check_free(self.person, named)
            fields["name"] = named
        if query is not None:
            fields["query"] = query
        if shared is not None:
            fields["shared"] = shared
        self._change(by, **fields)

    def open_first(self, *, by: Person, first: bool = True) -> None:
        """Let the list open with it, instead of any other; or (`first` false) as a whole again."""
        with transaction.atomic():
            if first:
                others = SavedView.objects.filter(person=self.person, is_default=True)
                others.exclude(pk=self.pk).update(is_default=False, version=F("version") + 1)
            self._change(by, is_default=first)

    def drop(self, *, by: Person, at: datetime | None = None) -> None:
        """Take it off the list of views; it can be restored."""
        self._change(by, dropped_at=at or timezone.now(), is_default=False)

    def restore(self, *, by: Person) -> None:
        """Undo its deletion."""
        if self.dropped_at is None:
            raise NotNow(reference=self.name, state=_t("kept"))
        _check_free(self.person, self.name)
        with transaction.atomic():
            mine = SavedView.objects.select_for_update().filter(person=self.person, dropped_at=None)
            _check_room(len(mine))
            self._change(by, dropped_at=None)

    def expect(self, version: int | None) -> None:
        """Raise `Overtaken` unless this is the version that the person was shown."""
        if version is not None and version != self.version:
            raise Overtaken(reference=self.name)

    def _change(self, by: Person, **fields: Any) -> None:
        if by.pk != self.person_id:
            raise NotYours(reference=self.name, person=str(by))
        if self.dropped_at is not None and fields.get("dropped_at", 1) is not None:
            raise NotNow(reference=self.name, state=_t("deleted"))
        mine = SavedView.objects.filter(pk=self.pk, version=self.version)
        try:
            with transaction.atomic():
                changed = mine.update(version=F("version") + 1, **fields)
        except IntegrityError:  # another view took the name, or the first place, at this moment
            changed = 0
        if not changed:
            raise Overtaken(reference=self.name)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1


def _named(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise Missing(field=_t("Name"))
    if len(name) > LONGEST_NAME:
        mend = _t("at most %(count)d characters") % {"count": LONGEST_NAME}
        raise BadValue(field=_t("Name"), mend=mend)
    return name


def _check_room(count: int) -> None:
    if count >= MOST:
        mend = _t("you have %(count)d views already: delete one of them") % {"count": MOST}
        raise BadValue(field=_t("Name"), mend=mend)


def _check_free(person: Person, name: str) -> None:
    if SavedView.objects.filter(person=person, name=name, dropped_at=None).exists():
        raise _taken()


def _taken() -> BadValue:
    mend = _t("you have a view of this name already: choose another one")
    return BadValue(field=_t("Name"), mend=mend)
