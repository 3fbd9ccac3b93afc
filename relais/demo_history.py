"""The nine months before the demo pool's last weeks, lived week by week in the background.

Through the verbs on simulated time, as the last weeks are: seasons, holidays of assistants, a site
that is merged into another, a manager of whom less and less is heard. A week is one transaction;
one that was lived already is not lived again.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from relais.demo_life import SEED, STORIES, Life, Story
from relais.desk import dispatching, intake, sweep
from relais.desk.models import Clock, Letter, Silence, Ticket
from relais.lib import progress
from relais.people.models import Absence, Cover, Person, Role, Site

WEEKS = 38  # with those before the first page: nine months
LAST = 1  # week, and the one that runs, are lived before the first page
A_DAY = (2, 5)  # requests, before the season
SEASONS = (1.1, 1.0, 1.05, 0.95, 0.8, 1.1, 0.7, 0.4, 1.25, 1.15, 1.1, 1.2)  # by month
MERGED, MERGED_CODE, INTO = "Valence", "VAL", "LYO"
MERGES_AFTER = 18  # weeks
FADES_AFTER, GONE_AFTER = 14, 28
LEAVE_EVERY = 6  # weeks: in five of them somebody is away, each in her turn
FADING = "sophie"
MARK = "demo"


def tell_progress(provider_id: int, weeks: int) -> None:
    """Let pages say how much of the history is written."""
    progress.tell(name_of(provider_id), weeks, WEEKS)


def name_of(provider_id: int) -> str:
    """Return the name under which the progress is told."""
    return f"demo-{provider_id}"


def live_week(week: int, now: datetime) -> int:
    """Return how many requests the week brought; 0 when it was lived before. `week`: from 0 on."""
    if Ticket.objects.filter(external_ref=_mark(week)).exists():
        return 0
    return _Week(week, now).run()


def _mark(week: int) -> str:
    return f"{MARK}:{week}"


class _Week(Life):
    """One week of long ago, with what follows from it."""

    def __init__(self, week: int, now: datetime) -> None:
        super().__init__(now, {})
        self.random.seed(SEED + week + 1)
        self.moods.seed(SEED - week - 1)
        self.week = week
        today = timezone.localtime(now).date()
        monday = today - timedelta(days=today.weekday())
        self.monday = monday - timedelta(weeks=WEEKS + LAST - week)
        self.mine: list[int] = []

    def run(self) -> int:
        """Return how many requests were asked."""
        self._absences()
        if self.week == 0:
            self._open_merged_site()
        asked = super().run()
        if self.week == MERGES_AFTER:
            self._merge()
        return asked

    def _letters(self) -> None:
        letters = Letter.objects.filter(ticket__in=self.mine, state=Letter.State.WAITING)
        letters.update(state=Letter.State.SENT, sent_at=self.now)

    def _plan(self) -> int:
        zone, asked = timezone.get_default_timezone(), 0
        asking = Role.objects.filter(kind=Role.Kind.REQUESTER).values("person")
        managers = list(Person.objects.filter(pk__in=asking).order_by("email"))
        fading = next(person for person in managers if person.email.startswith(FADING))
        for weekday in range(5):
            day = self.monday + timedelta(days=weekday)
            few, many = A_DAY
            wanted = self.random.randint(few, many) * SEASONS[day.month - 1]
            for _request in range(int(wanted + self.random.random())):
                person, story = self.random.choice(managers), self.random.choice(STORIES)
                if person == fading and self.random.random() < self._silence():
                    person = managers[0]
                start = time(self.random.randint(8, 17), self.random.randint(0, 59))
                urgent = self.random.random() < 0.12
                self._then(
                    datetime.combine(day, start, zone),
                    lambda at, p=person, s=story, u=urgent: self._ask(p, s, u, at),
                )
                asked += 1
        # The weeks that follow: deadlines pass and come near, deliveries are held accepted.
        for days in range(28):
            for hour in (7, 10, 12, 14, 16, 18):
                at = datetime.combine(self.monday + timedelta(days=days), time(hour), zone)
                self._then(at, self._sweep)
        return asked

    def _silence(self) -> float:
        """Return the share of the fading manager's requests that are not made any more."""
        return min(1.0, max(0.0, (self.week - FADES_AFTER) / (GONE_AFTER - FADES_AFTER)))

    def _ask(self, person: Person, story: Story, urgent: bool, at: datetime) -> None:
        ticket = intake.receive(
            requester=person,
            subject=story.subject,
            body=story.body,
            channel=Ticket.Channel.FORM if self.random.random() < 0.6 else Ticket.Channel.PHONE,
            service=self.services[story.service],
            priority=Ticket.Priority.HIGH if urgent else None,
            external_ref="" if self.mine else _mark(self.week),
            at=at,
        )
        self.mine.append(ticket.pk)
        self._give(ticket.pk, at)

    def _give(self, key: int, at: datetime) -> None:
        """Find somebody, now or at the next look through the queue."""
        dispatching.dispatch_one(key, at)
        ticket = Ticket.objects.select_related("holder", "site").get(pk=key)
        if ticket.state == Ticket.State.ASSIGNED:
            self._then(self._later(ticket, at, 5, 50), self._take(ticket))
        else:
            self._then(at + timedelta(minutes=30), lambda then: self._give(key, then))

    def _sweep(self, at: datetime) -> None:
        clocks = Clock.objects.filter(ticket__in=self.mine)
        for find, do in ((sweep.due, sweep.tell), (sweep.near, sweep.warn)):
            found = find(at).filter(pk__in=clocks.values("pk")).values_list("pk", flat=True)
            if keys := list(found):
                do(keys, at)
        waits = Silence.objects.filter(ticket__in=self.mine).values("pk")
        for find_silent, answer in ((sweep.unanswered, sweep.remind), (sweep.silent, sweep.close)):
            if keys := list(find_silent(at).filter(pk__in=waits).values_list("pk", flat=True)):
                answer(keys, at)

    # What changed in these months -----------------------------------------------------------------

    def _open_merged_site(self) -> None:
        """A small site, served as its neighbour is, with one manager."""
        into = Site.objects.get(code=INTO)
        same = {name: getattr(into, name) for name in ("provider", "company", "entity", "calendar")}
        site = Site.objects.create(name=MERGED, code=MERGED_CODE, city=MERGED, **same)
        owner = {"provider": into.provider}
        for cover in Cover.objects.filter(site=into):
            Cover.objects.create(site=site, person=cover.person, position=cover.position, **owner)
        person = Person.objects.create(
            first_name="Rémi",
            last_name="Aubert",
            email="remi.aubert@calanques.example",
            job="Chef de dépôt",
            company=site.company,
            site=site,
            **owner,
        )
        first = Role.objects.filter(company=site.company).earliest("starts_on").starts_on
        Role.objects.create(
            person=person,
            kind=Role.Kind.REQUESTER,
            company=site.company,
            site=site,
            starts_on=first,
            **owner,
        )

    def _merge(self) -> None:
        """The site closes: its people move, its requests stay where they were asked."""
        closed = self.monday + timedelta(days=7)
        into, site = Site.objects.get(code=INTO), Site.objects.get(code=MERGED_CODE)
        Person.objects.filter(site=site).update(site=into)
        Role.objects.filter(site=site).update(site=into)
        at = datetime.combine(closed, time(9), timezone.get_default_timezone())
        Site.objects.filter(pk=site.pk).update(archived_at=at)

    def _absences(self) -> None:
        """One assistant is away this week, each in her turn; in August two are."""
        roles = Role.objects.filter(kind=Role.Kind.ASSISTANT).values("person")
        team = list(Person.objects.filter(pk__in=roles).order_by("email"))
        away = [team[self.week % len(team)]] if (self.week + 1) % LEAVE_EVERY else []
        if self.monday.month == 8:
            away = [team[self.week % len(team)], team[(self.week + 1) % len(team)]]
        for person in away:
            self._away(person, self.monday, Absence.Kind.LEAVE)

    def _away(self, person: Person, first: date, kind: str) -> None:
        zone = timezone.get_default_timezone()
        period = tuple(
            datetime.combine(day, time(), zone) for day in (first, first + timedelta(days=5))
        )
        if not Absence.objects.filter(person=person, period__overlap=period).exists():
            Absence.objects.create(
                provider_id=person.provider_id, person=person, period=period, kind=kind
            )
