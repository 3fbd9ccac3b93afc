"""The one policy: what may this person see, and what may she do.

Every surface (page, fragment, search, counter, API, feed, export) asks here by querying *through*
`Access.see`. A row that is not seen does not exist: the answer is "not found", never "forbidden".
Rules are written with field names, so that this lowest app can speak of the tables above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from relais.lib.compiled import Compiled

from . import access_desk, access_planning, access_records, access_study
from .models import (
    Clearance,
    Cover,
    Engagement,
    LegalEntity,
    Person,
    Role,
    Site,
)

if TYPE_CHECKING:
    from .models import Company

M = TypeVar("M", bound=Model)
Kind = Role.Kind

NOTHING, EVERYTHING = access_desk.NOTHING, access_desk.EVERYTHING


# The facts of a person on a day, as keys; `person` may be an outer reference.


def _led(person: Any, day: date) -> QuerySet[Any]:
    named = Q(client_lead=person) | Q(client_deputy=person)
    named |= Q(provider_lead=person) | Q(provider_deputy=person)
    days = Q(started_on__lte=day) & (Q(ended_on=None) | Q(ended_on__gte=day))
    return Engagement.objects.order_by().filter(named & days).values("company_id")


def _covered(person: Any, day: date) -> QuerySet[Any]:
    return Cover.objects.order_by().filter(person=person).values("site_id")


def _cleared(person: Any, day: date) -> QuerySet[Any]:
    grants = Clearance.objects.order_by().filter(person=person, starts_on__lte=day)
    return grants.filter(Q(ends_on=None) | Q(ends_on__gte=day)).values("company_id")


FACTS: dict[str, Callable[[Any, date], QuerySet[Any]]] = {
    "led": _led,
    "covered": _covered,
    "cleared": _cleared,
}
HELD = Compiled(
    lambda person, day: Role.objects.filter(person=person).on(day), person=int, day=date
)


class NoRuleError(LookupError):
    """A table without a rule is seen by nobody: write its rule in people/access.py."""


@dataclass(frozen=True)
class Access:
    """What one person may see and do today. Made once a request; asks its facts once."""

    person: Person
    day: date = field(default_factory=timezone.localdate)

    @classmethod
    def of(cls, person: Person) -> Access:
        """Return what this person may see and do: the same answer for the same object."""
        found: Access | None = person.__dict__.get("_access")
        if found is None:
            found = person.__dict__["_access"] = cls(person)
        return found

    @classmethod
    def ask_roles(cls, people: Iterable[Person]) -> None:
        """Ask the roles of many persons in one query, for when `of` is asked about them."""
        asked = {person.pk: cls.of(person) for person in people if not person.archived_at}
        held: dict[int, list[Role]] = {key: [] for key in asked}
        for role in Role.objects.on(timezone.localdate()).filter(person__in=asked):
            held[role.person_id].append(role)
        for key, access in asked.items():
            access.__dict__["roles"] = held[key]

    # Facts --------------------------------------------------------------------------------------

    @cached_property
    def roles(self) -> list[Role]:
        """Return the roles held today."""
        if self.person.archived_at:
            return []
        held = HELD(person=self.person.pk, day=self.day)
        for role in held:
            role.person = self.person
        return held

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of the roles held today."""
        return frozenset(role.kind for role in self.roles)

    def has(self, *kinds: str) -> bool:
        """Return whether one of `kinds` is held on any scope."""
        return bool(self.kinds.intersection(kinds))

    @property
    def is_client(self) -> bool:
        """Return whether the provider's own affairs are hidden from this person."""
        return self.person.is_client

    @property
    def runs_pool(self) -> bool:
        """Return whether this person leads the pool or manages the provider."""
        return not self.is_client and self.has(Kind.MANAGEMENT, Kind.POOL_LEAD)

    @property
    def is_staff(self) -> bool:
        """Return whether this person works for the provider."""
        return not self.is_client and self.has(*Role.STAFF)

    @property
    def sees_whole_pool(self) -> bool:
        """Return whether every client of the provider is this person's business."""
        return not self.is_client and self.has(
            Kind.MANAGEMENT, Kind.POOL_LEAD, Kind.QUALITY, Kind.BILLING
        )

    @cached_property
    def company_ids(self) -> frozenset[int]:
        """Return the companies whose whole structure is seen (client side: one, or none)."""
        kinds = {Kind.SPONSOR, Kind.CLIENT_LEAD, Kind.DPO, Kind.AUDITOR}
        return frozenset(
            role.company_id
            for role in self.roles
            if role.kind in kinds and role.company_id and not role.site_id and not role.entity_id
        )

    @cached_property
    def steered_company_ids(self) -> frozenset[int]:
        """Return the companies whose requests this client steers or sponsors."""
        kinds = {Kind.SPONSOR, Kind.CLIENT_LEAD}
        return frozenset(r.company_id for r in self.roles if r.kind in kinds and r.company_id)

    @cached_property
    def led_company_ids(self) -> frozenset[int]:
        """Return the companies whose engagement names this person among its leads and deputies."""
        return self._fact("led") if self.roles else frozenset()

    @cached_property
    def covered_site_ids(self) -> frozenset[int]:
        """Return the sites that this assistant serves."""
        if self.is_client or not self.has(Kind.ASSISTANT):
            return frozenset()
        return self._fact("covered")

    @cached_property
    def led_site_ids(self) -> frozenset[int]:
        """Return the sites whose every request this client site lead sees."""
        sites: set[int] = set()
        for role in self.roles:
            if role.kind != Kind.SITE_LEAD:
                continue
            if role.site_id:
                sites.add(role.site_id)
            elif role.entity_id:
                sites.update(
                    Site.objects.filter(entity_id=role.entity_id).values_list("pk", flat=True)
                )
        return frozenset(sites)

    @cached_property
    def own_site_ids(self) -> frozenset[int]:
        """Return the sites whose places and colleagues are seen without their requests."""
        own = {role.site_id for role in self.roles if role.kind == Kind.REQUESTER and role.site_id}
        if self.person.site_id and self.has(Kind.REQUESTER, Kind.SITE_LEAD):
            own.add(self.person.site_id)
        return frozenset(own) | self.led_site_ids

    @cached_property
    def cleared_company_ids(self) -> frozenset[int]:
        """Return the companies whose C3 matters name this person."""
        return self._fact("cleared")

    def _fact(self, name: str) -> frozenset[int]:
        told = self.__dict__.get("_told")  # by `arriving`, which asks the three at once
        if told is not None:
            return frozenset(told[name])
        rows = FACTS[name](self.person.pk, self.day)
        return frozenset(key for row in rows for key in row.values())

    def tell(self, **facts: list[int]) -> None:
        """Take the facts that were asked with the person, instead of asking for each."""
        self.__dict__["_told"] = facts

    # Seeing -------------------------------------------------------------------------------------

    def see(self, rows: type[M] | QuerySet[M]) -> QuerySet[M]:
        """Return the rows this person may see. Raises `NoRuleError` for a table without one."""
        queryset: QuerySet[M] = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
        label = queryset.model._meta.label
        try:
            rule = RULES[label]
        except KeyError:
            raise NoRuleError(f"{label} has no rule: write it here.") from None
        return queryset.filter(rule(self))

    def sees_plainly(self, ticket: Any) -> bool:
        """Return True where a request is this person's own to see; False: `see` has to be asked."""
        return access_desk.plainly(self, ticket)

    # Doing --------------------------------------------------------------------------------------

    def may_organise(self, company: Company | None = None) -> bool:
        """Return whether companies, sites, persons and calendars may be changed."""
        return self.runs_pool

    def may_steer(self, company: Company) -> bool:
        """Return whether priorities and scope may be changed: the two leads and their deputies."""
        engagement: Engagement | None = company.engagement
        return engagement is not None and engagement.steers(self.person)

    def may_invite(self) -> bool:
        """Return whether somebody may be given an account."""
        return self.runs_pool

    def may_grant(self, kind: str) -> bool:
        """Return whether this role may be given and taken: management's by management alone."""
        return self.runs_pool and (kind != Kind.MANAGEMENT or self.has(Kind.MANAGEMENT))

    def may_see_internals(self) -> bool:
        """Return whether hours, leave, workload and reasons of dispatch may be shown."""
        return self.runs_pool


def _site_scope(access: Access, path: str = "") -> Q:
    """Return the rule for rows that lie at a site (`path`: lookup prefix of the site)."""
    if access.sees_whole_pool:
        return EVERYTHING
    sites = access.covered_site_ids | access.own_site_ids
    pk = f"{path}pk__in" if path else "pk__in"
    return Q(**{pk: sites}) | Q(**{f"{path}company__in": access.company_ids})


def _companies(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        return Q(pk=access.person.company_id) if access.roles else NOTHING
    # A join on sites would show a company once a site.
    covered = Site.objects.filter(pk__in=access.covered_site_ids).values("company_id")
    return Q(pk__in=covered)


def _entities(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        at_own = Site.objects.filter(pk__in=access.own_site_ids).values("entity_id")
        return Q(company__in=access.company_ids) | Q(pk__in=at_own)
    return Q(company__in=Site.objects.filter(pk__in=access.covered_site_ids).values("company_id"))


def _establishments(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    return Q(entity__company__in=access.company_ids) | Q(
        site__in=access.covered_site_ids | access.own_site_ids
    )


def _persons(access: Access) -> Q:
    myself = Q(pk=access.person.pk)
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        people = Q(company__in=access.company_ids) & Q(company=access.person.company_id)
        if access.has(Kind.AUDITOR) and not access.has(Kind.SPONSOR, Kind.CLIENT_LEAD, Kind.DPO):
            people = NOTHING
        return myself | people | Q(site__in=access.own_site_ids, company=access.person.company_id)
    if access.has(Kind.ASSISTANT):
        return myself | Q(company=None) | Q(site__in=access.covered_site_ids)
    return myself


def _internal(access: Access) -> Q:
    """Return the rule for the provider's own affairs: profiles, absences, clearances, covers."""
    return EVERYTHING if access.runs_pool else NOTHING


def _mine_or_internal(access: Access) -> Q:
    return EVERYTHING if access.runs_pool else Q(person=access.person)


def _of_my_profile(access: Access) -> Q:
    return EVERYTHING if access.runs_pool else Q(profile__person=access.person)


def _engagements(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        return Q(company=access.person.company_id) if access.roles else NOTHING
    return Q(company__in=Site.objects.filter(pk__in=access.covered_site_ids).values("company_id"))


def _roles(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        return Q(person=access.person) | Q(company__in=access.steered_company_ids)
    return Q(person=access.person) | Q(site__in=access.covered_site_ids)


def _covers(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    return NOTHING if access.is_client else Q(site__in=access.covered_site_ids)


def calendar_ids_in_use(access: Access) -> Q:
    """Return the rule for the calendars of the places that are seen; never an assistant's own."""
    sites = Site.objects.filter(_site_scope(access))
    places = (
        Q(pk__in=sites.values("calendar_id"))
        | Q(pk__in=sites.values("entity__calendar_id"))
        | Q(pk__in=sites.values("company__calendar_id"))
    )
    if access.is_client:
        return places & Q(company=access.person.company_id)
    return places | Q(assistants__person=access.person)


def _calendars(access: Access) -> Q:
    return EVERYTHING if access.sees_whole_pool else calendar_ids_in_use(access)


def _of_calendar(access: Access) -> Q:
    if access.sees_whole_pool:
        return EVERYTHING
    from .models import Calendar

    seen = Calendar.objects.filter(calendar_ids_in_use(access)).order_by()
    return Q(calendar__in=seen.values("pk"))


def _provider(access: Access) -> Q:
    return Q(pk=access.person.provider_id)


def _messages(access: Access) -> Q:
    """Return the rule for the words of a thread: no client reads what was taken back."""
    rule = access_desk.public_on_ticket(access)
    return rule & (Q(withdrawn_at=None) | Q(sender=access.person)) if access.is_client else rule


def _attachments(access: Access) -> Q:
    """Return the rule for files: those of the messages that are seen, and one's own drafts."""
    rule = access_desk.tickets(access, "message__ticket__") & Q(message__isnull=False)
    if access.is_client:
        kept = Q(message__withdrawn_at=None) | Q(message__sender=access.person)
        rule &= Q(message__internal=False, message__ticket__isnull=False) & kept
    return rule | Q(message=None, by=access.person)


def _both_ends(first: str, second: str) -> Callable[[Access], Q]:
    """Return the rule for what joins two tickets: both must be seen."""
    return lambda access: (
        access_desk.tickets(access, f"{first}__") & access_desk.tickets(access, f"{second}__")
    )


def _rows(label: str) -> QuerySet[Any]:
    """Return the rows of a table above this app, by its name."""
    rows: QuerySet[Any] = apps.get_model(label)._default_manager.order_by()
    return rows


def _agreements(access: Access) -> Q:
    """Return the rule for agreements: those of which a version is read; who runs the pool, all."""
    if access.sees_whole_pool:
        return EVERYTHING if access.runs_pool else Q(first_signed_at__isnull=False)
    versions = _rows("offer.AgreementVersion").filter(_versions(access))
    return Q(pk__in=versions.values("agreement"))


def _versions(access: Access, path: str = "") -> Q:
    """Return the rule for versions, and (with `path`) for their lines: drafts for who steers.

    A version is read at the places where it holds: not by whoever sees none of them.
    """
    company, signed = f"{path}agreement__company", Q(**{f"{path}state": "signed"})
    if access.runs_pool:
        return EVERYTHING
    if access.sees_whole_pool:
        return signed
    scopes = _rows("offer.AgreementScope").filter(_at_seen_place(access))
    here = Q(**{f"{path}pk__in": scopes.values("version")})
    if access.is_client:
        own = signed & Q(**{company: access.person.company_id}) if access.roles else NOTHING
        return here & (own | Q(**{f"{company}__in": access.steered_company_ids}))
    covered = Site.objects.filter(pk__in=access.covered_site_ids).values("company_id")
    return here & signed & Q(**{f"{company}__in": covered})


def _of_version(access: Access) -> Q:
    return _versions(access, "version__")


def _scopes(access: Access) -> Q:
    """Return the rule for the lines that say where a version holds: at a place that is seen."""
    rule = _of_version(access)
    return rule if access.sees_whole_pool else rule & _at_seen_place(access)


def _at_seen_place(access: Access) -> Q:
    """Return the rule for scopes: the whole company, or a site or an entity that is seen."""
    return (
        Q(site=None, entity=None)
        | Q(site__in=access.see(Site).order_by().values("pk"))
        | Q(entity__in=access.see(LegalEntity).order_by().values("pk"))
    )


def _steering(access: Access) -> Q:
    """Return the rule for what only the two sides' leads read of an agreement."""
    if access.runs_pool:
        return EVERYTHING
    return _of_version(access) & Q(version__agreement__company__in=access.steered_company_ids)


def _credits(access: Access) -> Q:
    billing = access.sees_whole_pool and access.has(Kind.BILLING)
    return _of_version(access) if billing else _steering(access)


def _variants(access: Access) -> Q:
    """Return the rule for site variants: a client reads those of its own company."""
    if access.sees_whole_pool:
        return EVERYTHING
    if access.is_client:
        return Q(company=access.person.company_id) if access.roles else NOTHING
    covered = Site.objects.filter(pk__in=access.covered_site_ids).values("company_id")
    return Q(company__in=covered)


def _sheets(access: Access, path: str = "") -> Q:
    """Return the rule for preference sheets: the executive, both leads, who serves her site."""
    mine = Q(**{f"{path}person": access.person})
    if not access.roles:
        return NOTHING
    led = Q(**{f"{path}company__in": access.led_company_ids})
    if access.is_client:
        return mine | (led & Q(**{f"{path}company": access.person.company_id}))
    return led | Q(**{f"{path}person__site__in": access.covered_site_ids})


def _of_sheet(access: Access) -> Q:
    return _sheets(access, "sheet__")


def _offer_events(access: Access) -> Q:
    """Return the rule for the history of the offer: that of a sheet is for who reads the sheet."""
    kept = Q(sheet=None) if access.runs_pool else NOTHING
    return kept | (Q(sheet__isnull=False) & _of_sheet(access))


def _staff(access: Access) -> Q:
    return EVERYTHING if access.is_staff else NOTHING


RULES: dict[str, Callable[[Access], Q]] = {
    "people.Provider": _provider,
    "people.Company": _companies,
    "people.LegalEntity": _entities,
    "people.Site": _site_scope,
    "people.Establishment": _establishments,
    "people.Person": _persons,
    "people.Role": _roles,
    "people.Engagement": _engagements,
    "people.AssistantProfile": _mine_or_internal,
    "people.Skill": lambda access: EVERYTHING if access.is_staff else NOTHING,
    "people.SkillLevel": _of_my_profile,
    "people.LanguageLevel": _of_my_profile,
    "people.Clearance": _mine_or_internal,
    "people.Cover": _covers,
    # How to get into the clients' tools is the provider's affair; each reads her own.
    "people.System": _staff,
    "people.SystemAccess": _mine_or_internal,
    "people.Absence": _mine_or_internal,
    "people.Calendar": _calendars,
    "people.OpeningInterval": _of_calendar,
    "people.CalendarDay": _of_calendar,
    "people.HolidayFeed": _of_calendar,
    "people.CalendarChange": lambda access: _of_calendar(access) if access.is_staff else NOTHING,
    "people.OrganisationChange": _internal,
    "people.Invitation": _internal,
    "people.ApiKey": lambda access: EVERYTHING if access.runs_pool else Q(person=access.person),
    "desk.Webhook": lambda access: EVERYTHING if access.runs_pool else Q(person=access.person),
    "desk.WebhookCall": lambda access: (
        EVERYTHING if access.runs_pool else Q(webhook__person=access.person)
    ),
    # Read back by the door that kept it, by nobody else.
    "people.KeptAnswer": lambda access: NOTHING,
    "people.ImportBatch": _internal,
    "people.ImportLine": _internal,
    "offer.Service": lambda access: EVERYTHING if access.roles else NOTHING,
    "offer.ServiceSkill": _staff,
    "offer.ServiceVariant": _variants,
    # How the work is done, who knows it and who has done it: the provider's own affair.
    "offer.Procedure": _staff,
    "offer.ProcedureVersion": _staff,
    "offer.Acknowledgement": _mine_or_internal,
    "offer.Practice": _mine_or_internal,
    "offer.PreferenceSheet": _sheets,
    "offer.SheetVersion": _of_sheet,
    "offer.HandTarget": _internal,
    "offer.OfferEvent": _offer_events,
    "offer.Agreement": _agreements,
    "offer.AgreementVersion": _versions,
    "offer.AgreementScope": _scopes,
    "offer.AgreementTarget": _of_version,
    "offer.AgreementClause": _of_version,
    "offer.AgreementCredit": _credits,
    "offer.AgreementEvent": _steering,
    "desk.Ticket": access_desk.tickets,
    "desk.Message": _messages,
    "desk.Attachment": _attachments,
    "desk.StoredFile": lambda access: NOTHING,
    "desk.Link": _both_ends("ticket", "other"),
    "desk.Merge": _both_ends("ticket", "into"),
    "desk.Dismissal": _both_ends("ticket", "other"),
    "desk.Event": access_desk.public_on_ticket,
    "desk.Clock": access_desk.clocks,
    "desk.Silence": access_desk.on_ticket,
    "desk.Run": lambda access: access_desk.on_ticket(access) if access.is_staff else NOTHING,
    "desk.Recalculation": _internal,
    "desk.DeadlineChange": lambda access: access_desk.clocks(access, "clock__"),
    "desk.SteeringAttempt": access_desk.attempts,
    "desk.Arbitration": access_desk.arbitrations,
    "desk.Approval": access_desk.approvals,
    "desk.Delegation": access_desk.delegations,
    "desk.Commitment": access_desk.on_ticket,
    "desk.Recurrence": access_desk.recurrences,
    "desk.Occurrence": lambda access: access_desk.recurrences(access, "recurrence__"),
    "desk.StandingEvent": access_desk.standing,
    "desk.TimeEntry": access_desk.staff_on_ticket,
    "desk.Rating": access_desk.ratings,
    "desk.ClarityMark": access_desk.staff_on_ticket,
    "desk.SavedView": access_desk.saved_views,
    "desk.DispatchCase": access_desk.cases,
    "desk.DispatchMode": _internal,
    "desk.DispatchSetting": _internal,
    "desk.Pairing": _internal,
    "desk.DispatchShare": _internal,
    "desk.LogImport": _internal,
    "desk.LogRefusal": _internal,
    "desk.Replay": _internal,
    "desk.TriageModel": _internal,
    # What is foreseen of the queue; the order of a day is also hers.
    "desk.Foresight": access_desk.foresights,
    "desk.Outlook": _internal,
    "desk.DayOrder": _mine_or_internal,
    "desk.Letter": lambda access: access_desk.on_ticket(access) if access.runs_pool else NOTHING,
    "desk.Mailbox": _internal,
    "desk.SendingServer": _internal,
    "desk.KnownAddress": _internal,
    **access_planning.RULES,
    **access_study.RULES,
    **access_records.RULES,
}
