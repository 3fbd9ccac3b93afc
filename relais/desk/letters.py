"""Sending the letters of the outbox: each once, by a job, tried again when the server refuses."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.utils import timezone

from .models import Letter

AUTOMATIC = "received:"


def send(letter_id: int) -> str:
    """Return an empty text when the letter is sent (or was already), else why it was not.

    The row is held meanwhile, so that two workers do not send it twice. A crash between the mail
    server's word and ours sends it again, under the same Message-ID.
    """
    letters = Letter.objects.select_for_update(skip_locked=True, of=("self",))
    letter = (
        letters.select_related("provider")
        .filter(pk=letter_id)
        .exclude(state__in=[Letter.State.SENT, Letter.State.WITHHELD])
        .first()
    )
    if letter is None:
        return ""
    if letter.hold_until is not None and letter.hold_until > timezone.now():
        return f"held until {letter.hold_until}"  # the job is tried again
    letter.attempts += 1
    try:
        _mail(letter).send()
    except OSError as fault:  # smtplib's errors are OSErrors
        letter.state, letter.error = Letter.State.FAILED, str(fault)[:300]
    else:
        letter.state, letter.error, letter.sent_at = Letter.State.SENT, "", timezone.now()
    letter.save(update_fields=["attempts", "state", "error", "sent_at"])
    return letter.error


def _mail(letter: Letter) -> EmailMessage:
    headers = {"Message-ID": letter.mail_id}
    if letter.in_reply_to:
        headers |= {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}
    if letter.key.startswith(AUTOMATIC):
        headers["Auto-Submitted"] = "auto-replied"  # so that no robot answers it
    answers = [letter.provider.inbox] if letter.provider.inbox else []
    return EmailMessage(
        letter.subject, letter.body, to=[letter.to], headers=headers, reply_to=answers
    )
