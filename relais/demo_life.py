"""The last days at the demo pool: requests that come, are given out, done, accepted or reopened.

Lived through the verbs on simulated time and deterministic: the same story counted back from `now`.
Nothing here writes a row of its own; what has not happened yet at `now` stays to be done.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from relais.desk import dispatching, foreseeing, intake, rules, sweep
from relais.desk.errors import Refused
from relais.desk.models import Approval, Letter, Rating, Run, Ticket
from relais.desk.models.approval import latest
from relais.offer.models import Service
from relais.people import calendars
from relais.people.models import Confidentiality, Person, Role

DAYS = 7  # and since Monday: what lies before is written in the background
SEED = 20260105
# Where much is asked for at once just now, and what: work that takes long.
RUSH, LONG = "Quimper", ("slides", "dashboard")


class Story(NamedTuple):
    """What a manager asks, what the assistant may have to ask back, and what she hands over."""

    service: str
    subject: str
    body: str
    question: str
    result: str


STORIES = [
    Story("appointment", "Rendez-vous avec le cabinet Fabre",
          "Pouvez-vous trouver une heure la semaine prochaine avec Maître Fabre ? Plutôt le matin.",
          "Maître Fabre propose mardi 9 h 30 ou jeudi 10 h. Lequel préférez-vous ?",
          "C'est noté à votre agenda ; l'invitation est partie."),
    Story("appointment", "Décaler le point hebdomadaire",
          "Je serai en déplacement vendredi, merci de décaler le point d'équipe.",
          "Lundi 14 h convient-il à la place ?",
          "Le point est déplacé, les participants ont été prévenus."),
    Story("meeting", "Préparer le comité de direction",
          "Salle pour douze personnes, ordre du jour à faire circuler mercredi au plus tard.",
          "Faut-il prévoir la visioconférence pour Saint-Denis ?",
          "Salle réservée, ordre du jour envoyé, café commandé."),
    Story("dashboard", "Tableau de bord mensuel du site",
          "Les chiffres du mois sont dans le dossier partagé, merci de mettre à jour le tableau.",
          "Il manque les heures supplémentaires de la dernière semaine : pouvez-vous les déposer ?",
          "Tableau à jour, écarts de plus de 5 % surlignés."),
    Story("slides", "Présentation pour la banque",
          "Dix diapositives à mettre à la charte avant jeudi.",
          "Souhaitez-vous garder l'annexe financière ?",
          "Présentation mise en forme, version PDF jointe au dossier."),
    Story("contract", "Renouvellement du contrat de nettoyage",
          "Le contrat arrive à échéance le mois prochain. Où en est-on ?",
          "Voulez-vous reconduire aux mêmes conditions ou demander un devis ?",
          "Avenant préparé, prêt à signer ; préavis noté à l'échéancier."),
    Story("quotes", "Trois devis pour les fauteuils",
          "Il nous faut six fauteuils de bureau, merci de demander trois devis.",
          "Un budget maximum par fauteuil ?",
          "Trois devis reçus, comparatif joint ; le deuxième est le moins cher."),
    Story("invoice", "Facture Électricité du Midi contestée",
          "Le montant a doublé, pouvez-vous voir avec eux ?",
          "Pouvez-vous m'envoyer le relevé du compteur ?",
          "Erreur de relevé reconnue, avoir annoncé sous dix jours."),
    Story("expenses", "Notes de frais d'octobre",
          "Mes justificatifs sont dans l'enveloppe à l'accueil.",
          "Le reçu du 12 est illisible : avez-vous le courriel de l'hôtel ?",
          "Note de frais saisie et transmise pour remboursement."),
    Story("coordination", "Accueil de la nouvelle collègue",
          "Elle arrive le 1er : badge, poste, planning de la première semaine.",
          "Dans quel bureau sera-t-elle installée ?",
          "Tout est prêt : badge, poste et planning ; l'équipe est prévenue."),
    Story("mailing", "Courrier aux fournisseurs",
          "Informer nos quarante fournisseurs du changement d'adresse de facturation.",
          "Par courriel ou par courrier postal ?",
          "Courriels envoyés, deux adresses en erreur corrigées."),
    Story("travel", "Déplacement à Strasbourg",
          "Train aller-retour dans la journée mardi, retour après 18 h.",
          "Première ou seconde classe ?",
          "Billets réservés, à votre nom, dans votre boîte."),
]  # fmt: skip

SECRET = Story(
    "contract", "Projet Garrigue",
    "Merci de préparer l'accord de confidentialité avec la contrepartie.",
    "", "Accord préparé, remis en main propre.",
)  # fmt: skip


class Life:
    """A queue of what happens when; each happening may call for the next one."""

    def __init__(self, now: datetime, people: dict[str, Person]) -> None:
        self.now, self.people = now, people
        self.random = random.Random(SEED)  # noqa: S311 (a story, not a secret)
        self.moods = random.Random(SEED)  # noqa: S311 (apart: a word more changes no story)
        self.services = {service.code: service for service in Service.objects.all()}
        self.order = itertools.count()
        self.ahead: list[tuple[datetime, int, Callable[[datetime], None]]] = []

    def run(self) -> int:
        """Return how many requests were lived through, until `now`."""
        asked = self._plan()
        while self.ahead:
            at, _order, happens = heapq.heappop(self.ahead)
            try:
                happens(at)
            except Refused:
                continue  # the story went another way: taken by somebody else, closed meanwhile
        self._letters()
        return asked

    def rush(self) -> None:
        """Have one site ask for much at once today: the control tower has something to foresee."""
        asking = Role.objects.filter(kind=Role.Kind.REQUESTER, person__site__city=RUSH)
        people = list(Person.objects.filter(pk__in=asking.values("person")).order_by("email"))
        long = [story for story in STORIES if story.service in LONG]
        rush = long * (6 // len(long)) if people else []
        for number, story in enumerate(rush):
            at = self.now - timedelta(minutes=100 - number)
            self._ask(people[number % len(people)], story, True, at)
        self._letters()
        foreseeing.foresee(self.now)

    def _letters(self) -> None:
        """The past needs no mail: whoever waits for one has read it since."""
        Letter.objects.filter(state=Letter.State.WAITING).update(
            state=Letter.State.SENT, sent_at=self.now
        )

    def _then(self, at: datetime, happens: Callable[[datetime], None]) -> None:
        if at <= self.now:
            heapq.heappush(self.ahead, (at, next(self.order), happens))

    def _plan(self) -> int:
        asking = Role.objects.filter(kind=Role.Kind.REQUESTER).values("person")
        managers = list(Person.objects.filter(pk__in=asking).order_by("email"))
        today = timezone.localtime(self.now).date()
        zone, asked = timezone.get_default_timezone(), 0
        for back in range(DAYS + today.weekday(), -1, -1):
            day = today - timedelta(days=back)
            if day.weekday() > 4:
                continue
            for minute in (0, 30):  # the queue is looked through when people come and go
                for hour in range(5, 19):
                    tick = datetime.combine(day, time(hour, minute), zone)
                    self._then(tick, self._look_through)
            for _request in range(self.random.randint(4, 7)):
                person, story = self.random.choice(managers), self.random.choice(STORIES)
                start = time(self.random.randint(8, 17), self.random.randint(0, 59))
                urgent = self.random.random() < 0.12
                self._then(
                    datetime.combine(day, start, zone),
                    lambda at, p=person, s=story, u=urgent: self._ask(p, s, u, at),
                )
                asked += 1
        claire = self.people.get("claire")
        if claire:
            when = datetime.combine(today - timedelta(days=2), time(9, 10), zone)
            self._then(when, lambda at: self._ask(claire, SECRET, False, at))
            asked += 1
        return asked

    def _look_through(self, at: datetime) -> None:
        dispatching.dispatch_queue(at)
        sweep.run(at)
        assigned = Ticket.objects.filter(state=Ticket.State.ASSIGNED).select_related("holder")
        for ticket in assigned.order_by("pk"):
            if not ticket.events.filter(kind="taken").exists():
                self._then(self._later(ticket, at, 5, 50), self._take(ticket))

    def _ask(self, person: Person, story: Story, urgent: bool, at: datetime) -> None:
        ticket = intake.receive(
            requester=person,
            subject=story.subject,
            body=story.body,
            channel=Ticket.Channel.FORM if self.random.random() < 0.6 else Ticket.Channel.MAIL,
            service=self.services[story.service],
            priority=Ticket.Priority.HIGH if urgent else None,
            confidentiality=Confidentiality.EXECUTIVE if story is SECRET else None,
            at=at,
        )
        dispatching.dispatch_one(ticket.pk, at)

    def _take(self, ticket: Ticket) -> Callable[[datetime], None]:
        def happens(at: datetime) -> None:
            mine = Ticket.objects.select_related("holder", "service", "site").get(pk=ticket.pk)
            if mine.state != Ticket.State.ASSIGNED or mine.holder is None:
                return
            mine.take(by=mine.holder, at=at)
            if self.random.random() < 0.25 and _story(mine).question:
                asked_at = self._later(mine, at, 5, 20)
                self._then(asked_at, self._verb(mine, self._wait))
            else:
                slow = self.random.random() < 0.07
                done = self._later(mine, at, *((1000, 2400) if slow else (15, 480)))
                self._then(done, self._verb(mine, self._deliver))

        return happens

    def _wait(self, ticket: Ticket, at: datetime) -> None:
        ticket.ask(_story(ticket).question, by=ticket.holder, at=at)
        answered = self._later(ticket, at, 30, 600)
        self._then(answered, self._verb(ticket, self._answer))

    def _answer(self, ticket: Ticket, at: datetime) -> None:
        ticket.reply("Oui, très bien, merci.", by=ticket.requester, at=at)
        self._then(self._later(ticket, at, 15, 120), self._verb(ticket, self._deliver))

    def _deliver(self, ticket: Ticket, at: datetime) -> None:
        self._tick(ticket, at)
        ticket.deliver(_story(ticket).result, by=ticket.holder, at=at)
        judged = self._later(ticket, at, 20, 900)
        good = self.random.random() < 0.93
        if self.random.random() < 0.85:
            self._then(judged, self._verb(ticket, self._accept if good else self._reopen))

    def _tick(self, ticket: Ticket, at: datetime) -> None:
        """State the amount and go through the checklist, the last step at the delivery."""
        above = rules.approval_above(ticket)
        if above is not None and above > 0 and latest(ticket) is None:
            stated = (above * Decimal(str(self.random.uniform(0.1, 0.8)))).quantize(Decimal(1))
            Approval.ask(ticket, stated, "", by=ticket.holder, at=at)
        run = Run.objects.filter(ticket=ticket).first()
        left = [step for step in run.steps if step["key"] not in run.done] if run else []
        for before, step in zip(range(len(left) - 1, -1, -1), left, strict=True):
            asks = step.get("control_fr")
            Run.step_done(
                ticket,
                step["key"],
                by=ticket.holder,
                value="Vérifié" if asks else "",
                at=at - timedelta(minutes=before),
            )

    def _accept(self, ticket: Ticket, at: datetime) -> None:
        ticket.accept(by=ticket.requester, at=at)
        if self.moods.random() < 0.6:
            score, effort = (self.moods.choice((5, 5, 5, 4, 4, 3, 2)) for _each in range(2))
            Rating.rate(ticket, score, effort, _word(score), by=ticket.requester, at=at)

    def _reopen(self, ticket: Ticket, at: datetime) -> None:
        ticket.reopen("Il manque une pièce, pouvez-vous compléter ?", by=ticket.requester, at=at)
        self._then(self._later(ticket, at, 10, 60), self._verb(ticket, self._correct))

    def _correct(self, ticket: Ticket, at: datetime) -> None:
        ticket.take(by=ticket.holder, at=at)
        self._then(self._later(ticket, at, 10, 60), self._verb(ticket, self._deliver))

    def _verb(
        self, ticket: Ticket, verb: Callable[[Ticket, datetime], None]
    ) -> Callable[[datetime], None]:
        def happens(at: datetime) -> None:
            rows = Ticket.objects.select_related("holder", "requester", "service", "site")
            verb(rows.get(pk=ticket.pk), at)

        return happens

    def _later(self, ticket: Ticket, at: datetime, least: int, most: int) -> datetime:
        """Return a moment so many open minutes of the site later."""
        minutes = timedelta(minutes=self.random.randint(least, most))
        return calendars.timetable(calendars.of_site(ticket.site).calendar).add(at, minutes)


def _word(score: int) -> str:
    return {5: "", 4: "", 3: "Un peu long.", 2: "J'ai dû relancer deux fois."}[score]


def _story(ticket: Ticket) -> Story:
    return next((s for s in [*STORIES, SECRET] if s.subject == ticket.subject), SECRET)
