"""What is kept and what is lost of real replies, by our reading and by libraries on their own.

    .venv/bin/python bench/replies.py            # needs ../shared/data/mail
    .venv/bin/uv pip install email-reply-parser quotequail unquotemail    # for those lines

For each mail a reader wrote down which lines somebody wrote in it *now*: lines 1 to `most` may be
shown, lines 1 to `least` must be (a greeting between them is nobody's loss). Printed: the share of
the words that must be kept and are, the share of the quoted and signed words that are left out, the
mails that are perfect, and the milliseconds a mail.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DATA = ROOT.parent / "shared" / "data" / "mail"

ALL = 10_000
INLINE = -1  # answers between quoted lines: what is not quoted must be kept, all may be
# least, most: the mails of ../shared/data/mail/replies that are not (5, 6).
TRUTH = {
    "correct_sig": (1, 1), "email_1": (5, 7), "email_2": INLINE, "email_2_1": (1, 3),
    "email_3": (3, 5), "email_4": (1, 1), "email_5": (ALL, ALL), "email_6": (1, 3),
    "email_9": (5, 7), "email_19": (1, 3), "email_20": (1, 1), "email_21": (ALL, ALL),
    "email_blackberry": (1, 1), "email_bullets": (9, 10), "email_custom_quote_header": (1, 1),
    "email_customer_quote_header_2": (1, 3), "email_customer_quote_header_3": (3, 3),
    "email_emoji": (1, 1), "email_iphone": (1, 1), "email_msn": (5, 5),
    "email_multi_word_sent_from_my_mobile_device": (1, 1), "email_not_a_signature": (ALL, ALL),
    "email_not_a_signature_2": (ALL, ALL), "email_one_is_not_on": (5, 5),
    "email_reply_header": (9, 11), "email_sent_from": (1, 1),
    "email_sent_from_my_not_signature": (ALL, ALL), "email_thread": (1, 1),
    "email_tricky_1_on_false_positive": (ALL, ALL), "email_tricky_2_url_with_wrote": (5, 8),
    "email_tricky_3_code_block": (ALL, ALL), "email_tricky_4_from_in_body": (ALL, ALL),
    "email_tricky_6_regards_in_sentence": (ALL, ALL), "email_tricky_7_multiple_dashes": (ALL, ALL),
    "email_tricky_8_sent_from_in_content": (ALL, ALL), "email_tricky_9_nested_quotes": (1, 1),
    "email_tricky_11_double_signature": (1, 4), "email_tricky_12_no_space_after_header": (5, 5),
    "email_tricky_13_timestamp_variations": (ALL, ALL),
    "email_tricky_16_unicode_signatures": (1, 4),
    "email_tricky_17_forward_header": (1, ALL), "email_tricky_18_inline_reply": INLINE,
    "email_tricky_19_quote_without_header": INLINE, "email_tricky_20_html_entities": (3, 3),
    "email_unquoted_reply": (1, 1), "email_with_date_headers": (1, ALL),
    "email_with_from_headers": (ALL, ALL), "email_with_regards": (5, 10), "email_zoho": (2, 2),
    "sig_no_empty_line": (1, 1),
}  # fmt: skip
# Of ../shared/data/mail/quoted every mail says the same, in the words of its client.
HTML_LEAST = ("fine",)
HTML_MOST = {"hi", "i", "am", "fine", "thanks", "alex", "reply", "there", "bob", "the", "cheers"}


def ours(text: str) -> str:
    from relais.lib import mail_replies

    return mail_replies.of_text(text).text


def library(name: str) -> Callable[[str], str] | None:
    """Return what a library on its own makes of a text, or None where it is not installed."""
    with contextlib.suppress(ImportError):
        if name == "mail-parser-reply":
            from mailparser_reply import EmailReplyParser

            languages = ["en", "fr", "de", "es", "it", "nl", "pt", "pl", "da", "sv"]
            parser = EmailReplyParser(languages=languages)
            return lambda text: parser.parse_reply(text) or ""
        if name == "email-reply-parser":
            from email_reply_parser import EmailReplyParser as Zapier

            return Zapier.parse_reply
        if name == "quotequail":
            import quotequail

            return lambda text: "\n".join(part for shown, part in quotequail.quote(text) if shown)
        if name == "unquotemail":
            from unquotemail import Unquote

            def unquote(text: str) -> str:
                found = Unquote(None, text)
                found.parse()
                return found.get_text() or ""

            return unquote
    return None


def mails() -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Yield name and text of each mail, the words that must be kept, and those that must not."""
    for file in sorted((DATA / "replies").glob("*.txt")):
        text = file.read_text(encoding="utf-8", errors="replace")
        lines = text.splitlines()
        truth = TRUTH.get(file.stem, (5, 6))
        if truth == INLINE:
            must = [line for line in lines if not line.startswith(">") and "wrote:" not in line]
            yield file.stem, text, " ".join(must).split(), []
        else:
            least, most = truth
            yield file.stem, text, " ".join(lines[:least]).split(), " ".join(lines[most:]).split()


def measure(read: Callable[[str], str]) -> tuple[float, float, list[str], float]:
    """Return the shares kept and left out, the mails that are not perfect, ms a mail."""
    kept = must_all = left = out_all = 0
    wrong = []
    began = time.perf_counter()
    read_mails = [(name, read(text), must, out) for name, text, must, out in mails()]
    seconds = time.perf_counter() - began
    for name, said, must, out in read_mails:
        found = Counter(said.split())
        here = sum((Counter(must) & found).values())
        beyond = found - Counter(must)
        there = sum((Counter(out) & beyond).values())
        kept, must_all = kept + here, must_all + len(must)
        left, out_all = left + len(out) - there, out_all + len(out)
        if here < len(must) or there:
            wrong.append(f"{name} (kept {here}/{len(must)}, {there} too many)")
    return kept / must_all, left / out_all, wrong, seconds / len(read_mails) * 1000


def main() -> None:
    if not DATA.is_dir():
        sys.exit("the shared data folder is absent (../shared/data)")
    number = sum(1 for _ in mails())
    print(f"{number} mails\n{'':20}{'kept':>8}{'left out':>10}{'perfect':>9}{'ms':>7}")
    names = ["mail-parser-reply", "email-reply-parser", "quotequail", "unquotemail"]
    readers = {"relais": ours} | {name: library(name) for name in names}
    for name, read in readers.items():
        if read is None:
            print(f"{name:20}  not installed")
            continue
        kept, left, wrong, ms = measure(read)
        perfect = f"{number - len(wrong)}/{number}"
        print(f"{name:20}{kept:8.1%}{left:10.1%}{perfect:>9}{ms:7.2f}")
        if name == "relais" or "-v" in sys.argv:
            print("".join(f"    {one}\n" for one in wrong), end="")


if __name__ == "__main__":
    main()
