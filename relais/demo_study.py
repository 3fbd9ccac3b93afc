"""A diagnostic under way at the demo's client: its work, what hurts, what holds back, what fits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone, translation

from relais.people.models import Company, Person, Provider, Site
from relais.study import (
    activity_logs,
    change_plan,
    choosing,
    inventorying,
    irritants,
    sizing,
    surveys,
)
from relais.study.models import (
    ActivityEntry,
    ActivityLog,
    Irritant,
    MaturityAnswer,
    ModelOffer,
    Participant,
    Study,
    StudySite,
)
from relais.study.models.brake import Brake
from relais.study.models.maturity import Item

# Task, family, times, every, minutes (least, usual, most), standard, of the person, class, where.
TASKS = (
    ("Gérer l'agenda du directeur de site", "agenda", 12, "day", (3, 6, 15), 3, 5, 1, "remote"),
    ("Organiser le comité de direction", "agenda", 2, "month", (60, 120, 240), 3, 3, 1, "mixed"),
    ("Prendre les rendez-vous extérieurs", "agenda", 15, "week", (5, 10, 20), 4, 2, 0, "remote"),
    (
        "Consolider le tableau de bord mensuel",
        "reporting",
        1,
        "month",
        (180, 300, 480),
        4,
        2,
        1,
        "remote",
    ),
    (
        "Relancer les chiffres des services",
        "reporting",
        12,
        "month",
        (5, 10, 25),
        5,
        1,
        0,
        "remote",
    ),
    (
        "Mettre en forme les notes de direction",
        "reporting",
        6,
        "month",
        (20, 45, 90),
        3,
        4,
        3,
        "remote",
    ),
    ("Suivre les échéances des contrats", "contracts", 30, "month", (5, 10, 20), 5, 1, 1, "remote"),
    (
        "Préparer les avenants fournisseurs",
        "contracts",
        6,
        "month",
        (30, 60, 120),
        4,
        2,
        2,
        "remote",
    ),
    ("Saisir les factures fournisseurs", "invoicing", 90, "month", (4, 7, 15), 5, 1, 1, "remote"),
    (
        "Rapprocher bons de commande et factures",
        "invoicing",
        40,
        "month",
        (5, 12, 25),
        5,
        1,
        1,
        "remote",
    ),
    ("Relancer les impayés", "invoicing", 25, "month", (5, 10, 20), 4, 2, 1, "remote"),
    (
        "Coordonner les travaux avec les prestataires",
        "coordination",
        4,
        "week",
        (15, 30, 60),
        2,
        3,
        1,
        "mixed",
    ),
    ("Préparer les réunions de site", "coordination", 2, "week", (30, 45, 90), 3, 3, 1, "mixed"),
    ("Accueillir les visiteurs", "front_desk", 20, "week", (5, 8, 15), 2, 4, 0, "on_site"),
    ("Réserver trains et hôtels", "travel", 8, "week", (10, 20, 45), 5, 2, 0, "remote"),
)
# Said otherwise elsewhere: the same work.
OTHERWISE = {
    "Réserver trains et hôtels": "Organiser les déplacements (billets, hébergement)",
    "Saisir les factures fournisseurs": "Enregistrer les factures des fournisseurs",
    "Consolider le tableau de bord mensuel": "Faire le reporting du mois",
}
# How much more or less there is of it at each site.
SIZES = {"aix": 1.0, "lyon": 0.8, "lille": 0.6, "strasbourg": 0.45}
OFFERS = (
    ("Pôle interne", "internal", 128_000, 3.8, True), ("Pôle Sud Assistance", "provider", 96_000,
     4.1, True), ("Pôle Sud et outil partagé", "hybrid", 88_000, 4.0, True),
    ("Assistant·e en ligne", "platform", 62_000, 3.1, False),
)  # fmt: skip
TOLD = (
    "Chaque site lit ses résultats avant la restitution. Rien n'est dit d'une personne : tout est "
    "donné par site et par fonction."
)
# Site, process, kind, times a month, persons, minutes, severity, role, words, quick win.
PAINS = (
    ("aix", "Parapheur papier du comité de direction", "approval", 12, 3, 45, 4, "Assistante",
     "Je porte le parapheur d'un bureau à l'autre, et j'attends.", True),
    ("lyon", "Notes de frais ressaisies dans deux outils", "retyping", 40, 2, 15, 3, "Assistante",
     "On tape deux fois la même chose, avec deux mots de passe.", False),
    ("lille", "Salles réservées sans prévenir", "unclear", 20, 4, 10, 2, "Manager",
     "Chacun a son tableau. Le lundi, c'est la surprise.", True),
    ("aix", "Tableau de bord mensuel refait par site", "double", 4, 1, 180, 3, "Assistante",
     "Tout le monde fait le même tableau, chacun à sa façon.", False),
    ("strasbourg", "Fournisseurs relancés par une seule personne", "person", 8, 1, 30, 4, "Manager",
     "Quand elle est en congé, plus rien n'avance.", False),
)  # fmt: skip
# Site and the strong brakes of each manager who has answered.
MANAGERS = (
    ("aix", (Brake.ATTACHMENT, Brake.CONFIDENTIALITY)), ("aix", (Brake.CONFIDENTIALITY,)),
    ("lyon", (Brake.WRITING,)), ("lyon", ()), ("lille", (Brake.AUTONOMY,)),
)  # fmt: skip
# By place in the prepared categories: minutes of a day.
DAYS = ((0, 90), (1, 60), (4, 75), (10, 45), (12, 40), (13, 50))


PLACES = {
    "aix": "Aix-en-Provence", "lyon": "Lyon", "lille": "Lille", "strasbourg": "Strasbourg",
}  # fmt: skip


def live(day: date) -> None:
    """Let a study of the demo's client be in its workshop on this day; once."""
    if Study.objects.exists():
        return
    named = {site.name: site for site in Site.objects.all()}
    sites = {key: named[name] for key, name in PLACES.items()}
    provider = sites["aix"].provider
    people = {
        key: Person.objects.get(first_name=first, last_name=last)
        for key, first, last in (
            ("sarah", "Sarah", "Benhamou"), ("claire", "Claire", "Delmas"),
            ("philippe", "Philippe", "Roche"),
        )
    }  # fmt: skip
    with translation.override("fr"):
        study = _study(provider, people, sites, day)
        pilot = study.pilot
        _irritants(study, sites, people["philippe"], day)
        for n, (site, strong) in enumerate(MANAGERS):
            who = _asked(study, f"Manager {n + 1}", "Manager", sites[site])
            levels = {brake.value: 5 if brake in strong else 1 + n % 3 for brake in Brake}
            surveys.keep_brakes(who, levels, site=sites[site], by=pilot)
        for site, level in ((None, 2), (sites["lille"], 0)):
            levels = {item.value: min(4, level + n % 3) for n, item in enumerate(Item)}
            MaturityAnswer.keep(study, site, levels, by=pilot)
        activity_logs.prepare(study, by=pilot)
        for n, site in enumerate(("aix", "aix", "aix", "lyon")):
            _log(study, f"Assistante {n + 1}", sites[site], day, n)
        _inventory(study, sites)
        sizing.make(study, {}, by=pilot)
        for name, model, price, quality, covered in OFFERS:
            ModelOffer.objects.create(
                provider=provider, study=study, name=name, model=model, price=price,
                quality=quality, references=3 if covered else 1, referent=covered,
                trained_backup=covered, non_disclosure=True, hosted_in_eu=True,
                access_register=covered, named_persons=covered, reversibility=covered,
            )  # fmt: skip
        choosing.choose(study, by=pilot)


def _study(
    provider: Provider, people: dict[str, Person], sites: dict[str, Site], day: date
) -> Study:
    company = Company.objects.get(pk=sites["aix"].company_id)
    pilot = people["sarah"]
    study = Study.objects.create(
        provider=provider, company=company, name="Diagnostic de l'assistanat", pilot=pilot,
        sponsor=people["claire"], starts_on=day - timedelta(days=21), told=TOLD, promised=True,
        ends_on=day + timedelta(days=21), phase=Study.Phase.COLLECTING, made_by=pilot,
    )  # fmt: skip
    for key in ("aix", "lyon", "lille", "strasbourg"):
        StudySite.objects.create(provider=provider, study=study, site=sites[key])
    return study


def _inventory(study: Study, sites: dict[str, Site]) -> None:
    """Write sixty lines over four sites, some of them the same work said otherwise."""
    for place, (key, size) in enumerate(SIZES.items()):
        for number, told in enumerate(TASKS):
            task, family, times, every, (low, usual, high), standard, relation, secret, where = told
            fields = {
                "site_id": sites[key].pk, "family": family, "doer_role": "Assistante de site",
                "task": OTHERWISE.get(task, task) if place % 2 else task, "period": every,
                "count": max(1, round(times * size)), "minutes_low": low, "minutes_usual": usual,
                "minutes_high": high, "standard": standard, "relation": relation,
                "secrecy": secret, "presence": where, "knowledge": 2 + (number + place) % 3,
                "able": 1 + (number + place) % 2, "rework": 5 * (number % 3),
                "waiting": 10 * (place % 2), "evidence": "declared", "confidence": 2,
            }  # fmt: skip
            inventorying.add(study, fields, by=study.pilot)
    scopes = StudySite.objects.filter(study=study).select_related("site")
    for scope in scopes:
        rows = sizing.rows_of(study, 254)
        hours = sum(row.minutes / 60 for row in rows if row.line.site == str(scope.site_id))
        scope.paid_hours = round(hours / 0.93, -1)
        scope.save(update_fields=["paid_hours"])


def _asked(study: Study, name: str, role: str, site: Site) -> Participant:
    return Participant.objects.create(
        provider_id=study.provider_id, study=study, name=name, role=role, site=site
    )


def _irritants(study: Study, sites: dict[str, Site], owner: Person, day: date) -> None:
    irritants.take_alerts(study, by=study.pilot)
    kept: list[Irritant] = []
    for site, process, kind, a_month, persons, minutes, severity, role, words, quick in PAINS:
        fields = {
            "site": sites[site], "process": process, "category": kind, "a_month": a_month,
            "persons": persons, "minutes": minutes, "severity": severity, "role": role,
            "verbatim": words, "quick_win": quick,
        }  # fmt: skip
        kept.append(irritants.collect(study, fields, by=study.pilot))
    worst = kept[0]
    worst.edit({"owner": owner, "cause": "Signature papier exigée au siège"}, by=study.pilot)
    worst.mend(by=study.pilot, at=day - timedelta(days=90))
    figures = {"a_month": 12, "persons": 3, "minutes": 10, "severity": 2}
    worst.remeasure(3, figures, by=study.pilot, at=day)
    change_plan.plan(
        study, {"what": "Ouvrir la signature électronique au comité", "owner": owner,
                "due_on": day + timedelta(days=10)},
        by=study.pilot, irritant=worst,
    )  # fmt: skip


def _log(study: Study, name: str, site: Site, day: date, number: int) -> None:
    log: ActivityLog = activity_logs.log_of(_asked(study, name, "Assistante", site))
    categories = list(study.categories.all())
    at = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    ActivityEntry.objects.bulk_create(
        ActivityEntry(
            provider_id=study.provider_id, log=log, category=categories[place],
            day=day - timedelta(days=back + 1), minutes=minutes + 5 * ((number + back) % 3),
            unplanned=place in (1, 12), token=f"demo-{back}-{place}", added_at=at,
        )
        for back in range(5)
        for place, minutes in DAYS
    )  # fmt: skip
