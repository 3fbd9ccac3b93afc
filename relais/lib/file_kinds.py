"""What a file is, by its first bytes, and a name that no system misreads."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

# Only what a browser may show needs to be known for certain.
_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
UNKNOWN = "application/octet-stream"
_SHOWN = {kind for _, kind in _SIGNS} | {"image/webp"}
LONGEST_NAME = 150


def kind_of(head: bytes, name: str) -> str:
    """Return the media type: by the first bytes, else by the name if that is harmless."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for sign, kind in _SIGNS:
        if head.startswith(sign):
            return kind
    guess = mimetypes.guess_type(name)[0] or UNKNOWN
    # Named so, but it is none: a page in the clothes of a picture.
    return UNKNOWN if guess in _SHOWN else guess


def clean_name(name: str) -> str:
    """Return the name without folders, control and direction signs, dots in front, or too much."""
    name = name.replace("\\", "/").rpartition("/")[2]
    # A sign that turns the direction of writing would show "exe.pdf" for "fdp.exe".
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", name)).strip(" .")
    if not name:
        return "file"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 15:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def ending_of(name: str) -> str:
    """Return the ending of a name in lower case, without its dot."""
    return name.rpartition(".")[2].lower() if "." in name else ""
