"""How well triage does, and how fast: the catalogue's words, the commonest answer, a model.

    python bench/triage.py [REQUESTS] [FOLDER OF REFERENCE TEXTS]

The requests are synthetic (bench/triage_requests.py): they compare ways of triage, they do not say
how well any does on a real provider's mail. The history is the older 80 % without the sentences
that it shall never hold; measured is on the latest 20 %, those sentences included and told apart.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import triage_requests
from relais.engine import learned, triage
from relais.engine.learned import Example, Figures

PRELOADED = Path(__file__).resolve().parents[1] / "relais" / "offer" / "preloaded"
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "data" / "reference"


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    reference = Path(sys.argv[2]) if len(sys.argv) > 2 else REFERENCE
    offers, keys = _offers()
    said = triage_requests.write(count, list(keys), reference)
    examples = [Example(s.subject, s.body, keys[s.code], s.urgent) for s in said]
    own = [(offer.key, offer.text) for offer in offers]
    cut = int(count * (1 - learned.HELD_OUT))
    older = zip(examples[:cut], said[:cut], strict=True)
    history = [example for example, told in older if told.familiar]
    begun = time.perf_counter()
    model = learned.teach(history, own)
    taught = time.perf_counter() - begun
    latest = list(zip(examples[cut:], said[cut:], strict=True))
    print(
        f"{count} requests, {len(keys)} services of {len(offers)} asked for; "
        f"a history of {len(history)} learned in {taught:.1f} s"
    )
    print(f"{len(model.terms)} terms, {len(model.dump()) // 1024} kB kept")
    print(f"budget of errors among the sure answers: {learned.BUDGET:.0%}\n")
    for title, group in (
        ("all", latest),
        ("familiar sentences", [p for p in latest if p[1].familiar]),
        ("sentences never seen", [p for p in latest if not p[1].familiar]),
    ):
        _compare(title, [example for example, _said in group], history, model, offers)
    _urgency(latest, model, offers)
    _speed([example for example, _said in latest], model, offers)
    return 0


def _offers() -> tuple[list[triage.Offer], dict[str, int]]:
    """Return the whole catalogue as a provider begins with it, and the keys of its codes."""
    texts, keys = [], {}
    for file in sorted(PRELOADED.glob("*.toml")):
        for entry in tomllib.loads(file.read_text("utf-8"))["service"]:
            keys[entry["code"]] = len(keys) + 1
            texts.append(f"{entry['fr']} {entry['en']} {entry['words']}")
    asked = {code: keys[code] for code in triage_requests.SENTENCES}
    return [triage.Offer(key, text) for key, text in enumerate(texts, 1)], asked


def _compare(
    title: str,
    held_out: list[Example],
    taught: list[Example],
    model: learned.Model,
    offers: list[triage.Offer],
) -> None:
    truth = [example.service for example in held_out]
    words = [triage.classify(e.subject, e.body, offers) for e in held_out]
    commonest = Counter(example.service for example in taught).most_common(1)[0][0]
    offered = {offer.key for offer in offers}
    ways = {
        "commonest service": learned.judged([(commonest, True)] * len(truth), truth),
        "catalogue's words": learned.judged([(g.service, g.sure) for g in words], truth),
        "learned": learned.measured(model, held_out, offered),
    }
    print(f"{title} ({len(held_out)})")
    print(f"  {'':<20}{'right':>8}{'sure':>8}{'wrong of sure':>16}{'right and sure':>16}")
    for name, figures in ways.items():
        print(f"  {name:<20}{_line(figures)}")
    print()


def _line(told: Figures) -> str:
    return (
        f"{told.accuracy:>8.1%}{told.coverage:>8.1%}{told.error:>16.1%}{told.right_and_sure:>16.1%}"
    )


def _urgency(
    latest: list[tuple[Example, triage_requests.Said]],
    model: learned.Model,
    offers: list[triage.Offer],
) -> None:
    from datetime import date

    for name, asked in (("words", None), ("words and learned", model)):
        told = [
            triage.classify(e.subject, e.body, offers, today=date(2026, 3, 3), model=asked).urgent
            for e, _said in latest
        ]
        truth = [e.urgent for e, _said in latest]
        hits = sum(a and b for a, b in zip(told, truth, strict=True))
        print(
            f"urgency by {name}: {hits / max(1, sum(truth)):.1%} heard, "
            f"{1 - hits / max(1, sum(told)):.1%} of the alarms false"
        )


def _speed(held_out: list[Example], model: learned.Model, offers: list[triage.Offer]) -> None:
    for name, asked in (("words", None), ("learned", model)):
        begun = time.perf_counter()
        for example in held_out:
            triage.classify(example.subject, example.body, offers, model=asked)
        spent = 1000 * (time.perf_counter() - begun) / max(1, len(held_out))
        print(f"{name}: {spent:.2f} ms a message")


if __name__ == "__main__":
    sys.exit(main())
