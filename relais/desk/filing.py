"""Files come in with a form, the API or a mail: stored once, written down, cleaned away."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from relais.lib import file_kinds, mail_files, vault
from relais.lib.problem import Problem
from relais.lib.tenancy import all_tenants, tenant
from relais.people.models import Person

from .models import Attachment, Message, StoredFile

DRAFTS_KEPT = timedelta(hours=24)
AT_ONCE = 20
# How many bytes tell what a file is.
HEAD = 16
log = logging.getLogger(__name__)


class TooLarge(Problem):
    """The file is larger than files may be."""

    message = _("“%(name)s” is larger than %(limit)s MB: send a smaller file, or in parts.")


class Unwelcome(Problem):
    """Files of this kind are not taken."""

    message = _("“%(name)s”: files that end in “.%(ending)s” are not taken, as they may do harm.")


class Empty(Problem):
    """The file holds nothing."""

    message = _("“%(name)s” is empty: choose it again.")


class TooMany(Problem):
    """More files than one message may carry."""

    message = _("A message carries at most %(most)s files: send the others with another one.")


class Upload(Protocol):
    """A file as a form or the API brings it."""

    name: str | None

    def chunks(self) -> Iterable[bytes]:
        """Yield its bytes."""


def store() -> vault.Vault:
    """Return where the bytes lie."""
    return vault.vault(settings.DATA_DIR, settings.FILE_STORE)


def draft(upload: Upload, *, by: Person) -> Attachment:
    """Return the file as a draft of its sender: kept, and seen by nobody else yet.

    Raises `TooLarge`, `Unwelcome`, `Empty`, `TooMany`, `vault.StoreBad`.
    """
    if Attachment.objects.filter(by=by, message=None).count() >= 5 * AT_ONCE:
        raise TooMany(most=AT_ONCE)
    return _keep(upload.name or "", upload.chunks(), by=by)


def drafts(keys: Iterable[Any], *, by: Person) -> list[Attachment]:
    """Return those of the drafts that are this person's, in the order of their keys."""
    known = {int(key) for key in keys if str(key).isdecimal() and len(str(key)) < 19}
    if not known:
        return []
    mine = Attachment.objects.filter(pk__in=known, by=by, message=None)
    return list(mine.select_related("file").order_by("pk"))


def check_number(files: Sequence[Attachment]) -> None:
    """Raise `TooMany` when these are too many for one message."""
    if len(files) > AT_ONCE:
        raise TooMany(most=AT_ONCE)


def drop(attachment: Attachment, *, by: Person) -> None:
    """Take back one's draft; what was sent stays."""
    Attachment.objects.filter(pk=attachment.pk, by=by, message=None).delete()


def again(message: Message, *, by: Person) -> list[Attachment]:
    """Return the files of a word that was taken back, as drafts of its sender once more."""
    return Attachment.objects.bulk_create(
        Attachment(
            provider_id=one.provider_id,
            file=one.file,
            name=one.name,
            type=one.type,
            by=by,
        )
        for one in message.files.select_related("file")
    )


def file_mail(message: Message) -> int:
    """Return how many files of a mail were stored beside its message, from the message's `raw`.

    What is not taken stays in the raw mail, and `message.attachments` says why. Done once: a second
    call finds them there.
    """
    if message.raw is None or message.files.exists():
        return 0
    left, stored = [], 0
    for name, content in mail_files.files(bytes(message.raw)):
        try:
            _keep(name, [content], message=message)
            stored += 1
        except (TooLarge, Unwelcome, Empty) as refusal:
            why = type(refusal).__name__.lower()
            left.append({"name": file_kinds.clean_name(name), "size": len(content), "why": why})
    message.attachments = left
    message.save(update_fields=["attachments"])
    return stored


def _keep(
    name: str, chunks: Iterable[bytes], *, by: Person | None = None, message: Message | None = None
) -> Attachment:
    name = file_kinds.clean_name(name)
    limit = settings.ATTACHMENT_MB
    if (ending := file_kinds.ending_of(name)) in settings.ATTACHMENT_REFUSED:
        raise Unwelcome(name=name, ending=ending)
    owner = by or message
    assert owner is not None
    incoming = settings.DATA_DIR / "incoming"
    try:
        with vault.weighed(chunks, limit * 2**20, incoming) as (file, digest):
            head = file.read(HEAD)
            if not head:
                raise Empty(name=name)
            file.seek(0)
            kept = _put(owner.provider_id, digest, file)
    except vault.TooLong:
        raise TooLarge(name=name, limit=limit) from None
    return Attachment.objects.create(
        provider_id=owner.provider_id,
        message=message,
        file=kept,
        name=name,
        type=file_kinds.kind_of(head, name)[:100],
        by=by,
    )


def _put(provider_id: int, digest: str, file: Any) -> StoredFile:
    """Return the row of the bytes, which are durable before it is written."""
    with transaction.atomic():
        _hold(provider_id, digest, "shared")
        known = StoredFile.objects.filter(provider_id=provider_id, digest=digest).first()
        if known is not None:
            return known
        size = file.seek(0, 2)
        file.seek(0)
        store().put(_key(provider_id, digest), file)
        StoredFile.objects.bulk_create(
            [StoredFile(provider_id=provider_id, digest=digest, size=size)], ignore_conflicts=True
        )
        return StoredFile.objects.get(provider_id=provider_id, digest=digest)


def _hold(provider_id: int, digest: str, how: str = "") -> None:
    """Keep the cleaning away from these bytes (or, alone, whoever wants them) till the commit."""
    function = f"pg_advisory_xact_lock{'_shared' if how else ''}"
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(hashtextextended(%s, 0))", [f"{provider_id}/{digest}"])


def _key(provider_id: int, digest: str) -> str:
    return f"{provider_id}/{digest[:2]}/{digest}"


def content(attachment: Attachment) -> Iterator[bytes]:
    """Yield the bytes. Raises FileNotFoundError, `vault.StoreBad`."""
    return store().read(_key(attachment.provider_id, attachment.file.digest))


# Cleaning ----------------------------------------------------------------------------------------


def clean(provider_id: int) -> int:
    """Return how many files were forgotten: drafts that nobody sent, and bytes that nobody names.

    Call it outside of any transaction.
    """
    before = timezone.now() - DRAFTS_KEPT
    with tenant(provider_id):
        Attachment.objects.filter(message=None, created_at__lt=before).delete()
        unnamed = StoredFile.objects.filter(attachments=None, created_at__lt=before)
        found = list(unnamed.values_list("digest", flat=True)[:1000])
    return sum(_forget(provider_id, digest) for digest in found)


def _forget(provider_id: int, digest: str) -> bool:
    with tenant(provider_id):
        _hold(provider_id, digest)
        rows = StoredFile.objects.filter(digest=digest, attachments=None)
        if not rows.delete()[0]:
            return False
    # Committed first: a row without bytes would be a lie, bytes without a row are only room.
    with tenant(provider_id):
        _hold(provider_id, digest)
        if StoredFile.objects.filter(digest=digest).exists():
            return False
        store().delete(_key(provider_id, digest))
    return True


def sweep_store() -> int:
    """Return how many stray bytes were dropped: those that a crash left without a row."""
    before, dropped = timezone.now() - DRAFTS_KEPT, 0
    place = store()
    for held in place.walk():
        owner, _, digest = held.key.split("/") if held.key.count("/") == 2 else ("", "", "")
        if held.changed_at > before or not owner.isdecimal():
            continue
        with all_tenants("drop files that nobody names"):
            _hold(int(owner), digest)
            named = StoredFile.objects.filter(provider_id=owner, digest=digest).exists()
            if not named:
                place.delete(held.key)
                dropped += 1
    if dropped:
        log.info("files: %s without a row were dropped", dropped)
    return dropped
