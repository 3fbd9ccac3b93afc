"""One row of the file → what it says, in clean values. Raises a `Refusal` for the whole row."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from functools import lru_cache

from relais.lib.tables import Row, letter
from relais.lib.workbooks import FAILED
from relais.people.models import Company, LegalEntity, Person, Site

from . import cells, refusals
from .columns import BY_NAME, MAY_REPEAT, PERSON_FIELDS, Mapping, last_name_first


@dataclass(frozen=True)
class Options:
    """What the importer chose beside the mapping."""

    company: str = ""  # for rows that name none
    role: str = "requester"  # for persons without any; "" gives none
    create_executives: bool = False


@dataclass(frozen=True)
class Said:
    """One person of a row."""

    name: cells.Name
    email: str = ""
    phone: str = ""
    job: str = ""

    @property
    def key(self) -> str:
        """Return the name as it is compared."""
        return cells.person_key(self.name.first, self.name.last)


@dataclass
class Record:
    """What one row says. Empty text: nothing."""

    number: int
    company: str = ""
    entity: str = ""
    siren: str = ""
    siret: str = ""
    site: str = ""
    site_code: str = ""
    place: dict[str, str] = field(default_factory=dict)  # fields of the site but name and code
    country_text: str = ""
    persons: list[Said] = field(default_factory=list)
    executive: str = ""
    executive_name: cells.Name | None = None
    roles: list[str] = field(default_factory=list)
    language: str = ""

    @property
    def tells_of_site(self) -> bool:
        """Return whether the row describes or names a site."""
        return bool(self.site or self.site_code or self.siret or self.place)


def record_of(row: Row, header: MappingOf[int, str], mapping: Mapping) -> Record:
    """Return what a row says under a mapping. Raises a `Refusal`."""
    said = _by_field(row, header, mapping)
    if not any(said.values()):
        raise refusals.NothingToImport
    record = Record(row.number, executive=said["executive"])
    record.company = _limited(said["company"], Company, "name", "company")
    record.entity = _limited(said["entity"], LegalEntity, "name", "entity")
    _numbers(record, said)
    _place(record, said)
    first = next((c for c, name in mapping.items() if name == "name"), None)
    last_first = first is not None and last_name_first(header.get(first, ""))
    _persons(record, said, last_first)
    if record.executive and "@" not in record.executive:
        record.executive_name = cells.name_of(record.executive, last_first)
    return record


def _by_field(row: Row, header: MappingOf[int, str], mapping: Mapping) -> dict[str, str]:
    said = dict.fromkeys(BY_NAME, "")
    for column, text in enumerate(row.cells):
        if text and header and column not in header:
            raise refusals.TooManyCellsInRow(column=letter(column), value=text[:60])
        name = mapping.get(column)
        if not name or not text:
            continue
        if text == FAILED:
            raise refusals.FailedFormula(column=letter(column))
        if name not in ("name", "last_name", "first_name", "email", "phone", "job", "role"):
            text = text.replace("\n", " " if name != "street" else ", ")
        if said[name] and name in MAY_REPEAT:
            if name == "street":
                said[name] += f", {text}"
        else:
            said[name] = text
    return said


@lru_cache(maxsize=100)
def _limit(model: type, field_name: str) -> int:
    return model._meta.get_field(field_name).max_length or 0


def _limited(text: str, model: type, field_name: str, name: str) -> str:
    limit = _limit(model, field_name)
    if len(text) > limit:
        label = str(BY_NAME[name].label)
        raise refusals.TooLong(field=label, value=f"{text[:40]}…", limit=limit)
    return text


def _numbers(record: Record, said: dict[str, str]) -> None:
    record.siren, record.siret = cells.siren(said["siren"]), cells.siret(said["siret"])
    if record.siret and record.siren and not record.siret.startswith(record.siren):
        raise refusals.SirenAgainstSiret(siret=record.siret, siren=record.siren)
    record.siren = record.siren or record.siret[:9]


def _place(record: Record, said: dict[str, str]) -> None:
    record.site = _limited(said["site"], Site, "name", "site")
    record.site_code = _limited(said["site_code"], Site, "code", "site_code")
    record.country_text = said["country"]
    country = cells.country(said["country"])
    place = {
        "street": said["street"],
        "postcode": cells.postcode(said["postcode"], country),
        "city": said["city"],
        "country": country if said["country"] else "",
        "time_zone": cells.time_zone(said["time_zone"]) if said["time_zone"] else "",
        "holiday_zone": cells.holiday_zone(said["holiday_zone"]) if said["holiday_zone"] else "",
    }
    for name, text in place.items():
        _limited(text, Site, name, name)
    record.place = {name: text for name, text in place.items() if text}


def _persons(record: Record, said: dict[str, str], last_first: bool) -> None:
    names = _names(said, last_first)
    record.roles = cells.roles(said["role"])
    record.language = cells.language(said["language"])
    if not names:
        if any(said[name] for name in PERSON_FIELDS - {"executive", "role", "language"}):
            raise refusals.NoName
        return
    emails = [cells.email(text) for text in cells.split(said["email"])]
    phones = [cells.phone(text) for text in _several(said["phone"], len(names))]
    jobs = _several(said["job"], len(names))
    if emails and len(emails) != len(names):
        raise refusals.NotAsManyAsNames(
            names=len(names), count=len(emails), field=str(BY_NAME["email"].label)
        )
    for place, name in enumerate(names):
        _limited(name.first, Person, "first_name", "first_name")
        _limited(name.last, Person, "last_name", "last_name")
        record.persons.append(
            Said(
                name,
                _limited(emails[place] if emails else "", Person, "email", "email"),
                _limited(phones[place] if phones else "", Person, "phone", "phone"),
                _limited(jobs[place] if jobs else "", Person, "job", "job"),
            )
        )


def _names(said: dict[str, str], last_first: bool) -> list[cells.Name]:
    if said["last_name"] or said["first_name"]:
        firsts, lasts = said["first_name"].split("\n"), said["last_name"].split("\n")
        if len(firsts) != len(lasts) or len(lasts) == 1:
            firsts, lasts = [" ".join(firsts)], [" ".join(lasts)]
        pairs = zip(firsts, lasts, strict=True)
        names = [cells.parts_of_name(first, last) for first, last in pairs]
    else:
        names = [cells.name_of(text, last_first) for text in cells.split(said["name"])]
    found = [name for name in names if name.last]
    if (said["name"] or said["last_name"] or said["first_name"]) and not found:
        raise refusals.NoName
    return found


def _several(text: str, count: int) -> list[str]:
    """Return one text a name: as many lines as names, or the same for all (a switchboard)."""
    if not text:
        return []
    lines = [part for part in text.split("\n") if part]
    if count > 1 and len(lines) != count:
        lines = cells.split(text)
    return lines if len(lines) == count else [" ".join(text.split("\n"))] * count
