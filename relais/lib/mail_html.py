"""The text of a mail written in HTML, with what it quotes marked by ">" as in plain mails."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

_BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr"}
_SILENT = {"style", "script", "head", "title"}
_VOID = {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "wbr", "source"}
# An element of these quotes …
_QUOTES = ("gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix", "zmail_extra")
_QUOTE_IDS = {"olk_src_body_section", "mail-editor-reference-message-container"}
# … and after one of these all the rest is quoted.
_REST_IDS = {"divrplyfwdmsg", "appendonsend", "stopspelling", "replysplit"}
_REST_STYLE = re.compile(r"border:none;border-top:solid#[0-9a-f]{6}1\.0pt", re.IGNORECASE)


LONGEST = 1_000_000
# The end of a comment is looked for at each beginning of one: with many and no end, for hours.
MOST_COMMENTS = 1_000


class _Reader(HTMLParser):
    """Collects the text of a page, a line for each block; quoted pieces apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[tuple[bool, str]] = []
        self.silent = 0
        self.open: list[tuple[str, bool]] = []
        self.quoting = 0
        self.rest = False
        self.marks = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _SILENT:
            self.silent += 1
        quotes = self._quotes(tag, dict(attrs))
        self.marks = self.marks or quotes or self.rest
        if tag in _BLOCKS:
            self._add("\n")
        if tag not in _VOID:
            self.open.append((tag, quotes))
            self.quoting += quotes
            if quotes:
                self._add("\n")

    def _quotes(self, tag: str, attrs: dict[str, str | None]) -> bool:
        own = (attrs.get("id") or "").lower().removeprefix("x_")
        if own in _REST_IDS or _REST_STYLE.search((attrs.get("style") or "").replace(" ", "")):
            self.rest = True
            self._add("\n")
        named = (attrs.get("class") or "").lower()
        return tag == "blockquote" or own in _QUOTE_IDS or any(name in named for name in _QUOTES)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        if tag in _BLOCKS:
            self._add("\n")
        if not any(one == tag for one, _quotes in self.open[-200:]):
            return
        while self.open:
            closed, quotes = self.open.pop()
            self.quoting -= quotes
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._add(re.sub(r"\s+", " ", data))

    def _add(self, text: str) -> None:
        self.pieces.append((self.rest or self.quoting > 0, text))


def _bounded(page: str) -> str:
    """Return the page without what has the parser look for an end that is not there."""
    page = page[:LONGEST]
    if page.count("<!") > MOST_COMMENTS:
        page = page.replace("<!", " ")
    end = page.rfind(">") + 1
    return page[:end] + page[end:].replace("<", "&lt;")


def text_of(page: str) -> tuple[str, bool]:
    """Return the text of a page, and whether it marks what it quotes (then by "> ")."""
    reader = _Reader()
    page = _bounded(page)
    try:
        reader.feed(page)
        reader.close()
    except Exception:  # marked-up sections that are none; what was read before them is kept
        reader.pieces.append((False, "…"))
    lines: list[str] = []
    line, quoted = "", False
    for is_quoted, piece in [*reader.pieces, (False, "\n")]:
        for part in re.split(r"(\n)", piece):
            if part == "\n":
                lines.append(("> " if quoted and line.strip() else "") + line.strip())
                line, quoted = "", False
            elif part.strip():
                quoted = quoted or is_quoted
                line += part
            else:
                line += part
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return text, reader.marks
