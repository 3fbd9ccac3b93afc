"""Reviews sent to those who asked for them: a letter that leads to the page, behind the sign-in.

The outbox carries no files: what is confidential stays inside, and a restatement is read in place.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from relais.desk.models import Letter
from relais.people.models import Company, Person

from .closing import link_to, subscribers
from .models import Review, ReviewReader


def subscribe(company: Company, *, by: Person, at: datetime | None = None) -> None:
    """Have this person sent the reviews of a client from the next closing on. Twice is once."""
    try:
        with transaction.atomic():
            ReviewReader.objects.create(
                provider_id=by.provider_id, company=company, person=by, since=at or timezone.now()
            )
    except IntegrityError:
        return


def unsubscribe(company: Company, *, by: Person) -> None:
    """Send this person no more of them."""
    ReviewReader.objects.filter(company=company, person=by).delete()


def is_subscribed(company: Company, person: Person) -> bool:
    """Return whether this person asked for the reviews of a client."""
    return ReviewReader.objects.filter(company=company, person=person).exists()


def send_due(at: datetime | None = None) -> int:
    """Return how many letters were written for months closed since: one a reader, once."""
    sent, at = 0, at or timezone.now()
    waiting = Review.objects.exclude(state=Review.State.OPEN).filter(sent_at=None)
    for review in waiting.select_related("company").defer("figures", "inside", "verdicts"):
        with transaction.atomic():
            if not Review.objects.filter(pk=review.pk, sent_at=None).update(sent_at=at):
                continue
            sent += sum(_send(review, person) for person in subscribers(review))
    return sent


def _send(review: Review, person: Person) -> bool:
    """Return whether a letter was written."""
    with override(person.language):
        subject = _("Service review: %(review)s") % {"review": review}
        text = _(
            "The service review of %(review)s is there, with its documents (PDF, XLSX): %(link)s"
        ) % {"review": review, "link": link_to(review)}
    return Letter.inform(person, f"review-sent:{review.pk}:{person.pk}", subject, text) is not None
