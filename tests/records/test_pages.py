"""The pages and calls of reviews: who opens them, what they show, and what is refused."""

import json
from decimal import Decimal, InvalidOperation

import pytest
from django.urls import reverse

from relais.desk.models import Ticket
from relais.offer import catalogue
from relais.people.models import Confidentiality
from relais.records import closing, figures_kept
from relais.records.models import Commentary, CreditStatement, Exclusion, Review, ReviewDocument
from relais.records.views.credits import euros_in

from .months import MARCH, agreed, at, delivered

READERS = {"paul", "maud", "claire", "sylvie"}
OTHERS = {"alice", "quentin", "luc", "marc", "denis", "aude"}


@pytest.fixture
def closed(world):
    """Return the March of Calanques, closed; one exclusion is asked for."""
    catalogue.preload(world.provider)
    people = world.people
    tickets = delivered(world, 22, 25, version=agreed(world))
    delivered(world, 0, 2, who="claire", confidentiality=Confidentiality.EXECUTIVE)
    review = Review.open(world.companies.calanques, MARCH, by=people.paul)
    closing.prepare(review, by=people.paul, at=at(4, 2))
    Commentary.write(review, "Un mois calme.", by=people.paul)
    closing.close(review, by=people.paul, at=at(4, 3))
    Exclusion.propose(tickets[24], "delivery", "Force majeure", "Mail du 5", by=people.paul)
    ReviewDocument.objects.create(
        provider=world.provider, review=review, kind="review", language="fr", content=b"%PDF",
        mark="x", made_at=at(4, 3),
    )  # fmt: skip
    return review


def addresses(review):
    statement = CreditStatement.objects.get()
    return [
        reverse("reviews"), reverse("review", args=[review.pk]), reverse("exclusions"),
        reverse("statements"), reverse("statement", args=[statement.pk]),
        reverse("statement_note", args=[statement.pk, "csv"]),
        reverse("statement_note", args=[statement.pk, "json"]),
        reverse("review_lines", args=[review.pk]), reverse("review_frozen", args=[review.pk]),
        reverse("review_document", args=[review.pk, "review"]),
        "/api/reviews", f"/api/reviews/{review.pk}", f"/api/reviews/{review.pk}/lines",
        f"/api/reviews/{review.pk}/frozen", f"/api/reviews/{review.pk}/documents/review",
        "/api/exclusions", "/api/credit_statements", f"/api/credit_statements/{statement.pk}/note",
    ]  # fmt: skip


def test_each_page_opens_for_those_whose_affair_it_is_and_for_nobody_else(world, closed, client_of):
    for who in sorted(READERS | OTHERS):
        client = client_of(getattr(world.people, who))
        wanted = 200 if who in READERS else 404
        for url in addresses(closed):
            assert client.get(url).status_code == wanted, (who, url)
    fanny = client_of(world.people.fanny)
    assert fanny.get(reverse("reviews")).status_code == 200
    named = [url for url in addresses(closed) if f"/{closed.pk}/" in url]
    assert {fanny.get(url).status_code for url in named} == {404}
    statement = CreditStatement.objects.get()
    statement.issue(by=world.people.paul)
    bruno = client_of(world.people.bruno)
    assert bruno.get(reverse("statement", args=[statement.pk])).status_code == 200
    assert bruno.get(reverse("statements")).status_code == 200
    assert bruno.get(reverse("review", args=[closed.pk])).status_code == 404


def test_a_client_reads_no_figure_of_the_providers_and_nobody_a_request_of_class_c3(
    world, closed, client_of
):
    secret = Ticket.objects.filter(confidentiality=Confidentiality.EXECUTIVE).first()
    page = reverse("review", args=[closed.pk])
    told = {who: client_of(getattr(world.people, who)) for who in ("paul", "claire")}
    assert "Concentration" in told["paul"].get(page).content.decode()
    for who, client in told.items():
        shown = client.get(f"/api/reviews/{closed.pk}").json()
        assert bool(shown["own_figures"]) is (who == "paul")
        rows = json.dumps(client.get(f"/api/reviews/{closed.pk}/lines").json())
        assert secret.reference not in rows
        assert ("Concentration" in rows) is (who == "paul")
    assert "Concentration" not in told["claire"].get(page).content.decode()


def test_the_verbs_of_the_pages_do_what_they_say_or_tell_why_not(world, closed, client_of):
    paul, claire = client_of(world.people.paul), client_of(world.people.claire)
    page = reverse("review", args=[closed.pk])

    def post(client, name, pk, **sent):
        return client.post(reverse(name, args=[pk]), sent, follow=True)

    assert post(paul, "review_close", closed.pk).status_code == 200
    assert closed.state == "closed"
    assert post(claire, "review_comment", closed.pk, text="Trop tard").status_code == 422
    assert post(claire, "review_comment", closed.pk, text="").status_code == 422
    post(claire, "review_item_add", closed.pk, kind="action", text="Revoir la fiche")
    item = closed.items.get()
    assert post(claire, "review_item_add", closed.pk, kind="nil", text="").status_code == 422
    post(claire, "review_item_finish", item.pk)
    post(paul, "review_item_drop", item.pk)
    item.refresh_from_db()
    assert item.state == "done"
    post(claire, "review_subscribe", closed.pk)
    assert 'name="stop"' in claire.get(page).content.decode()
    exclusion = Exclusion.objects.get()
    post(claire, "exclusion_refuse", exclusion.pk, word="")
    post(claire, "exclusion_agree", exclusion.pk, word="Vu")
    exclusion.refresh_from_db()
    assert exclusion.state == "agreed"
    post(paul, "review_restate", closed.pk)
    assert closed.restatements.count() == 1
    assert (
        "Restatement" in claire.get(page, headers={"accept-language": "en"}).content.decode()
        or "Rectification" in claire.get(page).content.decode()
    )
    assert post(claire, "review_restate", closed.pk).status_code == 200
    assert closed.restatements.count() == 1
    line = CreditStatement.objects.get().lines.first()
    if line is not None:
        post(claire, "line_dispute", line.pk, word="Compté deux fois")
        refused = post(paul, "line_settle", line.pk, amount="x", settlement="Moitié-moitié")
        assert refused.status_code == 422
        assert 'value="Moitié-moitié"' in refused.content.decode()  # nothing typed is lost
        post(paul, "line_settle", line.pk, amount="12,50", settlement="D’accord")
    statement = CreditStatement.objects.get()
    assert post(claire, "statement_issue", statement.pk).status_code == 200
    post(paul, "statement_issue", statement.pk, version=statement.version)
    statement.refresh_from_db()
    assert statement.label.startswith("AV-")


def test_a_month_is_prepared_and_closed_from_the_list(world, closed, client_of):
    paul, url = client_of(world.people.paul), reverse("reviews")
    sent = {"month": "2026-03", "company": world.companies.froid.pk}
    made = paul.post(url, {**sent, "prepare": "1"}, follow=True)
    assert made.status_code == 200
    froid = Review.objects.get(company=world.companies.froid)
    assert (froid.state, bool(froid.shown)) == ("open", True)
    paul.post(url, {"month": "2026-03", "close": "1"})
    froid.refresh_from_db()
    assert froid.asked_at is not None
    assert "hx-trigger" in paul.get(url).content.decode()
    assert paul.post(url, {"month": "1999-99", "close": "1"}).status_code == 422
    assert paul.post(url, {"month": "2026-03", "prepare": "1"}).status_code == 422
    assert client_of(world.people.claire).post(url, sent).status_code == 404


def test_the_calls_do_as_the_pages(world, closed, client_of):
    paul, claire = client_of(world.people.paul), client_of(world.people.claire)

    def post(browser, path, **body):
        sent = browser.post(f"/api/{path}", json.dumps(body), content_type="application/json")
        return sent.status_code, json.loads(sent.content or b"null")

    key = closed.pk
    froid = {"client": world.companies.froid.pk, "month": "2026-03"}
    assert post(claire, "reviews", **froid)[0] == 404
    code, made = post(paul, "reviews", **froid)
    assert (code, made["state"]) == (201, "open")
    assert post(paul, f"reviews/{made['id']}/count")[0] == 200
    assert post(paul, f"reviews/{made['id']}/comment", text="Bien")[0] == 200
    assert post(paul, f"reviews/{made['id']}/comment", text="Bien", seen=0)[0] == 409
    assert post(paul, f"reviews/{made['id']}/close")[0] == 200
    assert post(paul, f"reviews/{made['id']}/close")[0] == 409
    assert post(claire, f"reviews/{key}/close")[0] == 403
    assert post(paul, "reviews/close_month", month="2026-03") == (200, {"asked": 0})
    assert post(claire, "reviews/close_month", month="2026-03")[0] == 404
    assert post(paul, f"reviews/{key}/restate") == (200, [])
    code, item = post(claire, f"reviews/{key}/items", kind="decision", text="Plus de fax")
    assert code == 201
    assert post(claire, f"review_items/{item['id']}/drop")[0] == 200
    assert post(claire, f"review_items/{item['id']}/finish")[0] == 409
    assert post(claire, f"reviews/{key}/subscribe")[0] == 204
    assert post(claire, f"reviews/{key}/make_documents")[0] == 204
    exclusion = Exclusion.objects.get()
    reference = Ticket.objects.filter(confidentiality=1).latest("id").reference
    given = {"reference": reference, "reason": "Force majeure", "evidence": "Mail"}
    assert post(claire, "exclusions", **given)[0] == 409  # it stands already
    assert post(claire, "exclusions", **given | {"reference": "R-9999999"})[0] == 422
    assert post(claire, "exclusions", **given | {"of": "first_response"})[0] == 201
    assert post(paul, f"exclusions/{exclusion.pk}/agree")[0] == 403
    assert post(claire, f"exclusions/{exclusion.pk}/refuse", word="Non")[0] == 200
    assert post(paul, f"exclusions/{exclusion.pk}/withdraw")[0] == 409
    statement = CreditStatement.objects.get(review=closed)
    line = statement.lines.get()
    assert post(claire, f"credit_lines/{line.pk}/dispute", word="Deux fois")[0] == 200
    assert post(claire, f"credit_lines/{line.pk}/settle", amount=100, settlement="x")[0] == 403
    assert post(paul, f"credit_statements/{statement.pk}/issue")[0] == 409
    assert post(paul, f"credit_lines/{line.pk}/settle", amount=10**9, settlement="x")[0] == 422
    code, told = post(paul, f"credit_lines/{line.pk}/settle", amount=10000, settlement="Moitié")
    assert (code, told["total"]) == (200, 10000)
    assert post(claire, f"credit_statements/{statement.pk}/issue")[0] == 403
    code, told = post(paul, f"credit_statements/{statement.pk}/issue", version=told["version"])
    assert (code, told["number"][:3]) == (200, "AV-")


def test_an_amount_is_read_as_either_language_writes_it():
    for text in ("1234.5", "1 234,50 €", "1\u202f234,50", "1,234.50", "1.234,50"):
        assert euros_in(text) == Decimal("1234.5"), text
    for text in ("", "x", "NaN", "1e400", "12,5,5"):
        with pytest.raises(InvalidOperation):
            euros_in(text)


def test_figures_that_are_being_counted_are_no_empty_file(world, client_of, monkeypatch):
    monkeypatch.setattr(figures_kept, "AT_ONCE", -1)
    answer = client_of(world.people.paul).get("/figures/", {"export": "xlsx"})
    assert answer["Content-Type"].startswith("text/html")
