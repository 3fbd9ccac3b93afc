"""The same work at five sites, worded otherwise and in two languages: by meaning and by spelling.

    python bench/duplicates.py [STATEMENTS]

Statements of O*NET and paraphrases written for the test are scattered over five sites; statements
that have no paraphrase stand among them, done at one site. Every way of comparing chooses its
threshold (best F1) on one half of the works and is measured on the other: pairs proposed, found,
precision, recall. By meaning also stands as the product proposes it. The baselines are fuzzy
strings: letters (difflib), and letters once the words are sorted. Ends with 1 where meaning does
not have twice the F1 of the better of them.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from relais.engine import duplicates
from relais.engine.duplicates import ENOUGH, Task
from relais.engine.wording import WORD, fold
from tests.engine.duplicates_truth import HELD_OUT
from tests.engine.duplicates_wordings import CHOSEN_ON, MEASURED, WORKS

STATEMENTS = Path(__file__).resolve().parents[2] / "shared/data/reference/onet_secretary_tasks.tsv"
SITES = ("Aix", "Lyon", "Lille", "Strasbourg", "Saint-Denis")
Keys = tuple[str, str]
Work = tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]


def statements(path: Path) -> dict[int, str]:
    """Return O*NET's statements by the number of their task."""
    with path.open(encoding="utf-8") as file:
        return {int(row["Task ID"]): row["Task"] for row in csv.DictReader(file, delimiter="\t")}


def scattered(
    works: Iterable[Work], said: dict[int, str], alone: Iterable[str] = ()
) -> tuple[list[Task], set[Keys]]:
    """Return the tasks over five sites, and the pairs of different sites that are one work."""
    tasks: list[Task] = []
    truth: set[Keys] = set()
    for number, (ids, english, french) in enumerate(works):
        texts = (*(said[each] for each in ids), *english, *french)
        mine = [
            Task(f"{number:02}.{place}", SITES[(number + place) % len(SITES)], text)
            for place, text in enumerate(texts)
        ]
        tasks += mine
        truth |= {(a.key, b.key) for a, b in combinations(mine, 2) if a.site != b.site}
    tasks += [Task(f"x{n:02}", SITES[n % len(SITES)], text) for n, text in enumerate(alone)]
    return tasks, truth


def by_meaning(tasks: list[Task]) -> dict[Keys, float]:
    found = duplicates.alike(tasks, enough=0.05, most=100_000)
    return {(pair.first, pair.second): pair.score for pair in found}


def by_letters(tasks: list[Task]) -> dict[Keys, float]:
    return _fuzzy(tasks, fold)


def by_sorted_words(tasks: list[Task]) -> dict[Keys, float]:
    return _fuzzy(tasks, lambda text: " ".join(sorted(WORD.findall(fold(text)))))


def _fuzzy(tasks: list[Task], read: Callable[[str], str]) -> dict[Keys, float]:
    texts = {task.key: read(task.text) for task in tasks}
    return {
        (one.key, other.key): SequenceMatcher(None, texts[one.key], texts[other.key]).ratio()
        for one, other in combinations(sorted(tasks, key=lambda task: task.key), 2)
        if one.site != other.site
    }


def figures(found: set[Keys], truth: set[Keys]) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / max(len(truth), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def best(scores: dict[Keys, float], truth: set[Keys]) -> float:
    """Return the threshold of the best F1."""
    tried = sorted({round(score, 2) for score in scores.values()})
    return max(tried, key=lambda each: figures(above(scores, each), truth)[2])


def above(scores: dict[Keys, float], threshold: float) -> set[Keys]:
    return {pair for pair, score in scores.items() if score >= threshold}


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else STATEMENTS
    if not path.is_file():
        print(f"no file {path}")
        return 0
    said = statements(path)
    used = {each for ids, _en, _fr in WORKS for each in ids}
    alone = [text for key, text in sorted(said.items()) if key not in used]
    chosen_on = scattered(CHOSEN_ON, said, alone[0::2])
    measured = scattered(MEASURED, said, alone[1::2])
    print(
        f"{len(said)} statements; chosen on {len(chosen_on[0])} tasks ({len(chosen_on[1])} pairs), "
        f"measured on {len(measured[0])} tasks ({len(measured[1])} pairs)\n"
        f"{'':<28}{'from':>6}{'proposed':>10}{'right':>7}{'precision':>11}{'recall':>8}{'F1':>6}"
    )
    scores: dict[str, float] = {}
    for name, way in (
        ("by meaning", by_meaning),
        ("letters (difflib)", by_letters),
        ("letters of sorted words", by_sorted_words),
    ):
        begun = time.process_time()
        threshold = best(way(chosen_on[0]), chosen_on[1])
        scores[name] = told(name, threshold, above(way(measured[0]), threshold), measured[1])
        print(f"{'':<28}{time.process_time() - begun:.2f} s of processor")
    found = {(p.first, p.second) for p in duplicates.alike(measured[0], most=100_000)}
    told("by meaning, as proposed", ENOUGH, found, measured[1])
    older = scattered([((), (row[0], row[1]), (row[2],)) for row in HELD_OUT], said, alone[:6])
    found = {(p.first, p.second) for p in duplicates.alike(older[0], most=100_000)}
    told("  the older set held out", ENOUGH, found, older[1])
    rival = max(score for name, score in scores.items() if name != "by meaning")
    return 0 if scores["by meaning"] >= 2 * rival else 1


def told(name: str, threshold: float, found: set[Keys], truth: set[Keys]) -> float:
    """Print one row; return its F1."""
    precision, recall, score = figures(found, truth)
    print(
        f"{name:<28}{threshold:>6.2f}{len(found):>10}{len(found & truth):>7}{precision:>11.2f}"
        f"{recall:>8.2f}{score:>6.2f}"
    )
    return score


if __name__ == "__main__":
    sys.exit(main())
