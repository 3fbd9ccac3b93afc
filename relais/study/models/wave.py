"""How the service begins: waves of sites, and the posts that are to be held there."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import BadValue, Missing
from relais.lib.tenancy import SameTenant
from relais.people import cover, organisation
from relais.people.models import Cover, Person, Role, Site
from relais.people.models.tenant import TenantModel
from relais.study.choosing_errors import (
    NotOfThePool,
    NotReadyToStart,
    PostOvertaken,
    WaveNotNow,
    WaveOvertaken,
)

LONGEST = 2000


class Wave(TenantModel):
    """Sites that begin together. It starts once the wave before it runs steadily (domain B.7)."""

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("wave", "Planned")
        STARTED = "started", pgettext_lazy("wave", "Started")
        STEADY = "steady", pgettext_lazy("wave", "Runs steadily")
        DROPPED = "dropped", pgettext_lazy("wave", "Dropped")

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="waves")
    number = models.PositiveIntegerField()
    name = models.CharField(_("name"), max_length=120)
    starts_on = models.DateField(_("begins on"))
    # One condition a line.
    conditions = models.TextField(_("conditions to start"), blank=True, max_length=LONGEST)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PLANNED
    )
    started_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        ordering = ["number", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "number"],
                condition=~models.Q(state="dropped"),
                name="study_wave_once",
            ),
            SameTenant(name="study_wave_study_fk", field="study", to="study_study"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def asked(self) -> list[str]:
        """Return its conditions."""
        return [text.strip() for text in self.conditions.splitlines() if text.strip()]

    def missing(self) -> list[str]:
        """Return what keeps it from starting, each in a sentence with its mend."""
        found = []
        before = self.study.waves.exclude(state="dropped").filter(number__lt=self.number)
        if before.exclude(state="steady").exists():
            found.append(_t("The wave before it does not run steadily yet."))
        for post in self.study.posts.filter(
            site__in=self.sites.values("site"), person=None, dropped=False
        ).select_related("site"):
            found.append(
                _t("%(site)s: nobody holds the post “%(post)s”: name somebody.")
                % {"site": post.site.name, "post": post.get_position_display()}
            )
        if self.study.company.engagement is None:
            found.append(_t("No engagement is in force with the client: start one."))
        return found

    # Verbs ---------------------------------------------------------------------------------------

    def edit(self, *, by: Person, seen: int | None = None, **fields: Any) -> None:
        """Change its name, day or conditions. Raises `NotPiloting`, `BadValue`, `WaveOvertaken`."""
        if not str(fields.get("name", self.name)).strip():
            raise Missing(field=_t("name"))
        day = fields.get("starts_on", self.starts_on)
        if not 2000 <= day.year <= 2100:
            raise BadValue(field=_t("begins on"), mend=_t("give a year between 2000 and 2100"))
        self._must_be(self.State.PLANNED)
        changed = {name: value for name, value in fields.items() if getattr(self, name) != value}
        if changed:
            self._turn("wave_edited", by, seen, **changed)

    def start(self, *, by: Person, on: date | None = None) -> None:
        """Begin at its sites. Raises `NotPiloting`, `WaveNotNow`, `NotReadyToStart`."""
        self._must_be(self.State.PLANNED)
        if missing := self.missing():
            raise NotReadyToStart(wave=self.name, missing=" ".join(missing))
        day = on or timezone.localdate()
        self._turn("wave_started", by, None, state=self.State.STARTED, started_on=day)

    def steady(self, *, by: Person) -> None:
        """Say that it runs steadily: the next one may start. Raises as `start`."""
        self._must_be(self.State.STARTED)
        self._turn("wave_steady", by, None, state=self.State.STEADY)

    def drop(self, *, by: Person) -> None:
        """Let it go before it starts. Raises `NotPiloting`, `WaveNotNow`, `WaveOvertaken`."""
        self._must_be(self.State.PLANNED)
        self._turn("wave_dropped", by, None, state=self.State.DROPPED)

    def _must_be(self, state: str) -> None:
        if self.state != state:
            raise WaveNotNow(wave=self.name, state=self.get_state_display())

    def _turn(self, kind: str, by: Person, seen: int | None, **changes: Any) -> None:
        self.study.check_lead(by)
        mine = Wave.objects.filter(pk=self.pk, version=self.version if seen is None else seen)
        with transaction.atomic():
            if not mine.update(version=F("version") + 1, **changes):
                raise WaveOvertaken(wave=self.name)
            for name, value in changes.items():
                setattr(self, name, value)
            self.version += 1
            facts = {"study": self.study_id, "wave": self.number, "fields": sorted(changes)}
            organisation.record(self, kind, by, **facts)


class WaveSite(TenantModel):
    """A site of a wave."""

    wave = models.ForeignKey(Wave, models.CASCADE, related_name="sites")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("site of a wave")
        verbose_name_plural = _("sites of waves")
        ordering = ["site__name_key", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["wave", "site"], name="study_wavesite_once"),
            SameTenant(name="study_wavesite_wave_fk", field="wave", to="study_wave"),
            SameTenant(name="study_wavesite_site_fk", field="site", to="people_site"),
        ]

    def __str__(self) -> str:
        return str(self.site)


class Post(TenantModel):
    """A post that the service asks for at a site: lead or backup, held by somebody or nobody yet.

    Internal to the provider: it names people and hours.
    """

    study = models.ForeignKey("study.Study", models.CASCADE, related_name="posts")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", verbose_name=_("site"))
    position = models.CharField(_("position"), max_length=10, choices=Cover.Position.choices)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    proposed = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("staffing", "proposed"),
    )
    hours_a_week = models.FloatField(_("hours a week"))
    # What it takes: families to be ready for, and the level of readiness to reach (0 to 5).
    families = ArrayField(models.CharField(max_length=20), default=list)
    readiness = models.PositiveSmallIntegerField(_("readiness to build"), default=3)
    dropped = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["site__name_key", "-position", "id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["study", "site", "position"],
                condition=models.Q(dropped=False),
                name="study_post_once",
            ),
            SameTenant(name="study_post_study_fk", field="study", to="study_study"),
            SameTenant(name="study_post_site_fk", field="site", to="people_site"),
            SameTenant(name="study_post_person_fk", field="person", to="people_person"),
            SameTenant(name="study_post_proposed_fk", field="proposed", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.site} · {self.get_position_display()}"

    def fill(self, person: Person, *, by: Person) -> None:
        """Name who holds it: she covers the site from now on.

        Raises `NotPiloting`, `NotOfThePool`, `PostOvertaken`.
        """
        self.study.check_lead(by)
        assists = person.roles.in_force().filter(kind=Role.Kind.ASSISTANT).exists()
        if person.is_client or person.archived_at or not assists:
            raise NotOfThePool(person=str(person))
        with transaction.atomic():
            mine = Post.objects.filter(pk=self.pk, version=self.version, dropped=False)
            if not mine.update(version=F("version") + 1, person=person):
                raise PostOvertaken(post=str(self))
            cover.set_cover(self.site, person, self.position, by=by)
            self.person = person
            self.version += 1
            facts = {"study": self.study_id, "site": self.site.name, "person": person.name}
            organisation.record(self, "post_filled", by, **facts)

    def drop(self, *, by: Person) -> None:
        """Let the post go: nobody is to hold it. Raises `NotPiloting`, `PostOvertaken`."""
        self.study.check_lead(by)
        with transaction.atomic():
            mine = Post.objects.filter(pk=self.pk, version=self.version, dropped=False)
            if not mine.update(version=F("version") + 1, dropped=True):
                raise PostOvertaken(post=str(self))
            self.dropped = True
            self.version += 1
            organisation.record(self, "post_dropped", by, study=self.study_id)
