"""How an executive wants to be served, and what an assistant may do alone for her, in versions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from relais.lib.tenancy import SameTenant
from relais.offer.errors import MayNotWrite, SheetOvertaken, Unsound
from relais.people.access import Access
from relais.people.models import Company, Person
from relais.people.models.tenant import TenantModel

from .offer_event import OfferEvent
from .service import Service

LARGEST_CEILING = Decimal(10) ** 9


class PreferenceSheet(TenantModel):
    """The sheet of one executive; what it says stands in its versions."""

    person = models.OneToOneField(
        Person, models.PROTECT, related_name="preference_sheet", verbose_name=_("executive")
    )
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("preference sheet")
        verbose_name_plural = _("preference sheets")
        ordering = ["id"]
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(name="offer_sheet_person_fk", field="person", to="people_person"),
            SameTenant(name="offer_sheet_company_fk", field="company", to="people_company"),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @classmethod
    def write(
        cls,
        executive: Person,
        *,
        by: Person,
        content: dict[str, Any],
        authority: dict[str, Any],
        reserved: list[str],
        note: str = "",
        seen: int | None = None,
        at: datetime | None = None,
    ) -> SheetVersion:
        """Return the new version of a sheet, event `edited`; the last one if nothing changes.

        Fields that `by` may not read stay as they are. What the executive writes herself is
        confirmed. `seen` is the version that was read, 0 for none. Raises `MayNotWrite`,
        `Unsound`, `SheetOvertaken`.
        """
        from relais.offer import questions, sheets
        from relais.offer.preferences import QUESTIONS

        access = Access(by)
        if not sheets.may_write(access, executive):
            raise MayNotWrite(sheet=executive.name, person=str(by))
        kept, found = questions.check(QUESTIONS, content, whole=False)
        lines = _authority(authority, found)
        if set(reserved) - {question.key for question in QUESTIONS}:
            found.append(("reserved", _t("Choose fields of the sheet.")))
        if found:
            raise Unsound(found)
        at = at or timezone.now()
        with transaction.atomic():
            sheet, _fresh = cls.objects.get_or_create(
                person=executive,
                defaults={
                    "provider_id": executive.provider_id,
                    "company_id": executive.company_id,
                },
            )
            sheet = cls.objects.select_for_update().get(pk=sheet.pk)
            if seen is not None and seen != sheet.version:
                raise SheetOvertaken(sheet=executive.name)
            last = sheet.versions.order_by("-number").first()
            given = {each["key"]: each["value"] for each in kept}
            if last is not None:
                mine = sheets.readable(access, sheet, last.reserved)
                hidden = set(last.content) - mine
                given = {k: v for k, v in given.items() if k in mine}
                given |= {key: last.content[key] for key in hidden}
                reserved = sorted({*reserved, *(set(last.reserved) - mine)})
            told = {"content": given, "authority": lines, "reserved": sorted(set(reserved))}
            if last is not None and all(getattr(last, name) == told[name] for name in told):
                return last
            cls.objects.filter(pk=sheet.pk).update(version=F("version") + 1)
            herself = by.pk == executive.pk
            made = SheetVersion.objects.create(
                provider_id=sheet.provider_id,
                sheet=sheet,
                number=sheet.version + 1,
                note=note.strip(),
                written_by=by,
                written_at=at,
                confirmed_by_exec_at=at if herself else None,
                **told,
            )
            # Of what stays hidden from some readers, not even the name is told.
            facts = {"version": made.number, "confirmed": herself}
            OfferEvent.tell("edited", by, at, facts, sheet=sheet)
        return made


class SheetVersion(TenantModel):
    """What a sheet said from one moment on. Append-only but for the executive's confirmation."""

    sheet = models.ForeignKey(PreferenceSheet, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    # The answers, by the keys of offer/preferences.py.
    content = models.JSONField(default=dict)
    # The keys that the executive keeps for named persons, besides those that always are.
    reserved = models.JSONField(default=list)
    # By family of work: {"level": …, "ceiling": "500.00" or None, "expires_on": … or None}.
    authority = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    confirmed_by_exec_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("version of a preference sheet")
        verbose_name_plural = _("versions of preference sheets")
        ordering = ["sheet", "-number"]
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["sheet", "number"], name="offer_sheetversion_once"),
            SameTenant(
                name="offer_sheetversion_sheet_fk", field="sheet", to="offer_preferencesheet"
            ),
            SameTenant(name="offer_sheetversion_by_fk", field="written_by", to="people_person"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} v{self.number}"

    def confirm(self, *, by: Person, at: datetime | None = None) -> None:
        """Have the executive say that the sheet is right; once. Event `confirmed`.

        Raises `MayNotWrite` (it is hers alone to say), `SheetOvertaken` (a newer one stands).
        """
        if by.pk != self.sheet.person_id:
            raise MayNotWrite(sheet=str(self.sheet), person=str(by))
        at = at or timezone.now()
        with transaction.atomic():
            sheet = PreferenceSheet.objects.select_for_update().get(pk=self.sheet_id)
            if sheet.version != self.number:
                raise SheetOvertaken(sheet=str(sheet))
            mine = SheetVersion.objects.filter(pk=self.pk, confirmed_by_exec_at=None)
            if mine.update(confirmed_by_exec_at=at):
                self.confirmed_by_exec_at = at
                OfferEvent.tell("confirmed", by, at, {"version": self.number}, sheet=sheet)


def _authority(given: dict[str, Any], found: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the limits as a version keeps them, by family; what is wrong is added to `found`."""
    from relais.offer.sheets import LEVELS

    lines: dict[str, Any] = {}
    for family, line in given.items():
        if family not in Service.Family.values or not isinstance(line, dict):
            found.append(("authority", _t("Choose families of the catalogue.")))
            continue
        name = Service.Family(family).label
        level = line.get("level") or ""
        if not level:
            continue
        if level not in LEVELS:
            text = _t("%(family)s: choose one of %(levels)s.")
            found.append(("authority", text % {"family": name, "levels": ", ".join(LEVELS)}))
            continue
        lines[family] = {"level": level}
        try:
            lines[family]["ceiling"] = _ceiling(line.get("ceiling"))
            until = str(line.get("expires_on") or "").strip()
            lines[family]["expires_on"] = date.fromisoformat(until).isoformat() if until else None
        except (InvalidOperation, ValueError):
            text = _t("%(family)s: give an amount such as 500, and a day such as 2027-12-31.")
            found.append(("authority", text % {"family": name}))
    return lines


def _ceiling(given: Any) -> str | None:
    text = str("" if given is None else given).replace("\u202f", "").replace("\xa0", "")
    text = text.replace(" ", "").replace(",", ".")
    if not text:
        return None
    amount = Decimal(text)
    if not amount.is_finite() or not 0 <= amount < LARGEST_CEILING:
        raise ValueError
    return str(amount.quantize(Decimal("0.01")))
