"""The letters that wait in the queue, delivered as the worker would."""

from __future__ import annotations

import re

from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from relais.people.tasks import send_letter


def deliver() -> list[mail.EmailMessage]:
    """Run the jobs that wait for a worker; return what they sent, oldest first."""
    mail.outbox = []
    jobs = ProcrastinateJob.objects.filter(task_name=send_letter.name).order_by("id")
    for job in jobs.exclude(id__in=_delivered):
        send_letter(**job.args)
        _delivered.add(job.id)
    return mail.outbox


_delivered: set[int] = set()


def link_in(letter: mail.EmailMessage) -> str:
    """Return the first link of a letter, without the host."""
    return re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]
