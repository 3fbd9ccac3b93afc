"""Documents set by typst: a template and its data in, a PDF that can be kept and read aloud out.

What comes out is PDF/A-3b (to be kept) and PDF/UA-1 (for screen readers) in one file, and the same
bytes whenever the same is set. Templates import the look they share:
`#import "/lib/house.typ": *`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STANDARDS = ("a-3b", "ua-1")
# The family that typst carries and a drawing of `lib/charts.py` is drawn for when it goes in here.
FONT = "Libertinus Serif"
THIN = "\u202f"
_BEFORE_DOUBLE = re.compile(r"(?<=[\w»)\]%€’]) ?(?=[;!?»])|(?<=[\w»)\]%€’]) (?=:)")
_AFTER_QUOTE = re.compile(r"« ?")
_LOUD = re.compile(r'"([^"]*)"')


class CannotBeSet(Exception):
    """The template or its data is wrong: the text is typst's own."""


def document(template: Path, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF of a template filled with the data; its imports begin at the package.

    The template reads its data as `json(bytes(sys.inputs.data))`, among it `language` and `made`
    (year, month and day of `at`). Data is never part of the source: no text of it is a command.
    Raises `CannotBeSet`.
    """
    import typst

    told = {**data, "made": [at.year, at.month, at.day]}
    if str(data.get("language", ""))[:2] == "fr":
        told = french(told)
    sent: Any = {"data": json.dumps(told, ensure_ascii=False)}
    source: Any = template.read_bytes()
    standards: Any = list(STANDARDS)
    try:
        made: bytes = typst.compile(
            source, root=str(ROOT), sys_inputs=sent, pdf_standards=standards,
            ignore_system_fonts=True, timestamp=int(at.timestamp()),
        )  # fmt: skip
        return made
    except typst.TypstError as fault:
        raise CannotBeSet(str(fault)) from fault


def french(data: Any) -> Any:
    """Return the data with the marks of a French printer: ’, « » and thin spaces before ; : ! ?

    Drawings (texts that begin with `<`) are left as they are.
    """
    if isinstance(data, str):
        return data if data.startswith("<") else _printed(data)
    if isinstance(data, Mapping):
        return {key: french(value) for key, value in data.items()}
    if isinstance(data, Sequence):
        return [french(each) for each in data]
    return data


def _printed(text: str) -> str:
    text = _LOUD.sub(r"« \1 »", text.replace("'", "’"))
    return _AFTER_QUOTE.sub(f"«{THIN}", _BEFORE_DOUBLE.sub(THIN, text))
