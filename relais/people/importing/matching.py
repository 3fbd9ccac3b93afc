"""One row against the register: which drafts it speaks of, what it would make and change.

Nothing is changed while a row is being resolved, so that a refused row leaves no trace.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_noop as _

from . import cells, refusals
from .drafts import Draft, Register
from .labels import label_of
from .records import Options, Record, Said

GUESSED_ZONES = _(
    "%(site)s: time zone %(time_zone)s and holiday zone %(holiday_zone)s, guessed from %(source)s."
)
NAMED_AFTER = _("The legal entity is named after the company.")
SITE_NAMED_AFTER = _("The site is named after its city.")
SITE_KEEPS_ENTITY = _("%(site)s stays with %(entity)s: a site has one entity, named first.")
PERSON_KEEPS_SITE = _("%(name)s stays at %(site)s, named first.")
NAMESAKE = _("Somebody called %(name)s is known at %(site)s; this is taken for another person.")
STILL_ROLE = _("%(name)s keeps the roles held at %(site)s; end them on the person's page.")


def _loose(name: str, text: str) -> str:
    return re.sub(r"\D", "", text)[-9:] if name == "phone" else cells.key(text)


class RowWork:
    """What one row does; `resolve` fills it or raises a `Refusal`."""

    def __init__(
        self, record: Record, register: Register, options: Options, claimed: set[str]
    ) -> None:
        self.record, self.register, self.options = record, register, options
        self.claimed = claimed
        self.made: list[Draft] = []
        self.changes: list[tuple[Draft, str, Any]] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self._said: list[tuple[Draft, str]] = []
        self.company: Draft
        self.entity: Draft | None = None
        self.site: Draft | None = None
        self.persons: list[Draft] = []

    def resolve(self) -> None:
        """Find or make everything that the row speaks of. Raises a `Refusal`."""
        self.company = self._company()
        self.entity = self._entity()
        self.site = self._site()
        self._establishment()
        for person in self.record.persons:
            self.persons.append(self._person(person))
        homeless = any(self.site is None and p.values["site"] is None for p in self.persons)
        if "site_lead" in self.record.roles and self.entity is None and homeless:
            raise refusals.RoleNeedsSite
        for draft, name in self._said:
            draft.said.setdefault(name, self.record.number)

    # Saying -------------------------------------------------------------------------------------

    def _make(self, kind: str, **values: Any) -> Draft:
        draft = Draft(kind, values, row=self.record.number)
        self.made.append(draft)
        self._said += [(draft, name) for name, value in values.items() if value not in ("", None)]
        return draft

    def _say(self, draft: Draft, name: str, value: Any, *, loosely: bool = False) -> None:
        """Have a field of a draft be `value`; blank says nothing.

        `loosely`: a value that differs in case and accents alone is the same. Raises
        `Contradiction` when another row of the file has said something else.
        """
        if value in ("", None):
            return
        old = draft.values.get(name)
        same = old == value
        if isinstance(old, str) and isinstance(value, str):
            # A list typed without accents does not take those away that are registered.
            loosely = loosely or name in draft.said or (value.isascii() and not old.isascii())
        if not same and isinstance(old, str) and loosely:
            same = _loose(name, old) == _loose(name, value)
        if not same and name in draft.said:
            raise refusals.Contradiction(
                field=str(label_of(draft.kind, name)),
                what=str(draft),
                value=str(value),
                other=str(old),
                row=draft.said[name],
            )
        self._said.append((draft, name))
        if not same:
            self.changes.append((draft, name, value))

    def _alive(self, draft: Draft) -> Draft:
        if draft.archived:
            raise refusals.Archived(what=str(draft))
        return draft

    # Places -------------------------------------------------------------------------------------

    def _company(self) -> Draft:
        record = self.record
        holders = self.register.entities_by_siren.get(record.siren, []) if record.siren else []
        name = record.company or ("" if len(holders) == 1 else self.options.company)
        if not name and len(holders) == 1:
            return self._alive(holders[0].values["company"])
        if not name:
            raise refusals.NoCompany
        found = self.register.companies.get(cells.key(name))
        if holders and all(holder.values["company"] is not found for holder in holders):
            other = str(holders[0].values["company"])
            raise refusals.SirenElsewhere(siren=record.siren, company=other)
        if found is None:
            return self._make("company", name=name)
        return self._alive(found)

    def _entity(self) -> Draft | None:
        record = self.record
        if not record.entity and not record.siren:
            return None
        by_siren = self.register.entities_by_siren.get(record.siren, []) if record.siren else []
        found = next((e for e in by_siren if e.values["company"] is self.company), None)
        name = record.entity or str(self.company)
        if found is None:
            found = self.register.entities.get((self.company, cells.key(name)))
            if found is not None and record.siren and found.values["siren"]:
                raise refusals.OtherSiren(
                    entity=str(found), known=found.values["siren"], siren=record.siren
                )
        if found is None:
            made = self._make("entity", name=name, siren=record.siren, company=self.company)
            if not record.entity:
                self.notes.append((NAMED_AFTER, {}))
                self._said.remove((made, "name"))  # a guess; another row may say it
            return made
        self._alive(found)
        self._say(found, "name", record.entity, loosely=record.entity.isupper())
        self._say(found, "siren", record.siren)
        return found

    def _site(self) -> Draft | None:
        record = self.record
        if not record.tells_of_site:
            return None
        found = self._known_site()
        if found is None:
            return self._new_site()
        self._alive(found)
        name = record.site
        if name and cells.key(name) != cells.key(found.values["name"]):
            other = self.register.sites.get((self.company, cells.key(name)))
            if other is not None and other is not found:
                raise refusals.NameTaken(name=name)
        self._say(found, "name", name, loosely=name.isupper())
        self._say(found, "code", record.site_code, loosely=True)
        known = found.values["entity"]
        if self.entity is not known and self.entity is not None and "entity" in found.said:
            self.notes.append((SITE_KEEPS_ENTITY, {"site": str(found), "entity": str(known)}))
        else:
            self._say(found, "entity", self.entity)
        for field, value in record.place.items():
            self._say(found, field, value, loosely=value.isupper())
        return found

    def _known_site(self) -> Draft | None:
        record, register, company = self.record, self.register, self.company
        named = register.sites.get((company, cells.key(record.site))) if record.site else None
        coded = (
            register.sites_by_code.get((company, cells.key(record.site_code)))
            if record.site_code
            else None
        )
        establishment = register.establishments.get(record.siret) if record.siret else None
        housed = establishment.values["site"] if establishment else None
        other = coded or named
        if housed is not None and other is not None and other is not housed:
            raise refusals.SiretElsewhere(siret=record.siret, site=str(housed))
        if coded is not None and named is not None and coded is not named:
            raise refusals.NameTaken(name=record.site)
        found = housed or coded or named
        if found is None and not record.site and not record.site_code and record.place.get("city"):
            return self._site_in_city(record.place["city"])
        return found

    def _site_in_city(self, city: str) -> Draft | None:
        by_name = self.register.sites.get((self.company, cells.key(city)))
        if by_name is not None:
            return by_name
        there = self.register.sites_by_city.get((self.company, cells.key(city)), [])
        if len(there) > 1:
            raise refusals.SeveralSites(company=str(self.company), city=city)
        return there[0] if there else None

    def _new_site(self) -> Draft | None:
        record = self.record
        place = record.place
        name = record.site or place.get("city", "")
        if not name:
            if record.site_code:
                raise refusals.UnknownSiteCode(code=record.site_code)
            if place:
                raise refusals.SiteWithoutName
            return None  # a SIRET alone: an establishment without a site
        if not record.site:
            self.notes.append((SITE_NAMED_AFTER, {}))
        time_zone, holiday_zone = self._zones(name)
        site = self._make(
            "site",
            name=name,
            code=record.site_code,
            company=self.company,
            entity=self.entity,
            street=place.get("street", ""),
            postcode=place.get("postcode", ""),
            city=place.get("city", ""),
            country=place.get("country", "FR"),
            time_zone=time_zone,
            holiday_zone=holiday_zone,
        )
        # What is guessed may be corrected by another row of the file.
        unsaid = {"time_zone", "holiday_zone", "country"} - set(place)
        unsaid |= set() if record.site else {"name"}
        self._said = [(d, f) for d, f in self._said if d is not site or f not in unsaid]
        return site

    def _zones(self, site: str) -> tuple[str, str]:
        place, country_text = self.record.place, self.record.country_text
        time_zone, holiday_zone = cells.guessed_zones(country_text, place.get("postcode", ""))
        said_zone, said_holidays = place.get("time_zone"), place.get("holiday_zone")
        if not (said_zone or time_zone):
            raise refusals.NoTimeZone(country=country_text)
        if not (said_zone and said_holidays):
            source = " ".join(t for t in (place.get("postcode", ""), country_text) if t) or "FR"
            values = {
                "site": site,
                "time_zone": said_zone or time_zone,
                "holiday_zone": said_holidays or holiday_zone,
                "source": source,
            }
            self.notes.append((GUESSED_ZONES, values))
        return said_zone or time_zone, said_holidays or holiday_zone

    def _establishment(self) -> None:
        siret = self.record.siret
        if not siret:
            return
        found = self.register.establishments.get(siret)
        if found is None:
            self._make("establishment", siret=siret, entity=self.entity, site=self.site)
            return
        self._alive(found)
        self._say(found, "entity", self.entity)
        self._say(found, "site", self.site)

    # Persons ------------------------------------------------------------------------------------

    def _person(self, said: Said) -> Draft:
        found = self._known_person(said)
        if found is None:
            person = self._make(
                "person",
                first_name=said.name.first,
                last_name=said.name.last,
                email=said.email,
                phone=said.phone,
                job=said.job,
                language=self.record.language or "fr",
                company=self.company,
                site=self.site,
                reports_to=None,
            )
            if not self.record.language:
                self._said.remove((person, "language"))
            return person
        if found in self.made:
            return found
        self._alive(found)
        if said.email and found.values["email"].lower() != said.email:
            if found.has_account:
                raise refusals.HasAccount(
                    person=str(found), known=found.values["email"], email=said.email
                )
            self._say(found, "email", said.email)
        elif said.email:
            self._said.append((found, "email"))
        self._say_name(found, said)
        self._say(found, "phone", said.phone, loosely=True)
        self._say(found, "job", said.job, loosely=said.job.isupper())
        self._say(found, "language", self.record.language)
        self._say_site(found)
        return found

    def _say_site(self, found: Draft) -> None:
        """Move somebody to the row's site; whoever has several in one file stays at the first."""
        former = found.values["site"]
        if former not in (None, self.site) and self.site is not None:
            note = PERSON_KEEPS_SITE if "site" in found.said else STILL_ROLE
            self.notes.append((note, {"name": str(found), "site": str(former)}))
            if "site" in found.said:
                return
        self._say(found, "site", self.site)

    def _say_name(self, found: Draft, said: Said) -> None:
        first, last = found.values["first_name"], found.values["last_name"]
        other_order = cells.key(first) != cells.key(said.name.first)
        if said.key == cells.person_key(first, last) and (said.name.shouted or other_order):
            # Capitals, or the same name in another order, say nothing new.
            self._said += [(found, "first_name"), (found, "last_name")]
            return
        self._say(found, "first_name", said.name.first)
        self._say(found, "last_name", said.name.last)

    def _known_person(self, said: Said) -> Draft | None:
        if said.email and (found := self.register.persons_by_email.get(said.email)):
            holder = found.values["company"]
            if holder is None:
                raise refusals.PersonOfStaff(email=said.email)
            if holder is not self.company:
                raise refusals.PersonElsewhere(email=said.email, person=str(found))
            return found
        already = [d for d in (*self.persons, *self.made) if d.kind == "person"]
        for draft in already:
            name = cells.person_key(draft.values["first_name"], draft.values["last_name"])
            same_email = said.email == draft.values["email"]
            if same_email if said.email else name == said.key:
                return draft
        return self._namesake(said)

    def _namesake(self, said: Said) -> Draft | None:
        """Return the person of this name at this site, who is nobody else by e-mail."""
        called = [
            person
            for person in self.register.persons.get((self.company, said.key), [])
            if not (said.email and person.values["email"].lower() in self.claimed)
            and not (said.email and "email" in person.said)
        ]
        if self.site is None:
            candidates = called
        else:
            here = [person for person in called if person.values["site"] is self.site]
            candidates = here or [p for p in called if p.values["site"] is None]
        if len(candidates) > 1:
            raise refusals.SeveralPersons(name=f"{said.name.first} {said.name.last}".strip())
        if not candidates and called and not said.email:
            values = {"name": str(called[0]), "site": str(called[0].values["site"])}
            self.notes.append((NAMESAKE, values))
        return candidates[0] if candidates else None

    # Executives and roles -----------------------------------------------------------------------

    def executive(self) -> Draft:
        """Return the person to whom the row's persons report; a new one has the row -1."""
        text, name = self.record.executive, self.record.executive_name
        if name is None:
            found = self.register.persons_by_email.get(cells.email(text))
            if found is None or found.values["company"] is not self.company:
                raise refusals.UnknownExecutive(name=text)
            return self._alive(found)
        if len(cells.split(text)) > 1:
            raise refusals.SeveralExecutives(value=text)
        key = cells.person_key(name.first, name.last)
        called = self.register.persons.get((self.company, key), [])
        here = [person for person in called if person.values["site"] is self.site]
        candidates = here if len(here) == 1 else called
        if len(candidates) > 1:
            raise refusals.SeveralPersons(name=text)
        if candidates:
            return self._alive(candidates[0])
        if not self.options.create_executives:
            raise refusals.UnknownExecutive(name=text)
        values = {"first_name": name.first, "last_name": name.last, "email": "", "phone": ""}
        links = {"company": self.company, "site": None, "reports_to": None}
        return Draft("person", values | {"job": "", "language": "fr"} | links, row=-1)

    def check_executive(self, person: Draft, executive: Draft) -> None:
        """Raise a `Refusal` when somebody would report to herself, or two rows disagree."""
        if person is executive:
            raise refusals.OwnExecutive(name=str(person))
        if "reports_to" in person.said and person.values.get("reports_to") is not executive:
            raise refusals.Contradiction(
                field=str(label_of("person", "reports_to")),
                what=str(person),
                value=str(executive),
                other=str(person.values.get("reports_to")),
                row=person.said["reports_to"],
            )

    def roles(self) -> list[tuple[Any, ...]]:
        """Return the roles that the row gives and that are not held yet."""
        register, given = self.register, []
        for person in self.persons:
            kinds = self.record.roles
            if not kinds and self.options.role and person not in register.with_role:
                kinds = [self.options.role]
            site = self.site or person.values.get("site")
            for kind in kinds:
                here = site if kind in ("site_lead", "requester") else None
                entity = self.entity if kind == "site_lead" and site is None else None
                identity = (person, kind, self.company, entity, here)
                ended = register.roles.get(identity)
                if ended is False:
                    continue
                register.roles[identity] = False
                given.append((*identity, register.today if ended else None))
        return given
