"""Letters leave through a job, deferred in the transaction: with the data, or not at all.

They lie sealed in the queue: an address or a link that resets a password is not for its readers.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from relais.lib.sealed import seal, unseal

PURPOSE = "letter"


def write(template: str, *, to: str, language: str, **context: Any) -> EmailMessage:
    """Return a letter in `language`; the template's first line is its subject."""
    with translation.override(language):
        text = render_to_string(template, {"site_url": settings.SITE_URL, **context})
    subject, _, body = text.strip().partition("\n")
    return EmailMessage(subject.strip(), body.strip() + "\n", to=[to])


def post(letter: EmailMessage) -> None:
    """Send the letter once the transaction commits."""
    from .tasks import send_letter

    send_letter.defer(sealed=sealed(letter))


def sealed(letter: EmailMessage) -> str:
    """Return the letter as a job may carry it."""
    content = {
        "subject": str(letter.subject),
        "body": str(letter.body),
        "from_email": letter.from_email,
        "to": list(letter.to),
        "headers": {name: str(value) for name, value in letter.extra_headers.items()},
        "alternatives": [
            [str(part[0]), str(part[1])] for part in getattr(letter, "alternatives", [])
        ],
    }
    return seal(json.dumps(content), purpose=PURPOSE)


def unsealed(text: str) -> EmailMultiAlternatives:
    """Return the letter again. Raises `SealBroken` after a change of the secret key."""
    return EmailMultiAlternatives(**json.loads(unseal(text, purpose=PURPOSE)))
