"""What a provider's own history teaches: words weighed for each service, urgency, confidentiality.

TF-IDF of stems and of pairs of stems, logistic regression, probabilities corrected by one
temperature (Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2) and a bar
below which the answer is "unsure". Temperature and bar come from predictions on folds that the
weights have not seen; the figures come from the most recent messages, which nothing has seen.

Reading needs numpy alone; teaching takes scikit-learn. Kept as arrays, never as objects.
"""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .wording import spoken, stem, words

Floats = NDArray[np.float32]

# A share of wrong answers among the sure ones that the people who dispatch put up with.
BUDGET = 0.05
# Under so many examples there is nothing to learn, and of so few a class is left to the words.
ENOUGH, ENOUGH_OF_A_CLASS = 60, 4
HELD_OUT, FOLDS = 0.2, 4
VOCABULARY = 12_000
SHOWN = 8
SERVICE, URGENT, CONFIDENTIAL = "service", "urgent", "confidential"
FORMAT = 1
# How far weights may go (inverse of the penalty), by bench/triage.py.
STRICTNESS = 3.0
# Folds of a history speak alike, what comes tomorrow does not: an answer is never made surer than
# the weights say, and never sure below this.
COOLEST, LOWEST_BAR = 1.0, 0.7


@dataclass(frozen=True, slots=True)
class Example:
    """A message and what people made of it. Class C3 never becomes one."""

    subject: str
    body: str
    service: int
    urgent: bool = False
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of a message; `words` weigh for the service it names."""

    service: int | None
    sure: bool
    probability: float
    runners_up: tuple[tuple[int, float], ...]
    words: tuple[tuple[str, float], ...]
    urgent: bool
    confidentiality: int


@dataclass
class Figures:
    """How a way of triage did on messages that it had not seen.

    `coverage`: the share answered for sure; `error`: the share of those that is wrong.
    """

    messages: int = 0
    accuracy: float = 0.0
    coverage: float = 0.0
    error: float = 0.0

    @property
    def right_and_sure(self) -> float:
        """Return the share of messages that nobody has to look at, and rightly so."""
        return self.coverage * (1 - self.error)


@dataclass
class Head:
    """One question and its answers: a row of weights for each."""

    classes: list[int]
    weights: Floats
    bias: Floats
    temperature: float = 1.0
    bar: float = 1.0

    def chances(self, x: NDArray[Any], places: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of each answer for the values `x` of the terms at `places`."""
        scores = (self.weights[:, places] @ x + self.bias).astype(np.float64) / self.temperature
        scores -= scores.max()
        found = np.exp(scores)
        return np.asarray(found / found.sum(), dtype=np.float64)


@dataclass
class Model:
    """Everything that was learned, and how well it did."""

    terms: list[str]
    idf: Floats
    heads: dict[str, Head]
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at = {term: place for place, term in enumerate(self.terms)}

    def read(self, subject: str, body: str, offered: Collection[int]) -> Reading:
        """Return what the message seems to ask for, among the services that are offered."""
        places, x = self._vector(subject, body)
        service, sure, chance, runners_up, because = self._service(places, x, offered)
        return Reading(
            service=service,
            sure=sure,
            probability=chance,
            runners_up=runners_up,
            words=because,
            urgent=self._says(URGENT, places, x),
            confidentiality=2 if self._says(CONFIDENTIAL, places, x) else 0,
        )

    def speak_for(self, service: int, count: int = SHOWN) -> list[tuple[str, float]]:
        """Return the terms that speak most for a service, with their weights."""
        head = self.heads.get(SERVICE)
        if head is None or service not in head.classes:
            return []
        row = head.weights[head.classes.index(service)]
        best = np.argsort(-row)[:count]
        return [(self.terms[place], float(row[place])) for place in best if row[place] > 0]

    def _vector(self, subject: str, body: str) -> tuple[NDArray[Any], NDArray[Any]]:
        counted = Counter(self._at[t] for t in terms_of(subject, body) if t in self._at)
        places = np.fromiter(counted, dtype=np.int64, count=len(counted))
        values = np.fromiter((1 + log(n) for n in counted.values()), np.float32, len(counted))
        values = values * self.idf[places]
        norm = float(np.sqrt((values * values).sum()))
        return places, values / norm if norm else values

    def _service(
        self, places: NDArray[Any], x: NDArray[Any], offered: Collection[int]
    ) -> tuple[
        int | None, bool, float, tuple[tuple[int, float], ...], tuple[tuple[str, float], ...]
    ]:
        head = self.heads.get(SERVICE)
        if head is None or not len(places):
            return None, False, 0.0, (), ()
        chances = head.chances(x, places)
        ranked = [int(at) for at in np.argsort(-chances) if head.classes[int(at)] in offered]
        if not ranked:
            return None, False, 0.0, (), ()
        best = ranked[0]
        chance = float(chances[best])
        gains = head.weights[best, places] * x
        because = [
            (self.terms[places[at]], round(float(gains[at]), 3))
            for at in np.argsort(-gains)[:SHOWN]
            if gains[at] > 0
        ]
        runners_up = tuple((head.classes[at], round(float(chances[at]), 3)) for at in ranked[1:4])
        return head.classes[best], chance >= head.bar, chance, runners_up, tuple(because)

    def _says(self, question: str, places: NDArray[Any], x: NDArray[Any]) -> bool:
        head = self.heads.get(question)
        if head is None or not len(places):
            return False
        return bool(head.chances(x, places)[head.classes.index(1)] >= head.bar)

    # Kept ----------------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Return the model as arrays in a file: numbers and texts, nothing that runs."""
        told = {
            "format": FORMAT,
            "figures": self.figures,
            "heads": {
                name: {"classes": h.classes, "temperature": h.temperature, "bar": h.bar}
                for name, h in self.heads.items()
            },
        }
        arrays: dict[str, NDArray[Any]] = {
            "told": _bytes(json.dumps(told)),
            "terms": _bytes("\n".join(self.terms)),
            "idf": self.idf,
        }
        for name, head in self.heads.items():
            arrays[f"weights_{name}"] = head.weights.astype(np.float16)
            arrays[f"bias_{name}"] = head.bias
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def load(cls, content: bytes) -> Model:
        """Return the model that was dumped. Raises `ValueError` for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            told = json.loads(bytes(arrays["told"]).decode())
            if told["format"] != FORMAT:
                raise ValueError(f"a model of format {told['format']}")
            heads = {
                name: Head(
                    classes=list(of["classes"]),
                    weights=arrays[f"weights_{name}"].astype(np.float32),
                    bias=arrays[f"bias_{name}"],
                    temperature=of["temperature"],
                    bar=of["bar"],
                )
                for name, of in told["heads"].items()
            }
            terms = bytes(arrays["terms"]).decode().split("\n")
            return cls(terms, arrays["idf"], heads, told["figures"])


def _bytes(text: str) -> NDArray[Any]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def terms_of(subject: str, body: str) -> list[str]:
    """Return the stems of a message and the pairs of neighbours; those of the subject twice."""
    found: list[str] = []
    for text, times in ((subject, 2), (spoken(body), 1)):
        stems = [stem(word) for word in words(text)]
        pairs = [f"{a} {b}" for a, b in itertools.pairwise(stems)]
        found += (stems + pairs) * times
    return found


# Teaching --------------------------------------------------------------------------------------


class TooFew(ValueError):
    """There are not enough messages yet to learn from."""


def teach(
    examples: Sequence[Example],
    offers: Iterable[tuple[int, str]] = (),
    *,
    seed: int = 0,
    budget: float = BUDGET,
) -> Model:
    """Return a model of these messages, the oldest first, with its figures on the latest of them.

    `offers` are the services' keys and own words: what nobody has asked for yet is known by them.
    Raises `TooFew`.
    """
    cut = int(len(examples) * (1 - HELD_OUT))
    seen, held_out = list(examples[:cut]), list(examples[cut:])
    if len(examples) < ENOUGH:
        raise TooFew
    texts = [(example.subject, example.body) for example in seen]
    own = [(key, text) for key, text in offers]
    model, matrix = _prepared(texts, [text for _key, text in own])
    services = [example.service for example in seen] + [key for key, _text in own]
    common = {k for k, n in Counter(services).items() if n >= ENOUGH_OF_A_CLASS}
    kept = np.array([at for at, key in enumerate(services) if key in common], dtype=np.int64)
    if len(common) >= 2:
        labels = np.array(services)[kept]
        real = kept < len(texts)
        head = _head(matrix[kept], labels, real, seed, budget)
        model.heads[SERVICE] = head
    for name in (URGENT, CONFIDENTIAL):
        said = np.array([int(getattr(example, name)) for example in seen])
        if min(said.sum(), len(said) - said.sum()) >= 5 * ENOUGH_OF_A_CLASS:
            rows = matrix[: len(texts)]
            real = np.ones(len(said), dtype=bool)
            model.heads[name] = _head(rows, said, real, seed, budget, of=1)
    offered = {key for key, _text in own} | set(services)
    model.figures = asdict(measured(model, held_out, offered))
    return model


def measured(model: Model, held_out: Sequence[Example], offered: Collection[int]) -> Figures:
    """Return how a model does on messages that it has not seen."""
    told = [model.read(e.subject, e.body, offered) for e in held_out]
    answers = [(reading.service, reading.sure) for reading in told]
    return judged(answers, [example.service for example in held_out])


def judged(answers: Sequence[tuple[int | None, bool]], truth: Sequence[int]) -> Figures:
    """Return the figures of answers (service, sure) against what people made of the messages."""
    if not truth:
        return Figures()
    sure = [(a == t) for (a, s), t in zip(answers, truth, strict=True) if s and a is not None]
    right = sum(a == t for (a, _s), t in zip(answers, truth, strict=True))
    return Figures(
        messages=len(truth),
        accuracy=right / len(truth),
        coverage=len(sure) / len(truth),
        error=1 - sum(sure) / len(sure) if sure else 0.0,
    )


def better(new: Figures, old: Figures, budget: float = BUDGET) -> bool:
    """Return whether `new` spares people more, and errs no more than they put up with."""
    return new.error <= max(budget, old.error) and new.right_and_sure > old.right_and_sure


def _prepared(texts: Sequence[tuple[str, str]], own: Sequence[str]) -> tuple[Model, Any]:
    """Return a model that knows the terms alone, and the messages as rows of them."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    documents = [terms_of(*text) for text in texts] + [terms_of("", text) for text in own]
    counter = CountVectorizer(analyzer=_as_it_is, min_df=2, max_features=VOCABULARY)
    try:
        counts = counter.fit_transform(documents)
    except ValueError:  # no term occurs twice
        raise TooFew from None
    df = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = (np.log((1 + len(documents)) / (1 + df)) + 1).astype(np.float32)
    rows = counts.astype(np.float32)
    rows.data = 1 + np.log(rows.data)
    rows = rows @ sparse.diags(idf)
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows = sparse.diags(1 / np.where(norms > 0, norms, 1)) @ rows
    return Model([str(t) for t in counter.get_feature_names_out()], idf, {}), rows.tocsr()


def _as_it_is(terms: list[str]) -> list[str]:
    return terms


def _head(
    rows: Any,
    labels: NDArray[Any],
    real: NDArray[Any],
    seed: int,
    budget: float,
    of: int | None = None,
) -> Head:
    """Return the weights, with a temperature and a bar from folds that they have not seen.

    `real` tells messages from the catalogue's own words; the bar is that of the answer `of`, or of
    whichever is likeliest.
    """
    from sklearn.model_selection import StratifiedKFold

    classes = sorted({int(label) for label in labels})
    unseen = np.zeros((len(labels), len(classes)))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for known, other in folds.split(np.zeros(len(labels)), labels):
        weights, bias = _fitted(rows[known], labels[known], classes)
        unseen[other] = rows[other] @ weights.T + bias
    weights, bias = _fitted(rows, labels, classes)
    truth = np.array([classes.index(int(label)) for label in labels])
    temperature = _temperature(unseen[real], truth[real])
    chances = _softmax(unseen[real] / temperature)
    bar = _bar(chances, truth[real], budget, None if of is None else classes.index(of))
    return Head(classes, weights.astype(np.float32), bias.astype(np.float32), temperature, bar)


def _fitted(
    rows: Any, labels: NDArray[Any], classes: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # On rows this thin, threads wait for each other longer than they work.
    with threadpool_limits(1):
        fitted = LogisticRegression(C=STRICTNESS, max_iter=200).fit(rows, labels)
    weights, bias = fitted.coef_, fitted.intercept_
    if len(weights) == 1:  # two answers are told by one row
        weights, bias = (
            np.vstack([-weights / 2, weights / 2]),
            np.array([-bias[0] / 2, bias[0] / 2]),
        )
    full = np.zeros((len(classes), weights.shape[1]))
    shift = np.full(len(classes), -20.0)
    for row, label in enumerate(fitted.classes_):
        full[classes.index(int(label))], shift[classes.index(int(label))] = weights[row], bias[row]
    return full, shift


def _softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _temperature(scores: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the temperature under which the truth is likeliest, of a fixed set of them."""
    tried = np.geomspace(COOLEST, 5, 40)
    rows = np.arange(len(truth))
    losses = [-np.log(_softmax(scores / t)[rows, truth] + 1e-12).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def _bar(chances: NDArray[Any], truth: NDArray[Any], budget: float, of: int | None) -> float:
    """Return the lowest probability from which on no more than `budget` of the answers is wrong.

    One wrong answer is added to those that were seen (Laplace): ten right ones prove little.
    """
    best = chances.argmax(axis=1) if of is None else np.full(len(truth), of)
    top = chances[np.arange(len(truth)), best]
    order = np.argsort(-top)
    wrong = np.cumsum(best[order] != truth[order])
    error = (wrong + 1) / (np.arange(len(order)) + 2)
    good = np.nonzero(error <= budget)[0]
    return max(float(top[order][good[-1]]), LOWEST_BAR) if len(good) else 1.01
