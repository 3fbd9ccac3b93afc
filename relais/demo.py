"""The demo world: group Calanques Services, its pool of six assistants, and a second small client.

Deterministic: the same people and places whoever builds it, days counted from `now`. People and
places are entered as facts; everything that happens in it is lived through the verbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from relais import (
    demo_agreement,
    demo_beside,
    demo_continuity,
    demo_dispatch,
    demo_history,
    demo_offer,
    demo_planning,
    demo_quality,
    tasks,
)
from relais.demo_life import Life
from relais.lib.tenancy import all_tenants, tenant
from relais.lib.text import french_key
from relais.offer import catalogue
from relais.people.models import (
    Absence,
    AssistantProfile,
    Calendar,
    CalendarDay,
    Company,
    Confidentiality,
    Cover,
    Engagement,
    Establishment,
    LanguageLevel,
    LegalEntity,
    OpeningInterval,
    Person,
    Provider,
    Role,
    Site,
    Skill,
    SkillLevel,
    User,
)

Kind = Role.Kind
PASSWORD = "calanques-demo"  # noqa: S105 (said at every start; `relais check` warns in public)
SIREN = "902100478"

OFFICE = [("09:00", "12:30"), ("13:30", "18:00")]

# name, time zone, holiday zone, weekly hours
CALENDARS = {
    "Métropole": ("Europe/Paris", "FR", OFFICE),
    "Strasbourg": ("Europe/Paris", "FR-57", [("08:30", "12:00"), ("13:30", "17:30")]),
    "Saint-Denis": ("Indian/Reunion", "FR-974", [("08:00", "12:00"), ("13:00", "17:00")]),
}

# key: name, code, street, postcode, city, time zone, holiday zone, entity, calendar, SIRET
SITES = {
    "aix": (
        "Aix-en-Provence",
        "AIX",
        "12 cours Mirabeau",
        "13100",
        "Aix-en-Provence",
        "Europe/Paris",
        "FR",
        "services",
        "Métropole",
        "90321158900010",
    ),
    "lyon": (
        "Lyon",
        "LYO",
        "48 rue de la République",
        "69002",
        "Lyon",
        "Europe/Paris",
        "FR",
        "services",
        "Métropole",
        "90321158900028",
    ),
    "lille": (
        "Lille",
        "LIL",
        "5 place du Théâtre",
        "59800",
        "Lille",
        "Europe/Paris",
        "FR",
        "logistique",
        "Métropole",
        "90321166200015",
    ),
    "strasbourg": (
        "Strasbourg",
        "STR",
        "3 quai des Bateliers",
        "67000",
        "Strasbourg",
        "Europe/Paris",
        "FR-57",
        "logistique",
        "Strasbourg",
        "90321166200023",
    ),
    "saint-denis": (
        "Saint-Denis de La Réunion",
        "RUN",
        "21 rue Maréchal-Leclerc",
        "97400",
        "Saint-Denis",
        "Indian/Reunion",
        "FR-974",
        "services",
        "Saint-Denis",
        "90321158900036",
    ),
}

# key: first name, last name, position, role
STAFF = {
    "hélène": ("Hélène", "Vasseur", "Directrice", Kind.MANAGEMENT),
    "sarah": ("Sarah", "Benhamou", "Responsable de pôle", Kind.POOL_LEAD),
    "thomas": ("Thomas", "Girard", "Responsable de pôle adjoint", Kind.POOL_LEAD),
    "odile": ("Odile", "Perrin", "Qualité", Kind.QUALITY),
    "karim": ("Karim", "Haddad", "Facturation", Kind.BILLING),
}

# key: first name, last name, hours a week, opens-closes, clearance, skills, languages
ASSISTANTS = {
    "inès": (
        "Inès",
        "Moreau",
        35,
        [("08:30", "12:30"), ("13:30", "17:00")],
        Confidentiality.EXECUTIVE,
        {"agenda": 3, "excel": 2, "contrats": 2},
        {"fr": "C2", "en": "C1"},
    ),
    "julie": (
        "Julie",
        "Fontaine",
        35,
        [("09:00", "13:00"), ("14:00", "18:00")],
        Confidentiality.CONFIDENTIAL,
        {"agenda": 2, "excel": 3, "reporting": 3},
        {"fr": "C2", "en": "B2"},
    ),
    "malika": (
        "Malika",
        "Saïdi",
        35,
        [("09:00", "12:30"), ("13:30", "18:00")],
        Confidentiality.EXECUTIVE,
        {"contrats": 3, "facturation": 3},
        {"fr": "C2", "ar": "C2", "en": "B1"},
    ),
    "léa": (
        "Léa",
        "Schneider",
        35,
        [("08:00", "12:00"), ("13:00", "16:30")],
        Confidentiality.CONFIDENTIAL,
        {"agenda": 2, "voyages": 3},
        {"fr": "C2", "de": "C1"},
    ),
    "noémie": (
        "Noémie",
        "Payet",
        35,
        [("05:00", "12:30")],
        Confidentiality.CONFIDENTIAL,
        {"agenda": 2, "facturation": 2},
        {"fr": "C2"},
    ),
    "chloé": (
        "Chloé",
        "Le Goff",
        28,
        [("09:30", "12:30"), ("13:30", "17:00")],
        Confidentiality.INTERNAL,
        {"agenda": 2, "reporting": 2},
        {"fr": "C2", "en": "B2"},
    ),
}

SKILLS = {
    "agenda": ("Gestion d'agenda", "Diary management"),
    "excel": ("Tableur", "Spreadsheets"),
    "reporting": ("Tableaux de bord", "Reporting"),
    "contrats": ("Gestion contractuelle", "Contract management"),
    "facturation": ("Facturation", "Invoicing"),
    "voyages": ("Voyages", "Travel"),
}

# site: lead, backups and float
COVERS = {
    "aix": ("inès", ["julie"], ["chloé"]),
    "lyon": ("julie", ["malika"], ["chloé"]),
    "lille": ("malika", ["léa"], []),
    "strasbourg": ("léa", ["inès"], []),
    "saint-denis": ("noémie", ["malika"], ["léa"]),
}

# The twelve managers: first name, last name, position, site, reports to, roles
MANAGERS = {
    "claire": ("Claire", "Delmas", "Présidente", "aix", None, [Kind.SPONSOR]),
    "philippe": ("Philippe", "Roche", "Directeur général", "aix", "claire", [Kind.CLIENT_LEAD]),
    "sophie": (
        "Sophie",
        "Lambert",
        "Directrice administrative et financière",
        "aix",
        "philippe",
        [Kind.CLIENT_LEAD],
    ),
    "marc": ("Marc", "Olivieri", "Directeur de site", "aix", "philippe", [Kind.SITE_LEAD]),
    "camille": ("Camille", "Bonnet", "Directrice de site", "lyon", "philippe", [Kind.SITE_LEAD]),
    "antoine": ("Antoine", "Mercier", "Directeur commercial", "lyon", "philippe", []),
    "nathalie": (
        "Nathalie",
        "Dubreuil",
        "Directrice de site",
        "lille",
        "philippe",
        [Kind.SITE_LEAD],
    ),
    "youssef": ("Youssef", "Amrani", "Responsable logistique", "lille", "nathalie", []),
    "françois": (
        "François",
        "Klein",
        "Directeur de site",
        "strasbourg",
        "philippe",
        [Kind.SITE_LEAD],
    ),
    "anne": ("Anne", "Weber", "Responsable achats", "strasbourg", "françois", []),
    "jean-marie": (
        "Jean-Marie",
        "Hoarau",
        "Directeur de site",
        "saint-denis",
        "philippe",
        [Kind.SITE_LEAD],
    ),
    "valérie": ("Valérie", "Técher", "Responsable d'exploitation", "saint-denis", "jean-marie", []),
}


@dataclass(frozen=True)
class SignIn:
    """One line of what the start prints: who, with which address."""

    role: str
    name: str
    email: str


def sign_ins() -> list[SignIn]:
    """Return the accounts worth trying first, one a role."""
    chosen = [
        ("Responsable de pôle", "Sarah Benhamou", "sarah.benhamou@pole-sud.example"),
        ("Assistante", "Inès Moreau", "ines.moreau@pole-sud.example"),
        ("Manager", "Antoine Mercier", "antoine.mercier@calanques.example"),
        ("Référent client", "Philippe Roche", "philippe.roche@calanques.example"),
        ("Commanditaire", "Claire Delmas", "claire.delmas@calanques.example"),
        ("Direction du prestataire", "Hélène Vasseur", "helene.vasseur@pole-sud.example"),
        ("Autre client", "Gwenaël Kerbrat", "gwenael.kerbrat@kerbrat.example"),
    ]
    return [SignIn(*line) for line in chosen]


def is_needed() -> bool:
    """Return whether the database holds no provider at all."""
    with all_tenants("see whether the database is empty"):
        return not Provider.objects.exists()


def build(now: datetime | None = None, *, lived: bool = True) -> Provider:
    """Return the demo provider, made unless it stands already; `lived`: with its last weeks."""
    now = now or timezone.now()
    with all_tenants("make the provider of the demo world"):
        known = Provider.objects.filter(siren=SIREN).first()
        if known:
            return known
        provider = Provider.objects.create(
            name="Pôle Sud Assistance", siren=SIREN, inbox="demandes@pole-sud.example"
        )
    with tenant(provider.pk):
        catalogue.preload(provider)
        builder = _Builder(provider, timezone.localtime(now).date())
        builder.build()
        opening = datetime.combine(builder.start, time(9), timezone.get_default_timezone())
        demo_offer.furnish(provider, builder.people, builder.sites["saint-denis"], opening)
        if lived:
            life = Life(now, builder.people)
            life.run()
            life.rush()
            demo_beside.live(now, builder.people)
            demo_dispatch.live(now, builder.people)
            demo_continuity.live(now)
            demo_quality.live(provider, now, builder.people)
            today = timezone.localtime(now).date()
            demo_planning.plan(provider, builder.people, builder.sites, today)
            if settings.DEMO_HISTORY:
                tasks.live_demo_week.configure(priority=-1).defer(provider_id=provider.pk, week=0)
                demo_history.tell_progress(provider.pk, 0)
                tasks.live_demo_study.configure(priority=-1).defer(provider_id=provider.pk)
    return provider


class _Builder:
    """Enters people and places, each by the key that the tables above give it."""

    def __init__(self, provider: Provider, today: date) -> None:
        self.provider, self.today = provider, today
        # Before the first day of the history, whatever day the world is built on.
        self.start = date((today - timedelta(days=290)).year, 1, 5)
        self.people: dict[str, Person] = {}
        self.secret = make_password(PASSWORD)  # once: it is made to take long
        self.sites: dict[str, Site] = {}

    def build(self) -> None:
        self.staff()
        self.calanques()
        self.assistants()
        self.kerbrat()

    def add(self, model: type, **fields: object) -> object:
        return model.objects.create(provider=self.provider, **fields)

    def person(self, key: str, first: str, last: str, domain: str, **fields: object) -> Person:
        mail = f"{_plain(first)}.{_plain(last)}@{domain}.example"
        user = User.objects.create(email=mail, password=self.secret, provider=self.provider)
        EmailAddress.objects.create(user=user, email=mail, primary=True, verified=True)
        made = self.add(Person, user=user, first_name=first, last_name=last, email=mail, **fields)
        self.people[key] = made
        return made

    def role(self, key: str, kind: str, **scope: object) -> None:
        self.add(Role, person=self.people[key], kind=kind, starts_on=self.start, **scope)

    def calendar(
        self, company: Company | None, name: str, zone: str, holidays: str, hours: list
    ) -> Calendar:
        made = self.add(Calendar, company=company, name=name, time_zone=zone, holiday_zone=holidays)
        for weekday in range(1, 6):
            for opens, closes in hours:
                self.add(
                    OpeningInterval,
                    calendar=made,
                    weekday=weekday,
                    opens=time.fromisoformat(opens),
                    closes=time.fromisoformat(closes),
                )
        return made

    def staff(self) -> None:
        for key, (first, last, job, kind) in STAFF.items():
            self.person(key, first, last, "pole-sud", job=job)
            self.role(key, kind)
        for key, (first, last, *_rest) in ASSISTANTS.items():
            self.person(key, first, last, "pole-sud", job="Assistante de direction")
            self.role(key, Kind.ASSISTANT)

    def calanques(self) -> None:
        company = self.add(Company, name="Calanques Services")
        entities = {
            "services": self.add(
                LegalEntity, company=company, name="Calanques Services SAS", siren="903211589"
            ),
            "logistique": self.add(
                LegalEntity, company=company, name="Calanques Logistique SARL", siren="903211662"
            ),
        }
        calendars = {name: self.calendar(company, name, *rest) for name, rest in CALENDARS.items()}
        company.calendar = calendars["Métropole"]
        company.save(update_fields=["calendar"])
        self.year_end(calendars["Métropole"])
        for key, row in SITES.items():
            name, code, street, postcode, city, zone, holidays, entity, calendar, siret = row
            site = self.add(
                Site,
                company=company,
                entity=entities[entity],
                name=name,
                code=code,
                street=street,
                postcode=postcode,
                city=city,
                time_zone=zone,
                holiday_zone=holidays,
                calendar=calendars[calendar],
            )
            self.sites[key] = site
            self.add(Establishment, entity=entities[entity], site=site, siret=siret)
        self.managers(company)
        self.add(
            Engagement,
            company=company,
            started_on=self.start,
            client_lead=self.people["philippe"],
            client_deputy=self.people["sophie"],
            provider_lead=self.people["sarah"],
            provider_deputy=self.people["thomas"],
        )
        demo_agreement.conclude(self.people, self.start)

    def year_end(self, calendar: Calendar) -> None:
        self.add(
            CalendarDay,
            calendar=calendar,
            first_day=date(self.today.year, 12, 24),
            last_day=date(self.today.year + 1, 1, 1),
            yearly=True,
            label="Fermeture de fin d'année",
            changed_by=self.people["sarah"],
        )

    def managers(self, company: Company) -> None:
        for key, (first, last, job, site, boss, kinds) in MANAGERS.items():
            self.person(
                key,
                first,
                last,
                "calanques",
                company=company,
                site=self.sites[site],
                job=job,
                reports_to=self.people.get(boss) if boss else None,
            )
            self.role(key, Kind.REQUESTER, company=company, site=self.sites[site])
            for kind in kinds:
                scope = {"site": self.sites[site]} if kind == Kind.SITE_LEAD else {}
                self.role(key, kind, company=company, **scope)
        self.person(
            "denis",
            "Denis",
            "Faure",
            "calanques",
            company=company,
            site=self.sites["aix"],
            job="Délégué à la protection des données",
        )
        self.role("denis", Kind.DPO, company=company)
        self.person("aude", "Aude", "Lemaire", "audit", company=company, job="Auditrice")
        self.add(
            Role,
            person=self.people["aude"],
            kind=Kind.AUDITOR,
            company=company,
            starts_on=self.today - timedelta(days=7),
            ends_on=self.today + timedelta(days=90),
        )

    def assistants(self) -> None:
        skills = {
            code: self.add(Skill, code=code, name_fr=french, name_en=english)
            for code, (french, english) in SKILLS.items()
        }
        for key, (first, _l, week, hours, clearance, levels, languages) in ASSISTANTS.items():
            calendar = self.calendar(None, f"Horaires de {first}", "Europe/Paris", "FR", hours)
            profile = self.add(
                AssistantProfile,
                person=self.people[key],
                contract_hours=week,
                calendar=calendar,
                clearance=clearance,
            )
            for code, level in levels.items():
                self.add(SkillLevel, profile=profile, skill=skills[code], level=level)
            for language, level in languages.items():
                self.add(LanguageLevel, profile=profile, language=language, level=level)
        for site, (lead, backups, floats) in COVERS.items():
            for key, position in [
                (lead, "lead"),
                *[(backup, "backup") for backup in backups],
                *[(reserve, "float") for reserve in floats],
            ]:
                self.add(Cover, site=self.sites[site], person=self.people[key], position=position)
        first = self.today + timedelta(days=14 - self.today.weekday())
        self.away("chloé", first, first + timedelta(days=5), Absence.Kind.LEAVE)
        self.away(
            "léa", first + timedelta(days=8), first + timedelta(days=9), Absence.Kind.TRAINING
        )

    def away(self, key: str, first: date, after: date, kind: str) -> None:
        zone = timezone.get_default_timezone()
        period = tuple(datetime.combine(day, time(), zone) for day in (first, after))
        self.add(Absence, person=self.people[key], period=period, kind=kind)

    def kerbrat(self) -> None:
        """The second client: small, far away, and never to be seen by the first."""
        company = self.add(Company, name="Menuiseries Kerbrat")
        entity = self.add(
            LegalEntity, company=company, name="Menuiseries Kerbrat SAS", siren="904322690"
        )
        calendar = self.calendar(
            company, "Quimper", "Europe/Paris", "FR", [("08:00", "12:00"), ("13:30", "17:00")]
        )
        site = self.add(
            Site,
            company=company,
            entity=entity,
            name="Quimper",
            code="QUI",
            street="9 rue du Chapeau-Rouge",
            postcode="29000",
            city="Quimper",
            calendar=calendar,
        )
        self.add(Establishment, entity=entity, site=site, siret="90432269000010")
        for key, first, last, job, boss, kind in [
            ("gwenaël", "Gwenaël", "Kerbrat", "Gérant", None, Kind.CLIENT_LEAD),
            ("maëlle", "Maëlle", "Riou", "Responsable d'atelier", "gwenaël", None),
        ]:
            self.person(
                key,
                first,
                last,
                "kerbrat",
                company=company,
                site=site,
                job=job,
                reports_to=self.people.get(boss) if boss else None,
            )
            self.role(key, Kind.REQUESTER, company=company, site=site)
            if kind:
                self.role(key, kind, company=company)
        for key, position in [("chloé", "lead"), ("julie", "backup")]:
            self.add(Cover, site=site, person=self.people[key], position=position)
        self.add(
            Engagement,
            company=company,
            started_on=self.start,
            client_lead=self.people["gwenaël"],
            client_deputy=self.people["maëlle"],
            provider_lead=self.people["thomas"],
            provider_deputy=self.people["sarah"],
        )


def _plain(name: str) -> str:
    return french_key(name).replace(" ", "-").replace("'", "")
