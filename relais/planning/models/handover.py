"""A handover note: what somebody leaves to whoever stands in, read back until it is understood."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from relais.desk.errors import BadValue, Missing
from relais.lib.tenancy import SameTenant
from relais.people.models import Person
from relais.people.models.tenant import TenantModel
from relais.planning.continuity_errors import NoteOvertaken, NotHers, NotNowNote

from .relief import Relief

LONGEST, LINES = 400, 3
LONGEST_TEXT = 2000


class Handover(TenantModel):
    """The note of one giver to one receiver, for one absence. Verbs change it, and nothing else."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        GIVEN = "given", pgettext_lazy("note", "Given")
        ACCEPTED = "accepted", pgettext_lazy("note", "Accepted")
        VOID = "void", _("No longer needed")

    class File(models.TextChoices):
        STABLE = "stable", _("Stable")
        WATCH = "watch", _("To be watched")
        CRITICAL = "critical", pgettext_lazy("file", "Critical")

    relief = models.ForeignKey(Relief, models.CASCADE, related_name="handovers")
    giver = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("from"))
    # Empty: nobody stands in; the lead has it.
    receiver = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("to")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    # What was typed: files (state and summary), the next step of each request, and three texts.
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(_("due"))
    given_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("handover note")
        verbose_name_plural = _("handover notes")
        ordering = ["-due_at", "-id"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["relief", "receiver"], name="planning_handover_once", nulls_distinct=False
            ),
            SameTenant(name="planning_handover_relief_fk", field="relief", to="planning_relief"),
            SameTenant(name="planning_handover_giver_fk", field="giver", to="people_person"),
            SameTenant(name="planning_handover_rec_fk", field="receiver", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.receiver or '—'}"

    def is_late(self, now: datetime) -> bool:
        """Return whether it should have been given by now, or was given too late."""
        if self.state == self.State.VOID:
            return False
        return (self.given_at or now) > self.due_at

    # Verbs ---------------------------------------------------------------------------------------

    def edit(
        self,
        content: dict[str, Any],
        *,
        by: Person,
        seen: int | None = None,
        at: datetime | None = None,
    ) -> None:
        """Write it anew; what stood before is kept. `seen`: the version that was read."""
        self._check(by, self.giver_id)
        if seen is not None and seen != self.version:
            raise NoteOvertaken()
        checked = checked_content(content)
        self._change(
            "edited", by, at, when=[self.State.DRAFT, self.State.GIVEN],
            facts={"before": self.content, "number": self.version}, content=checked,
        )  # fmt: skip

    def give(self, *, by: Person, at: datetime | None = None) -> None:
        """Hand it to the receiver, who reads it back."""
        self._check(by, self.giver_id)
        at = at or timezone.now()
        self._change("given", by, at, when=[self.State.DRAFT], state=self.State.GIVEN, given_at=at)

    def ask(self, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Ask the giver about it."""
        self._check(by, self.receiver_id)
        when = [self.State.GIVEN, self.State.ACCEPTED]
        self._change("asked", by, at, when=when, text=_said(text))

    def answer(self, text: str, *, by: Person, at: datetime | None = None) -> None:
        """Answer the receiver."""
        self._check(by, self.giver_id)
        when = [self.State.GIVEN, self.State.ACCEPTED]
        self._change("answered", by, at, when=when, text=_said(text))

    def accept(self, restated: str, *, by: Person, at: datetime | None = None) -> None:
        """Say in one's own words what there is to do, and take it on."""
        self._check(by, self.receiver_id)
        at = at or timezone.now()
        self._change(
            "accepted", by, at, when=[self.State.GIVEN], text=_said(restated),
            state=self.State.ACCEPTED, accepted_at=at,
        )  # fmt: skip

    def miss(
        self, text: str, *, by: Person, client_asked: bool = False, at: datetime | None = None
    ) -> None:
        """Say what the note lacked; `client_asked`: the client had to be asked again."""
        self._check(by, self.receiver_id)
        self._change(
            "missed", by, at, when=[self.State.GIVEN, self.State.ACCEPTED], text=_said(text),
            facts={"client_asked": client_asked},
        )  # fmt: skip

    # How a verb is done --------------------------------------------------------------------------

    def _check(self, by: Person, mine: int | None) -> None:
        from relais.desk.rules import access_of

        if by.provider_id != self.provider_id or not (
            access_of(by).runs_pool or (mine == by.pk and not by.is_client)
        ):
            raise NotHers(person=str(by))

    def _change(
        self,
        kind: str,
        by: Person,
        at: datetime | None,
        *,
        when: Collection[str],
        text: str = "",
        facts: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Do one verb whole: the row if it is still as read, and one word of its history."""
        if self.state not in when:
            raise NotNowNote(state=self.get_state_display())
        with transaction.atomic():
            mine = Handover.objects.filter(pk=self.pk, version=self.version)
            if not mine.update(version=F("version") + 1, **fields):
                raise NoteOvertaken()
            for name, value in fields.items():
                setattr(self, name, value)
            self.version += 1
            HandoverWord.objects.create(
                provider_id=self.provider_id, handover=self, kind=kind, by=by,
                at=at or timezone.now(), text=text, facts=facts or {},
            )  # fmt: skip


class HandoverWord(TenantModel):
    """What happened to a note: written, given, asked, answered, accepted, found lacking."""

    class Kind(models.TextChoices):
        EDITED = "edited", _("Written")
        GIVEN = "given", pgettext_lazy("note", "Given")
        ASKED = "asked", _("Question")
        ANSWERED = "answered", _("Answer")
        ACCEPTED = "accepted", _("Read back and accepted")
        MISSED = "missed", _("Found lacking")

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="words")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        verbose_name = _("word on a handover note")
        verbose_name_plural = _("words on handover notes")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(
                name="planning_handoverword_note_fk", field="handover", to="planning_handover"
            ),
            SameTenant(name="planning_handoverword_by_fk", field="by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.at:%Y-%m-%d %H:%M}"


TEXTS = ("risks", "contacts", "accesses")


def checked_content(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what may be kept of what was typed. Raises `BadValue` naming the row and the mend."""
    files = {}
    for key, one in (sent.get("files") or {}).items():
        summary = str(one.get("summary") or "").strip()
        where = _t("Summary of %(name)s") % {"name": one.get("name") or key}
        if len(summary) > LONGEST or len(summary.splitlines()) > LINES:
            mend = _t("three lines and %(most)s characters at most") % {"most": LONGEST}
            raise BadValue(field=where, mend=mend)
        state = one.get("state") or Handover.File.STABLE
        if state not in Handover.File.values:
            raise BadValue(field=_t("State"), mend=", ".join(Handover.File.values))
        files[str(key)[:30]] = {"state": str(state), "summary": summary}
    steps = {
        str(key)[:30]: str(text).strip()[:LONGEST]
        for key, text in (sent.get("steps") or {}).items()
        if str(text).strip()
    }
    found: dict[str, Any] = {"files": files, "steps": steps}
    for name in TEXTS:
        text = str(sent.get(name) or "").strip()
        if len(text) > LONGEST_TEXT:
            mend = _t("%(most)s characters at most") % {"most": LONGEST_TEXT}
            raise BadValue(field=_t("Text"), mend=mend)
        found[name] = text
    return found


def _said(text: str) -> str:
    if text := text.strip()[:LONGEST_TEXT]:
        return text
    raise Missing(field=_t("Text"))
