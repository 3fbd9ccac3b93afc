"""Who may know what, written a second time, by hand, without asking the policy.

Each secret is a text that lies in one place of the world, with the persons who may read it. The
crawler fails when anybody else does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from relais.desk import filing, intake, mailbox
from relais.desk.models import LogImport, LogRefusal, SavedView, Ticket, Webhook
from relais.engine.procedure import Content, Rescue, Step
from relais.lib.tenancy import tenant
from relais.offer import catalogue
from relais.offer.models import (
    Agreement,
    AgreementVersion,
    HandTarget,
    PreferenceSheet,
    Procedure,
    Service,
    ServiceVariant,
)
from relais.offer.terms import CreditTerms, TargetTerms
from relais.people.models import (
    Absence,
    ApiKey,
    AssistantProfile,
    Clearance,
    Confidentiality,
    Person,
    Skill,
    SkillLevel,
)
from tests.world import World

from . import oracle_beside, oracle_planning, oracle_records, oracle_study

STAFF = {"maud", "paul", "alice", "basile", "chloe", "quentin", "bruno"}
WHOLE_POOL = {"maud", "paul", "quentin", "bruno"}
RUNS_POOL = {"maud", "paul"}
CALANQUES = {"sylvie", "claire", "luc", "marc", "nadia", "denis", "aude"}
FROID = {"erwan", "fanny"}
EVERYBODY = STAFF | CALANQUES | FROID
OTHERS = {"zoe", "yann"}

# Who sees the persons of whom (each sees himself as well).
SEES_PERSONS = {
    "alice": STAFF | {"sylvie", "claire", "marc", "denis"},
    "basile": STAFF | {"sylvie", "claire", "marc", "denis", "luc", "nadia"},
    "chloe": STAFF | {"erwan"},
    "sylvie": CALANQUES,
    "claire": CALANQUES,
    "denis": CALANQUES,
    "luc": {"luc", "nadia"},
    "nadia": {"luc", "nadia"},
    "marc": {"sylvie", "claire", "marc", "denis"},
    "erwan": FROID,
    "fanny": FROID,
    "aude": set(),
    "zoe": OTHERS,
    "yann": {"yann"},
} | dict.fromkeys(WHOLE_POOL, EVERYBODY)

# The names (never the addresses) that the two companies' people are told: who steers, who answers.
TOLD_NAMES = {
    "calanques": {"claire", "sylvie", "paul", "maud", "alice", "basile"},
    "froid": {"fanny", "paul", "chloe"},
}

FEES = {"calanques": Decimal(98761), "froid": Decimal(87652)}


@dataclass
class Secret:
    """A text, and the keys of the persons who may read it."""

    what: str
    text: str
    readers: set[str] = field(default_factory=set)

    def is_in(self, page: str) -> bool:
        """Return whether the page shows it."""
        # The plain test first: a page is long, a pattern slow.
        return self.text in page and bool(re.search(rf"(?<!\w){re.escape(self.text)}(?!\w)", page))


def add_internals(world: World) -> None:
    """Give the pool the facts that no client may ever read, each with a text of its own."""
    provider, people = world.provider, world.people
    AssistantProfile.objects.filter(person=people.alice).update(contract_hours="33.25")
    skill = Skill.objects.create(
        provider=provider, code="zx-interne", name_fr="Compétence-interne", name_en="Internal-skill"
    )
    for profile in AssistantProfile.objects.filter(person=people.alice):
        SkillLevel.objects.create(provider=provider, profile=profile, skill=skill, level=3)
    start = datetime(2027, 3, 1, tzinfo=UTC)
    Absence.objects.create(
        provider=provider, person=people.alice, kind="training",
        period=(start, start + timedelta(days=1)),
    )  # fmt: skip
    Clearance.objects.create(
        provider=provider, person=people.alice, company=world.companies.calanques,
        granted_by=people.maud, reason="Motif-habilitation", starts_on="2026-01-05",
    )  # fmt: skip
    past = LogImport.objects.create(
        provider=provider, file_name="Journal-passe.csv", uploaded_by=people.paul, state="done",
        counts={"read": 1, "taken": 0, "known": 0, "refused": 1, "reasons": {"no site": 1}},
    )  # fmt: skip
    LogRefusal.objects.create(
        provider=provider, log_import=past, number=2, ref="Ligne-refusee", why="no site"
    )


def add_tickets(world: World, other: World) -> None:
    """Let each company ask for something, in words of its own; one matter is for named persons."""
    for made in (world, other):
        with tenant(made.provider.pk):
            catalogue.preload(made.provider)
            # A few services show as much as all: the crawler opens each with every role.
            Service.objects.exclude(code__in=["travel", "other"]).delete()
    people = world.people
    with tenant(world.provider.pk):
        marc = _ask(people.marc, "Objet-marc", "Corps-marc")
        _ask(people.nadia, "Objet-nadia", "Corps-nadia")
        _ask(people.erwan, "Objet-erwan", "Corps-erwan")
        secret = _ask(
            people.claire, "Objet-dirigeant", "Corps-dirigeant",
            confidentiality=Confidentiality.EXECUTIVE,
        )  # fmt: skip
        marc.assign(people.alice)
        marc.take(by=people.alice)
        _carry(marc, "interne", people.alice).note("Note-interne", by=people.alice)
        _carry(marc, "publique", people.alice).reply("Réponse-publique", by=people.alice)
        secret.assign(people.alice)
        _carry(secret, "dirigeant", people.alice).reply("Réponse-dirigeant", by=people.alice)
        filing.draft(_file("brouillon"), by=people.basile)
        same = _ask(people.nadia, "Objet-même", "Corps-même")
        same.merge(marc, by=people.basile)
        same.reply("Ajout-même", by=people.nadia)
        live = Ticket.objects.get(pk=marc.pk)
        live.reply("Réponse-commune", by=people.alice)
        _ask(people.nadia, "Objet-lié", "Corps-lié").link(live, "follows", by=people.basile)
        # Doors of programs: each its owner's, and whoever runs the pool sees that they stand.
        ApiKey.make(people.marc, name="Clé-marc", scopes=["requests:read"], days=9, by=people.marc)
        for key, shared in (("paul", True), ("maud", False), ("marc", False)):
            SavedView.keep(
                person=getattr(people, key), name=f"Vue-{key}", query={"state": "late"},
                shared=shared,
            )  # fmt: skip
        Webhook.make(people.marc, name="Crochet-marc", url="https://x.example/crochet", kinds=[])
    with tenant(other.provider.pk):
        _ask(other.people.yann, "Objet-yann", "Corps-yann")
    mailbox.receive_bytes(
        b"From: inconnu@nulle-part.example\r\nTo: x@atout.example\r\nMessage-ID: <walls@x>\r\n"
        b"Subject: Objet-inconnu\r\n\r\nCorps-inconnu\r\n",
        world.provider.pk,
    )
    oracle_beside.add(world, other)
    oracle_planning.add(world)
    oracle_study.add(world)
    oracle_records.add(world)


def _file(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"Fichier-{name}.txt", f"Contenu-{name}".encode())


def _carry(ticket: Ticket, name: str, person: Person) -> Ticket:
    ticket.carry([filing.draft(_file(name), by=person)])
    return ticket


def add_agreements(world: World, other: World) -> None:
    """Sign an agreement with each company, and draft the next one, in words of their own."""
    day = datetime(2026, 3, 2, 9, tzinfo=UTC)
    people = world.people
    with tenant(world.provider.pk):
        for key, lead in (("calanques", people.claire), ("froid", people.fanny)):
            company = getattr(world.companies, key)
            first = Agreement.open(company, f"Convention-{key}", by=people.paul, at=day)
            first.edit(
                by=people.paul, at=day, effective_from=day.date(), exclusions=(f"Exclusion-{key}",),
                targets=(TargetTerms(kind="delivery", days=2),),
                credits=CreditTerms(monthly_fee=FEES[key]),
            )  # fmt: skip
            first.sign(by=lead, side="client", at=day)
            first.sign(by=people.paul, side="provider", at=day)
            draft = AgreementVersion.draft_from(first.agreement, by=people.paul)
            draft.edit(by=people.paul, note=f"Projet-{key}")
        unsigned = Agreement.open(world.companies.calanques, "Négociation", by=people.paul)
        unsigned.edit(by=people.paul, exclusions=("Exclusion-future",))
    with tenant(other.provider.pk):
        made = Agreement.open(other.companies.ailleurs, "Convention-ailleurs", by=other.people.zoe)
        made.edit(by=other.people.zoe, exclusions=("Exclusion-ailleurs",))


def add_offer(world: World, other: World) -> None:
    """Vary a service, run a procedure, write sheets, in words of their own."""
    people, paul = world.people, world.people.paul
    with tenant(world.provider.pk):
        HandTarget.put({4: 5873}, by=paul)
        made = Procedure.open(code="secret", title_fr="Procédure-interne", owner=paul, by=paul)
        content = Content(
            trigger_fr="Déclencheur-interne",
            acceptance_fr="Bien fait",
            steps=(Step("a", "Vérifier étape-interne", control_fr="Quoi ?"),),
            rescues=(Rescue("Symptôme-interne", "Appeler"),),
        )
        made.edit(by=paul, content=content)
        made.publish(by=paul)
        draft = type(made).draft_from(made.procedure, by=paul)
        draft.edit(by=paul, note="Projet-procédure")
        made.drill(people.basile, by=paul, success=True, note="Constat-exercice")
        service = Service.objects.get(code="travel")
        service.edit(by=paul, procedure=made.procedure)
        for key, site in (("calanques", world.sites.aix), ("froid", world.sites.brest)):
            ServiceVariant.vary(
                service, site, by=paul, differs={"deliverable_fr": f"Variante-{key}"},
                steps=[{"op": "replace", "key": "a", "step": {"action_fr": f"Étape-{key}"}}],
            )  # fmt: skip
        ticket = Ticket.objects.get(subject="Objet-nadia")
        Ticket.objects.filter(pk=ticket.pk).update(service=service)
        ticket = Ticket.objects.get(pk=ticket.pk)
        ticket.assign(people.basile)
        ticket.take(by=people.basile)
        PreferenceSheet.write(
            people.marc, by=people.marc, reserved=["escalation"],
            content={
                "protected_slots": "Plage-marc", "vip_contacts": "Contact-marc",
                "confidential_topics": "Sujet-marc", "escalation": "Réservé-marc",
            },
            authority={"travel": {"level": "alone", "ceiling": "76543"}},
        )  # fmt: skip
        PreferenceSheet.write(
            people.erwan, by=people.erwan, content={"protected_slots": "Plage-erwan"},
            authority={}, reserved=[],
        )  # fmt: skip


def offer_secrets() -> list[Secret]:
    """Return the secrets of the offer that `add_offer` made."""
    leads = {"claire", "sylvie", "paul", "maud"}
    serves = {"alice", "basile"}
    return [
        Secret("hand target", "5873", set(RUNS_POOL)),
        Secret("procedure", "Procédure-interne", set(STAFF)),
        Secret("procedure", "Déclencheur-interne", set(STAFF)),
        Secret("step", "étape-interne", set(STAFF)),
        Secret("exception", "Symptôme-interne", set(STAFF)),
        Secret("draft", "Projet-procédure", set(RUNS_POOL)),
        Secret("drill", "Constat-exercice", set(RUNS_POOL)),
        Secret("variant", "Variante-calanques", WHOLE_POOL | serves | CALANQUES),
        Secret("variant", "Variante-froid", WHOLE_POOL | {"chloe"} | FROID),
        Secret("step", "Étape-calanques", WHOLE_POOL | serves),
        Secret("step", "Étape-froid", WHOLE_POOL | {"chloe"}),
        Secret("preferences", "Plage-marc", leads | serves | {"marc"}),
        Secret("preferences", "Contact-marc", leads | serves | {"marc"}),
        Secret("preferences", "Plage-erwan", {"erwan", "chloe", "fanny", "paul"}),
        # Of class C3: Alice is cleared for the company by name.
        Secret("preferences", "Sujet-marc", {"marc", "alice"}),
        Secret("preferences", "Réservé-marc", {"marc", "alice"}),
        Secret("authority", "76543", leads | serves | {"marc"}),
    ]


def agreement_secrets() -> list[Secret]:
    """Return the secrets of the agreements that `add_agreements` made."""
    found = []
    for key, readers, lead in (
        ("calanques", WHOLE_POOL | {"alice", "basile"} | CALANQUES, {"claire", "sylvie"}),
        ("froid", WHOLE_POOL | {"chloe"} | FROID, {"fanny"}),
    ):
        fee = str(FEES[key])
        steering = RUNS_POOL | lead
        found += [
            Secret("agreement", f"Convention-{key}", readers),
            Secret("agreement", f"Exclusion-{key}", readers),
            Secret("draft", f"Projet-{key}", steering),
            *(
                Secret("fee", text, steering | {"bruno"})
                for text in (fee, f"{fee[:2]}\u202f{fee[2:]}", f"{fee[:2]}\xa0{fee[2:]}")
            ),
        ]
    return [
        *found,
        Secret("draft", "Négociation", RUNS_POOL | {"claire", "sylvie"}),
        Secret("draft", "Exclusion-future", RUNS_POOL | {"claire", "sylvie"}),
        Secret("agreement", "Convention-ailleurs", {"zoe"}),
        Secret("agreement", "Exclusion-ailleurs", {"zoe"}),
    ]


def _ask(person: Person, subject: str, body: str, **more: object) -> Ticket:
    return intake.receive(
        requester=person, subject=subject, body=body, channel=Ticket.Channel.FORM, **more
    )


def secrets(world: World, other: World) -> list[Secret]:
    """Return every secret of the two providers' worlds."""
    found = [
        Secret("company", "Calanques Services", STAFF - {"chloe"} | CALANQUES),
        Secret("company", "Bretagne Froid", WHOLE_POOL | {"chloe"} | FROID),
        Secret("company", "Ailleurs", set(OTHERS)),
        Secret("provider", "Autre Pool", set(OTHERS)),
        Secret("provider", "Atout Services", set(EVERYBODY)),
        Secret("entity", "Calanques SAS", STAFF - {"chloe"} | CALANQUES),
        Secret("entity", "552100554", STAFF - {"chloe"} | CALANQUES),
        Secret("site", "Brest", WHOLE_POOL | {"chloe"} | FROID),
        Secret("site", "Nantes", set(OTHERS)),
        Secret("calendar", "Bureaux Calanques", STAFF - {"chloe"} | CALANQUES),
        Secret("calendar", "Bureaux Froid", WHOLE_POOL | {"chloe"} | FROID),
        Secret("own hours", "Horaires du pôle", set(STAFF)),
        Secret("contract hours", "33,25", RUNS_POOL | {"alice"}),
        Secret("contract hours", "33.25", RUNS_POOL | {"alice"}),
        Secret("skill", "Compétence-interne", set(STAFF)),
        Secret("skill", "Internal-skill", set(STAFF)),
        Secret("clearance", "Motif-habilitation", RUNS_POOL | {"alice"}),
        Secret("log", "Journal-passe", RUNS_POOL),
        Secret("refused row", "Ligne-refusee", RUNS_POOL),
    ]
    for made in (world, other):
        for key, person in vars(made.people).items():
            readers = {who for who, seen in SEES_PERSONS.items() if key in seen} | {key}
            told = {
                who
                for names, company in [(CALANQUES, "calanques"), (FROID, "froid")]
                if key in TOLD_NAMES[company]
                for who in names
            }
            if key in {"claire", "sylvie"}:
                told |= STAFF - {"chloe"}
            if key == "fanny":
                told |= {"chloe"}
            found.append(Secret("address", person.email, set(readers)))
            for name in (person.name, f"{person.last_name} {person.first_name}"):
                found.append(Secret("name", name, readers | told))
    return found + ticket_secrets() + agreement_secrets() + offer_secrets()


def ticket_secrets() -> list[Secret]:
    """Return the secrets of the tickets that `add_tickets` made."""
    aix = {"maud", "paul", "quentin", "alice", "basile", "claire", "sylvie"}
    lyon = {"maud", "paul", "quentin", "basile", "claire", "sylvie", "luc"}
    brest = {"maud", "paul", "quentin", "chloe", "fanny"}
    found = []
    for who, readers in [
        ("marc", aix | {"marc"}),
        ("nadia", lyon | {"nadia"}),
        ("erwan", brest | {"erwan"}),
        ("yann", set(OTHERS)),
        ("dirigeant", {"claire", "alice"}),
        ("même", lyon | {"nadia"}),
        ("lié", lyon | {"nadia"}),
        ("inconnu", set(RUNS_POOL)),
    ]:
        found += [
            Secret("subject", f"Objet-{who}", readers),
            Secret("text", f"Corps-{who}", readers),
        ]
    return [
        *found,
        *(
            Secret(*told)
            for each in (oracle_beside, oracle_planning, oracle_study, oracle_records)
            for told in each.READERS
        ),
        Secret("key", "Clé-marc", RUNS_POOL | {"marc"}),
        Secret("webhook", "Crochet-marc", RUNS_POOL | {"marc"}),
        Secret("saved view", "Vue-paul", set(RUNS_POOL)),
        Secret("saved view", "Vue-maud", {"maud"}),
        Secret("saved view", "Vue-marc", {"marc"}),
        Secret("public answer", "Réponse-publique", aix | {"marc"}),
        Secret("internal note", "Note-interne", aix - {"claire", "sylvie"}),
        Secret("word on a merged one", "Ajout-même", lyon | {"nadia"}),
        Secret("answer to both", "Réponse-commune", aix | lyon | {"marc", "nadia"}),
        Secret("answer", "Réponse-dirigeant", {"claire", "alice"}),
        *(
            Secret("file", f"{what}-{name}", readers)
            for what in ("Fichier", "Contenu")
            for name, readers in [
                ("publique", aix | {"marc"}),
                ("interne", aix - {"claire", "sylvie"}),
                ("dirigeant", {"claire", "alice"}),
                ("brouillon", {"basile"}),
            ]
        ),
    ]
