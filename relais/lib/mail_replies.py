"""What somebody wrote now, apart from what was quoted and signed: never a word is lost for it.

Whoever reads gets the new words first and the whole mail at a touch, so that a wrong cut costs a
touch and nothing else. In doubt nothing is cut: answers written between quoted lines stay whole.
The readings, the surest first: our own line, the marks of quotes in HTML, a kept library that knows
the quoting lines of many languages, and lines whose form speaks in any of them (bench/replies.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from mailparser_reply import EmailReplyParser

# The languages whose quoting lines the library knows, apart from alphabets that take it long.
LANGUAGES = ["en", "fr", "de", "es", "it", "nl", "pt", "pl", "da", "sv", "cs"]
LONGEST = 20_000  # new words stand at the top
# A line "On On On …" of 20,000 signs keeps the library busy for half a minute.
LIBRARY_LONGEST = 5_000
LINE_LONGEST = 1_000

_SENT_BY = re.compile(
    r"^\s*\W?(sent (from|via|with) (my |the )?|get outlook for "
    r"|envoyé (de(puis)?|à partir de|avec) |gesendet (von|mit) |von meinem \w+ gesendet"
    r"|enviado (desde|do|a partir) |inviato (da|con) "
    r"|verzonden (vanaf|met) |verstuurd vanaf |skickat från |sendt fra |wysłan[eo] z |télécharger "
    r"outlook )[^.,;]{0,60}(<\S+>)?\W*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^\s*(--|—+|–+|_{2,3})\s*$")
_RULED = re.compile(r"^\s*[-_=*]{3,}\s*[^\W\d_][^\n]{2,150}?\s*[-_=*]{3,}\s*$")
_RULE = re.compile(r"^\s*([-_=*]{4,}|\* \* \*)\s*$")
_FROM = re.compile(
    r"^[\s>*_]*(from|de|von|van|da|fra|från|od|от|lähettäjä|message du|expéditeur|feladó)[*_]*"
    r"\s*:[\s*_]*\S",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^[\s>*_]*[^\W\d_][\w’' ()-]{0,22}[*_]*\s*:[\s*_]*\S?")
_WROTE = re.compile(
    r"(wrote|a écrit|schrieb|escribió|ha scritto|schreef|escreveu|skrev|napisał(\(a\))?|kirjoitti"
    r"|írta|написал\w*|пишет|napsal\w*|geschreven|écrit)\b[^\n]{0,120}[:>-]*\s*$",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,2}[:.h]\d{2}|\b(19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b\d{1,2}\b")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+\.\w+")


@dataclass(frozen=True)
class Reply:
    """The new words, and how they were told from the rest (empty: nothing was left out)."""

    text: str
    how: str = ""


def of_text(text: str, marker: str = "") -> Reply:
    """Return what is new in the text of a reply; `marker` stands in a line of our own letters."""
    whole = text.strip()
    lines = whole[:LONGEST].splitlines()
    if marker and (end := _marked(lines, marker)):
        found = _cut(lines[:end])
        return Reply(found.text or "\n".join(lines[:end]).strip(), "marker")
    return _cut(lines) if _cut(lines).how else Reply(whole)


def _marked(lines: list[str], marker: str) -> int:
    """Return the number of the line of ours, which quoting may have indented; 0: there is none."""
    return next((n for n, line in enumerate(lines) if n and marker in line), 0)


def _cut(lines: list[str]) -> Reply:
    if _answers_between(lines):
        return Reply("\n".join(lines).strip())
    how, end = next(
        ((kind, n) for n in range(len(lines)) if (kind := _ends_at(lines, n))), ("", len(lines))
    )
    text = "\n".join(lines[:end]).rstrip()
    known = _of_library(text)
    if known and len(known) < len(text):
        how, text = "language", known
    text = _without_rule(text)
    if not text.strip() or not how:
        return Reply("\n".join(lines).strip())
    return Reply(text.strip(), how)


def _answers_between(lines: list[str]) -> bool:
    """Return whether a paragraph that is neither quoted nor a signature follows a quoted one."""
    quoted = blank = False
    for line in lines:
        if line.lstrip().startswith(">"):
            quoted, blank = True, False
        elif not line.strip():
            blank = True
        elif _SIGNATURE.match(line) or _SENT_BY.match(line):
            return False
        elif quoted and blank:
            return True
    return False


def _ends_at(lines: list[str], n: int) -> str:
    """Return why the new words end before line `n`, or an empty text."""
    line = lines[n]
    if not line.strip():
        return ""
    if _SIGNATURE.match(line):
        return "signature" if n else ""
    if _SENT_BY.match(line):
        return "signature" if n else ""
    if line.lstrip().startswith(">"):
        return "quote" if n else ""
    if _RULED.match(line) and _is_heading(lines, n):
        return "separator"
    if _FROM.match(line) and _is_head(lines, n):
        return "header"
    return "attribution" if _is_attribution(lines, n) else ""


def _is_heading(lines: list[str], n: int) -> bool:
    """Return whether a line between rules says that another mail begins."""
    words = lines[n].strip(" -_=*\t").lower()
    after = [line for line in lines[n + 1 : n + 4] if line.strip()]
    return bool(_WROTE.search(words) or _DATE.search(words) or len(words.split()) <= 4) and bool(
        after
    )


def _is_head(lines: list[str], n: int) -> bool:
    """Return whether the headers of a mail begin here: three lines "name: value", one an address
    or a date.
    """
    head = [line for line in lines[n : n + 7] if line.strip()][:6]
    fields = [line for line in head if _FIELD.match(line)]
    text = " ".join(head)
    return len(fields) >= 3 and bool(_ADDRESS.search(text) or _DATE.search(text))


def _is_attribution(lines: list[str], n: int) -> bool:
    """Return whether "On … somebody wrote:" begins here, over up to three lines."""
    if n and lines[n - 1].strip() and not _DATE.search(lines[n]):
        return False
    said = ""
    for line in lines[n : n + 3]:
        if not line.strip():
            break
        said = f"{said} {line.strip()}".strip()
        if len(said) > 400 or line.lstrip().startswith(">"):
            break
        dated, addressed = _DATE.search(said), _ADDRESS.search(said)
        if dated and _WROTE.search(said) and said[:1] != '"':
            return _is_followed(lines, n)
        if dated and addressed and said.rstrip().endswith(":"):
            return _is_followed(lines, n)
    return False


def _is_followed(lines: list[str], n: int) -> bool:
    return any(line.strip() for line in lines[n + 1 : n + 8])


def _without_rule(text: str) -> str:
    """Return the text without the rule that led over to what was quoted."""
    lines = text.rstrip().splitlines()
    while lines and (_RULE.match(lines[-1]) or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)


def _of_library(text: str) -> str:
    """Return what the library takes for the first of the mails in a text."""
    if len(text) > LIBRARY_LONGEST or max(map(len, text.splitlines()), default=0) > LINE_LONGEST:
        return ""
    try:
        found = _parser().read(text).replies
    except Exception:  # a text that it trips over is left whole
        return ""
    return (found[0].content or "").strip() if found else ""


@cache
def _parser() -> EmailReplyParser:
    return EmailReplyParser(languages=LANGUAGES)
