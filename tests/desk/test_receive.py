"""A ticket comes in: dated by the site's calendar, told once."""

from relais.desk.models import Clock

from .conftest import at, clock, kinds


def test_it_starts_both_promises_by_the_calendar_of_the_site(new_ticket, world):
    ticket = new_ticket(at=at(16, 30))
    answer, delivery = clock(ticket, "first_response"), clock(ticket, "delivery")
    assert answer.due_at == at(9, 30, days=1)  # 2 hours: 90 minutes today, 30 tomorrow
    assert delivery.due_at == at(16, 30, days=1)  # 8 hours are one day of opening
    assert delivery.calendar == world.sites.aix.calendar
    assert delivery.calendar_source == "site"


def test_the_calendar_of_the_company_serves_a_site_without_one(new_ticket, world):
    site, company = world.sites.aix, world.companies.calanques
    company.calendar, site.calendar = site.calendar, None
    site.company = company
    ticket = new_ticket(site=site)
    assert {c.calendar_source for c in Clock.objects.filter(ticket=ticket)} == {"company"}


def test_it_is_told_once_with_its_dates(new_ticket):
    ticket = new_ticket()
    assert kinds(ticket) == ["received"]
    event = ticket.events.get()
    assert [c["kind"] for c in event.facts["clocks"]] == ["first_response", "delivery"]
    assert event.by == ticket.requester


def test_it_takes_the_class_of_its_service(new_ticket, services):
    assert new_ticket(service=services["invoice"]).confidentiality == 2


def test_people_call_it_by_a_stable_reference(new_ticket):
    ticket = new_ticket()
    assert ticket.reference == f"R-{ticket.pk:06d}"
