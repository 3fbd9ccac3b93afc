"""The months of the demo, closed one after another with a word of each side and one exclusion."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from relais.desk.models import Clock, Letter
from relais.people.models import Company, Engagement
from relais.records import closing
from relais.records.models import Commentary, Exclusion, Review, ReviewItem

MONTHS = 8
PROVIDER = "Mois conforme à l’attendu pour l’essentiel ; les retards viennent d’absences."
CLIENT = "Lu avec les sites. Nous gardons l’œil sur les déplacements demandés la veille."
ACTION = "Revoir la fiche de procédure des déplacements demandés la veille"


def close_months(now: datetime) -> int:
    """Return how many months were closed: those over, oldest first; one closed before stays."""
    closed = 0
    for engagement in Engagement.objects.filter(ended_on=None).select_related(
        "company__calendar", "provider_lead", "client_lead"
    ):
        months = [timezone.localdate(now)]
        for _each in range(MONTHS):
            months.append(closing.month_before(months[-1]))
        for month in reversed(months[1:]):
            if month >= engagement.started_on.replace(day=1):
                closed += _close(engagement, engagement.company, month)
    waiting = Letter.objects.filter(key__startswith="review:", state=Letter.State.WAITING)
    waiting.update(state=Letter.State.SENT, sent_at=now)
    return closed


def _close(engagement: Engagement, company: Company, month: date) -> int:
    lead, client = engagement.provider_lead, engagement.client_lead
    over = closing.period_of(company, month).end
    at = datetime.combine(timezone.localdate(over) + timedelta(days=2), time(9), over.tzinfo)
    review = Review.open(company, month, by=lead, at=over)
    if not review.is_open or at > timezone.now():
        return 0
    Commentary.write(review, PROVIDER, by=lead, at=at)
    Commentary.write(review, CLIENT, by=client, at=at)
    if month == closing.month_before(timezone.localdate()):
        ReviewItem.add(review, "action", ACTION, by=client, owner=lead, at=at)
        _leave_out(engagement, month, at)
    closing.close(review, by=lead, at=at)
    return 1


def _leave_out(engagement: Engagement, month: date, at: datetime) -> None:
    """Have both leads agree that one late delivery of the month does not count."""
    period = closing.period_of(engagement.company, month)
    late = Clock.objects.filter(
        ticket__company=engagement.company_id, ticket__confidentiality__lt=3, kind="delivery",
        verdict="missed", due_at__gte=period.begin, due_at__lt=period.end,
    )  # fmt: skip
    clock = late.select_related("ticket__company").order_by("pk").first()
    if clock is None or Exclusion.objects.filter(ticket=clock.ticket_id).exists():
        return
    made = Exclusion.propose(
        clock.ticket, "delivery", "Élément du client remis en retard",
        "La pièce attendue est arrivée après l’heure convenue : voir le fil de la demande.",
        by=engagement.provider_lead, at=at,
    )  # fmt: skip
    made.agree(by=engagement.client_lead, word="Exact.", at=at)
