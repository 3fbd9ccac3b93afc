"""The API of files: sent ahead, named in the call that writes, handed out as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponseBase
from ninja import Field, File, Router, Status
from ninja.files import UploadedFile

from relais.lib.api_types import Fault, FieldFaults, Key, PathKey
from relais.lib.told import Told
from relais.people.access import Access
from relais.people.api import access_of

from . import filing
from .handing_out import served
from .models import Attachment, Message

router = Router(tags=["requests"])
BYTES = {"description": "The file", "content": {"application/octet-stream": {"schema": {}}}}
# The keys of drafts, as `POST /files` gave them.
Files = Annotated[list[Key], Field(max_length=filing.AT_ONCE)]


class FileOut(Told):
    """A file. `id` is empty for one of a mail that was not kept; `why` says why not."""

    id: int | None
    name: str
    type: str
    size: int
    why: str = ""


@router.post("/files", response={201: FileOut, 422: FieldFaults}, operation_id="file_upload")
def upload(request: HttpRequest, file: UploadedFile = File(...)) -> Status:  # noqa: B008
    """Keep a file as your draft: name its `id` in the call that writes. Drafts last a day."""
    for name in getattr(request, "too_long", ()):
        raise filing.TooLarge(name=name, limit=filing.settings.ATTACHMENT_MB)
    return Status(201, told(filing.draft(file, by=access_of(request).person)))


@router.get(
    "/files/{key}",
    response={404: Fault},
    operation_id="file",
    openapi_extra={"responses": {200: BYTES}},
)
def download(request: HttpRequest, key: PathKey) -> HttpResponseBase:
    """Return the bytes of a file that you may see."""
    seen = access_of(request).see(Attachment).select_related("file").filter(pk=key).first()
    if seen is None:
        raise Http404
    return served(request, seen, download=True)


@router.delete("/files/{key}", response={204: None, 404: Fault}, operation_id="file_drop")
def drop(request: HttpRequest, key: PathKey) -> Status:
    """Take your own draft back."""
    access = access_of(request)
    mine = access.see(Attachment).filter(message=None, by=access.person, pk=key).first()
    if mine is None:
        raise Http404
    filing.drop(mine, by=access.person)
    return Status(204, None)


def drafts(access: Access, keys: Sequence[int]) -> list[Attachment]:
    """Return the drafts of these keys. Raises Http404 unless each is this person's."""
    found = filing.drafts(keys, by=access.person)
    if len(found) != len(set(keys)):
        raise Http404
    return found


def of_message(message: Message) -> list[FileOut]:
    """Return the files of a message, and those of its mail that were not kept."""
    lost = [
        FileOut(id=None, name=one["name"], type="", size=one.get("size", 0), why=one.get("why", ""))
        for one in message.attachments
    ]
    return [*(told(file) for file in message.files.all()), *lost]


def told(file: Attachment) -> FileOut:
    """Return what a caller learns of a file."""
    return FileOut(id=file.pk, name=file.name, type=file.type, size=file.file.size)
