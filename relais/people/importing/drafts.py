"""Everything that a plan speaks of, registered or new, findable as rows name it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from . import cells
from .known import COMPANY, ENTITY, ESTABLISHMENT, PERSON, PERSON_LINKS, SITE, SITE_ZONES, Known


@dataclass(eq=False)
class Draft:
    """A company, entity, site, establishment, person or role: as registered, and as it shall be.

    References hold other drafts. `said` remembers which row set which field.
    """

    kind: str
    values: dict[str, Any]
    pk: int | None = None
    before: dict[str, Any] = field(default_factory=dict)
    row: int = 0  # the row that made it; 0: registered before
    said: dict[str, int] = field(default_factory=dict)
    archived: bool = False
    has_account: bool = False

    def __str__(self) -> str:
        values = self.values
        if self.kind == "person":
            return f"{values.get('first_name', '')} {values['last_name']}".strip()
        if self.kind == "establishment":
            return str(values["siret"])
        return str(values["name"])

    @property
    def changed(self) -> list[str]:
        """Return the fields of a registered row that shall be different."""
        return [f for f, new in self.values.items() if self.pk and new != self.before.get(f)]


class Register:
    """All drafts, and the ways to find them."""

    def __init__(self, known: Known) -> None:
        self.today = known.today
        self.drafts: list[Draft] = []
        self.companies: dict[str, Draft] = {}
        self.entities: dict[tuple[Draft, str], Draft] = {}
        self.entities_by_siren: dict[str, list[Draft]] = defaultdict(list)
        self.sites: dict[tuple[Draft, str], Draft] = {}
        self.sites_by_code: dict[tuple[Draft, str], Draft] = {}
        self.sites_by_city: dict[tuple[Draft, str], list[Draft]] = defaultdict(list)
        self.establishments: dict[str, Draft] = {}
        self.persons_by_email: dict[str, Draft] = {}
        self.persons: dict[tuple[Draft, str], list[Draft]] = defaultdict(list)
        self.roles: dict[tuple[Any, ...], bool] = {}  # → ended already
        self.with_role: set[Draft] = set()
        self._take_over(known)

    def _take_over(self, known: Known) -> None:
        companies = self._registered("company", known.companies, COMPANY, {})
        entities = self._registered("entity", known.entities, ENTITY, {"company": companies})
        links = {"company": companies, "entity": entities}
        sites = self._registered("site", known.sites, (*SITE, *SITE_ZONES), links)
        links |= {"site": sites}
        self._registered("establishment", known.establishments, ESTABLISHMENT, links)
        persons = self._registered("person", known.persons, (*PERSON, *PERSON_LINKS), links)
        for row in known.persons:
            draft = persons[row["id"]]
            draft.has_account = row["user"] is not None
            draft.values["reports_to"] = persons.get(row["reports_to"])
            draft.before["reports_to"] = draft.values["reports_to"]
        for row in known.roles:
            person = persons.get(row["person"])
            if person is None:
                continue
            ended = row["ends_on"] is not None and row["ends_on"] < known.today
            scope = (links[name].get(row[name]) for name in ("company", "entity", "site"))
            identity = (person, row["kind"], *scope)
            self.roles[identity] = self.roles.get(identity, True) and ended
            if not ended:
                self.with_role.add(person)

    def _registered(
        self,
        kind: str,
        rows: list[dict[str, Any]],
        fields: tuple[str, ...],
        links: dict[str, dict[int, Draft]],
    ) -> dict[int, Draft]:
        made = {}
        for row in rows:
            values = {f: links[f].get(row[f]) if f in links else row[f] for f in fields}
            draft = Draft(
                kind, values, row["id"], dict(values), archived=row["archived_at"] is not None
            )
            made[row["id"]] = draft
            self.add(draft)
        return made

    def add(self, draft: Draft) -> None:
        """Take a new draft in, so that later rows find it."""
        self.drafts.append(draft)
        self.index(draft)

    def index(self, draft: Draft) -> None:
        """Make a draft findable under its values, the former ones staying good."""
        values, company = draft.values, draft.values.get("company")
        if draft.kind == "company":
            self.companies.setdefault(cells.key(values["name"]), draft)
        elif draft.kind == "entity":
            self.entities.setdefault((company, cells.key(values["name"])), draft)
            if values["siren"] and draft not in self.entities_by_siren[values["siren"]]:
                self.entities_by_siren[values["siren"]].append(draft)
        elif draft.kind == "site":
            self.sites.setdefault((company, cells.key(values["name"])), draft)
            if values["code"]:
                self.sites_by_code.setdefault((company, cells.key(values["code"])), draft)
            in_city = self.sites_by_city[company, cells.key(values["city"])]
            if draft not in in_city:
                in_city.append(draft)
        elif draft.kind == "establishment":
            self.establishments.setdefault(values["siret"], draft)
        elif draft.kind == "person":
            if values["email"]:
                self.persons_by_email.setdefault(values["email"].lower(), draft)
            name = cells.person_key(values["first_name"], values["last_name"])
            if company is not None and draft not in self.persons[company, name]:
                self.persons[company, name].append(draft)
