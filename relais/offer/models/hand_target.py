"""How fast the pool wants to take in hand what it is given: its own affair, told to no client."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.compiled import Compiled
from relais.offer import keeping
from relais.offer.errors import HandsOvertaken, MayNotKeep, Unsound
from relais.people.models import OrganisationChange, Person, Provider
from relais.people.models.tenant import TenantModel

from .service import Priority

MOST_MINUTES = 6000
HANDS_PUT = "hands_put"
# None stands for every priority that has no minutes of its own.
PRIORITIES = (None, *Priority.values)
Minutes = dict[int | None, int | None]


class HandTarget(TenantModel):
    """Minutes of opening from being given a request to taking it, for a priority or (none) all."""

    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("operational target")
        verbose_name_plural = _("operational targets")
        ordering = ["priority"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["provider", "priority"],
                nulls_distinct=False,
                name="offer_handtarget_once",
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES),
                name="offer_handtarget_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"P{self.priority or '*'} · {self.minutes} min"

    @classmethod
    def minutes_for(cls, provider: int, priority: int) -> int | None:
        """Return the minutes for a priority: its own before those of all; None where none are."""
        found = dict(_FOR.rows(provider=provider))
        return found.get(priority, found.get(None))

    @classmethod
    def minutes_of(cls, rows: models.QuerySet[HandTarget]) -> Minutes:
        """Return what these rows say: the minutes by priority, None for every other."""
        return dict(rows.order_by("priority").values_list("priority", "minutes"))

    @classmethod
    def put(cls, wanted: Minutes, *, by: Person, seen: str | None = None) -> None:
        """Set the minutes by priority; None drops one, what is left out stays.

        Clocks that run keep theirs. `seen`: the `mark` of what was read. Raises `MayNotKeep`,
        `Unsound`, `HandsOvertaken`.
        """
        if not keeping.may_keep(by):
            raise MayNotKeep(thing=str(cls._meta.verbose_name_plural), person=str(by))
        if found := faults(wanted):
            raise Unsound(found)
        rows = cls.objects.filter(provider=by.provider_id)
        with transaction.atomic():
            Provider.objects.select_for_update().get(pk=by.provider_id)
            before = cls.minutes_of(rows)
            if seen is not None and seen != mark(before):
                raise HandsOvertaken
            changed = {key: each for key, each in wanted.items() if each != before.get(key)}
            for priority, minutes in changed.items():
                if minutes is None:
                    rows.filter(priority=priority).delete()
                else:
                    cls.objects.update_or_create(
                        provider_id=by.provider_id, priority=priority, defaults={"minutes": minutes}
                    )
            if changed:
                facts = {field_of(key): [before.get(key), each] for key, each in changed.items()}
                OrganisationChange.objects.create(
                    provider_id=by.provider_id,
                    at=timezone.now(),
                    by=by,
                    subject="people.Provider",
                    subject_id=by.provider_id,
                    kind=HANDS_PUT,
                    facts={"changes": facts},
                )


def field_of(priority: int | None) -> str:
    """Return how forms, the API and the record name the minutes of a priority."""
    return "all" if priority is None else f"p{priority}"


def mark(minutes: Minutes) -> str:
    """Return a short text of what stands; whoever changes it says which one was read."""
    told = sorted((field_of(key), each) for key, each in minutes.items())
    return " ".join(f"{name}={each}" for name, each in told) or "none"


def faults(wanted: Minutes) -> list[tuple[str, str]]:
    """Return what cannot be kept, by field."""
    text = _t("Give between 1 and %(most)d minutes of opening, or nothing.")
    return [
        (field_of(priority), text % {"most": MOST_MINUTES})
        for priority, minutes in wanted.items()
        if minutes is not None and not 1 <= minutes <= MOST_MINUTES
    ]


_FOR: Compiled[Any] = Compiled(
    lambda provider: (
        HandTarget.objects.filter(provider=provider).order_by().values_list("priority", "minutes")
    ),
    provider=int,
)
