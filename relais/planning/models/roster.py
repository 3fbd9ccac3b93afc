"""A roster: a draft that is solved and changed by hand, published as shifts, and put back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from relais.engine.roster import OFF
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.planning.errors import ChangedMeanwhile, NotInThisState, NotItsKind

Rows = dict[str, list[str]]


class Roster(TenantModel):
    """Who has which kind of shift on which day, over some weeks from a Monday on.

    `rows`: by person, a code a day (empty: free). `pins`: by person, the days a lead decided.
    `basis`: the problem that was solved, as values: what the rows are judged by.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SOLVING = "solving", _("Being solved")
        SOLVED = "solved", _("Solved")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Taken back")

    class Source(models.TextChoices):
        FORECAST = "forecast", _("What is foreseen of requests")
        COVER = "cover", _("Opening hours of the sites")

    CHANGEABLE = (State.DRAFT, State.SOLVED)

    name = models.CharField(_("name"), max_length=100)
    starts_on = models.DateField(_("from the week of"))
    weeks = models.PositiveSmallIntegerField(
        _("weeks"), default=2, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    # Keys of sites; empty: every site that somebody covers.
    sites = models.JSONField(default=list, blank=True)
    source = models.CharField(
        _("demand"), max_length=10, choices=Source.choices, default=Source.COVER
    )
    weights = models.JSONField(default=dict, blank=True)
    seed = models.PositiveIntegerField(_("seed"), default=1)
    seconds = models.PositiveSmallIntegerField(
        _("seconds at most"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(900)],
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    basis = models.JSONField(default=dict)
    rows = models.JSONField(default=dict)
    pins = models.JSONField(default=dict)
    cost = models.FloatField(null=True)
    bound = models.FloatField(null=True)
    begun_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    stop_asked = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)
    # The roster that this one mends, and how many of its person-days became others.
    mends = models.ForeignKey("self", models.SET_NULL, null=True, related_name="mended_by")
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    # What stood before, and what was written: for whoever takes the roster back.
    former = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")
        ordering = ["-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="planning_roster_maker_fk", field="made_by", to="people_person"),
            SameTenant(
                name="planning_roster_publisher_fk", field="published_by", to="people_person"
            ),
            SameTenant(name="planning_roster_mends_fk", field="mends", to="planning_roster"),
        ]

    def __str__(self) -> str:
        return self.name

    # What is known of it ---------------------------------------------------------------------

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return 7 * self.weeks

    @property
    def ends_on(self) -> date:
        """Return its last day."""
        return self.starts_on + timedelta(days=self.days - 1)

    def day(self, number: int) -> date:
        """Return one of its days, counted from 0."""
        return self.starts_on + timedelta(days=number)

    @property
    def is_changeable(self) -> bool:
        """Return whether it may be changed by hand or solved."""
        return self.state in self.CHANGEABLE

    @property
    def gap(self) -> float | None:
        """Return how much dearer it may be than the best there is, as a share of its cost."""
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, self.cost - self.bound) / max(abs(self.cost), 1.0)

    @property
    def shifts(self) -> int:
        """Return how many shifts it has."""
        return sum(code != OFF for row in self.rows.values() for code in row)

    @property
    def codes(self) -> frozenset[str]:
        """Return the kinds of shift it was made with, and free; none are known of before that."""
        return frozenset({OFF, *(duty[0] for duty in self.basis.get("duties", ()))})

    def is_pinned(self, person: int, day: int) -> bool:
        """Return whether a lead decided this day."""
        return day in self.pins.get(str(person), ())

    def change(self, when: tuple[str, ...], **fields: Any) -> None:
        """Change named fields where the roster is still as it was read, else say who was first.

        Raises `NotInThisState`, `ChangedMeanwhile`.
        """
        if self.state not in when:
            raise NotInThisState(name=self.name, state=self.get_state_display())
        found = Roster.objects.filter(pk=self.pk, version=self.version, state=self.state)
        if not found.update(version=self.version + 1, **fields):
            raise ChangedMeanwhile()
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1

    # Verbs on a day --------------------------------------------------------------------------

    def place(self, person: int, day: int, code: str, *, pin: bool = True) -> None:
        """Give somebody a kind of shift on a day (empty: free), which solving leaves as it is.

        Raises `NotInThisState`, `ChangedMeanwhile`, `NotItsKind`.
        """
        rows, pins = self._with({(person, day): code}, pin=pin)
        self.change(self.CHANGEABLE, rows=rows, pins=pins)

    def swap(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        """Exchange two days of two persons, or of one. Raises what `place` raises."""
        was = {at: self._code(*at) for at in (one, other)}
        rows, pins = self._with({one: was[other], other: was[one]}, pin=True)
        self.change(self.CHANGEABLE, rows=rows, pins=pins)

    def unpin(self, person: int, day: int) -> None:
        """Let solving decide a day again. Raises what `place` raises."""
        pins = {key: [d for d in days if (key, d) != (str(person), day)]
                for key, days in self.pins.items()}  # fmt: skip
        self.change(self.CHANGEABLE, pins={key: days for key, days in pins.items() if days})

    def _code(self, person: int, day: int) -> str:
        row = self.rows.get(str(person))
        return row[day] if row else OFF

    def _with(
        self, codes: dict[tuple[int, int], str], *, pin: bool
    ) -> tuple[Rows, dict[str, list[int]]]:
        strange = sorted(set(codes.values()) - self.codes) if self.basis else []
        if strange and self.is_changeable:
            raise NotItsKind(code=strange[0])
        rows = {key: list(row) for key, row in self.rows.items()}
        pins = {key: set(days) for key, days in self.pins.items()}
        for (person, day), code in codes.items():
            rows.setdefault(str(person), [OFF] * self.days)[day] = code
            if pin:
                pins.setdefault(str(person), set()).add(day)
        return rows, {key: sorted(days) for key, days in pins.items()}
