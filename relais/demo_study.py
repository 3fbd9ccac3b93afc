"""A diagnostic under way at the demo's client: what hurts, what holds back, and logs of a week."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone, translation

from relais.people.models import Company, Person, Provider, Site
from relais.study import activity_logs, change_plan, irritants, surveys
from relais.study.models import (
    ActivityEntry,
    ActivityLog,
    Irritant,
    MaturityAnswer,
    Participant,
    Study,
    StudySite,
)
from relais.study.models.brake import Brake
from relais.study.models.maturity import Item

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


def live(provider: Provider, people: dict[str, Person], sites: dict[str, Site], day: date) -> None:
    """Let a study be in its workshop on this day."""
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


def _study(
    provider: Provider, people: dict[str, Person], sites: dict[str, Site], day: date
) -> Study:
    company = Company.objects.get(pk=sites["aix"].company_id)
    known = Study.objects.filter(company=company).select_related("pilot").first()
    if known is not None:
        return known
    pilot = people["sarah"]
    study = Study.objects.create(
        provider=provider, company=company, name="Diagnostic de l'assistanat", pilot=pilot,
        sponsor=people["claire"], starts_on=day - timedelta(days=21), told=TOLD, promised=True,
        ends_on=day + timedelta(days=21), phase=Study.Phase.COLLECTING, made_by=pilot,
    )  # fmt: skip
    for key in ("aix", "lyon", "lille", "strasbourg"):
        StudySite.objects.create(provider=provider, study=study, site=sites[key])
    return study


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
