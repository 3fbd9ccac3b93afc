"""The demo's months are closed with a word of each side, and one exclusion agreed."""

from django.utils import timezone

from relais import demo_reviews
from relais.offer import catalogue
from relais.records import closing
from relais.records.models import Commentary, Exclusion, Review

from .months import agreed, delivered


def test_the_months_that_are_over_are_closed_once(world):
    catalogue.preload(world.provider)
    month = closing.month_before(timezone.localdate())
    version = agreed(world)
    if month.year == 2026:  # the rows of these tests lie in that year
        delivered(world, 22, 25, version=version, month=month.month)
    closed = demo_reviews.close_months(timezone.now())
    assert closed == Review.objects.exclude(state="open").count() > 2
    assert Commentary.objects.count() == 2 * closed
    assert Exclusion.objects.filter(state="agreed").count() == int(month.year == 2026)
    assert demo_reviews.close_months(timezone.now()) == 0
