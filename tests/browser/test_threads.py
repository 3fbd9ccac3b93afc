"""What a thread needs a browser for: no typed text is lost, drafts, files sent ahead."""

from __future__ import annotations

import pytest

from relais.desk import intake
from relais.desk.models import Attachment, Message, Ticket
from relais.lib.tenancy import tenant


@pytest.fixture
def ticket(live):
    """Return a ticket of Marc's that Alice works on."""
    people = live.world.people
    with tenant(live.world.provider.pk):
        made = intake.receive(requester=people.marc, subject="Salle Mistral", channel="form")
        made.assign(people.alice)
        made.take(by=people.alice)
    return made


def rows(live, model):
    with tenant(live.world.provider.pk):
        return list(model.objects.order_by("pk"))


def test_no_typed_text_is_lost(live, page_as, ticket, accessible, tmp_path):
    people = live.world.people
    hers, his = page_as(people.alice), page_as(people.paul, phone=True)
    address = f"/tickets/{ticket.pk}/"
    hers.goto(address)
    his.goto(address)
    # Two on one ticket: he is faster, she is told what changed and keeps her words.
    hers.fill("#write-text", "Un long texte tapé à la main")
    his.fill("#write-text", "Je m’en charge")
    his.click("#write button.btn-primary")
    his.wait_for_selector("text=Votre message est envoyé")
    hers.click("#write button.btn-primary")
    hers.wait_for_selector(".meanwhile")
    assert "Paul Pichon" in hers.inner_text(".meanwhile")
    assert hers.input_value("#write-text") == "Un long texte tapé à la main"
    assert not accessible(hers)
    # She turns away and comes back: the draft is still there; once sent it is forgotten.
    hers.goto("/day/")
    hers.goto(address)
    assert hers.input_value("#write-text") == "Un long texte tapé à la main"
    # Files go ahead, several at once; the page takes the line for each, and one back.
    for name in ("plan.txt", "photo.txt"):
        (tmp_path / name).write_text(name)
    hers.set_input_files("#write input[type=file]", [tmp_path / "plan.txt", tmp_path / "photo.txt"])
    hers.wait_for_selector(".draft-file input[name=attached] >> nth=1", state="attached")
    hers.click(".draft-file:has-text('plan.txt') [data-drop-file]")
    hers.wait_for_function("document.querySelectorAll('.draft-file').length === 1")
    hers.click("#write button.btn-primary")
    hers.wait_for_selector("text=Votre message est envoyé")
    assert hers.input_value("#write-text") == ""
    assert hers.evaluate("Object.keys(localStorage).filter(k => k.includes('draft')).length") == 0
    sent = [one for one in rows(live, Attachment) if one.message_id]
    assert [one.name for one in sent] == ["photo.txt"]
    # Class C3 leaves nothing in the browser, and signing out forgets the rest.
    hers.fill("#write-text", "À moitié")
    assert hers.evaluate("Object.keys(localStorage).filter(k => k.includes('draft')).length") == 1
    with tenant(live.world.provider.pk):
        Ticket.objects.filter(pk=ticket.pk).update(confidentiality=3)
        assert Message.objects.filter(ticket=ticket).count() == 3
    hers.goto(address)
    hers.fill("#write-text", "Un secret")
    kept = hers.evaluate("JSON.stringify(localStorage)")
    assert "secret" not in kept
    hers.context.clear_cookies()
    hers.goto("/accounts/login/")
    assert "moitié" not in hers.evaluate("JSON.stringify(localStorage)")
