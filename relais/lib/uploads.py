"""Uploads stop being written down once they are longer than anything that is taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class LengthHandler(FileUploadHandler):
    """Drops what is too long, and leaves its name in `request.too_long`.

    Without it a stranger fills the disk before any form is asked.
    """

    def handle_raw_input(self, *told: Any, **more: Any) -> None:
        if self.request is not None:
            self.request.too_long = []

    def new_file(self, *told: Any, **more: Any) -> None:
        super().new_file(*told, **more)
        self.left = settings.UPLOAD_LIMIT

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.left -= len(raw_data)
        if self.left < 0:
            if self.request is not None:
                self.request.too_long.append(self.file_name or "")
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
