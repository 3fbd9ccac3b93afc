"""The dictionary of the figures: what each is called, counts, leaves out and needs, in two tongues.

A definition is frozen with the report that used it. Who changes a rule of `measures.py` changes its
words here and raises its `version`: a figure of old is then told as restated by a new definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Words(NamedTuple):
    """The same thing said in French and in English."""

    fr: str
    en: str


class Sum(StrEnum):
    """How the lines of a figure make its value."""

    SHARE = "share"  # those that did, of all
    RATIO = "ratio"  # one sum over another
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"
    TOTAL = "total"
    SPREAD = "spread"  # sum of the squared shares of its groups
    ALIKE = "alike"  # between the sites of another figure


class Unit(StrEnum):
    """In what a value is told; shares are stored from 0 to 1, times in open seconds or minutes."""

    SHARE = "share"
    SECONDS = "seconds"
    DAYS = "days"
    COUNT = "count"
    SCORE = "score"
    MINUTES = "minutes"
    CENTS = "cents"
    INDEX = "index"
    PERSONS = "persons"


UNITS = {
    Unit.SHARE: Words("%", "%"),
    Unit.SECONDS: Words("heures ouvrées", "business hours"),
    Unit.DAYS: Words("jours ouvrés", "working days"),
    Unit.COUNT: Words("demandes", "requests"),
    Unit.SCORE: Words("note de 1 à 5", "score from 1 to 5"),
    Unit.MINUTES: Words("minutes", "minutes"),
    Unit.CENTS: Words("centimes par unité d'œuvre", "cents a unit of work"),
    Unit.INDEX: Words("indice de 0 à 1", "index from 0 to 1"),
    Unit.PERSONS: Words("personnes", "people"),
}
NOTHING = Words("aucune", "none")
CANCELLED = Words(
    "demandes annulées, refusées ou fusionnées", "requests cancelled, declined or merged"
)
AGREED = Words(
    "demandes annulées, refusées ou fusionnées ; exclusions acceptées par les deux référents",
    "requests cancelled, declined or merged; exclusions agreed by both referents",
)
DELIVERED = Words(
    "demandes livrées pour la première fois dans le mois",
    "requests first delivered in the month",
)
RECEIVED = Words("demandes reçues dans le mois", "requests received in the month")
OPEN = Words("demandes ouvertes à la fin du mois", "requests open at the end of the month")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means. `smallest` is the sample below which nothing is concluded from it.

    `better` is 1 where more is better, -1 where less is, 0 where neither. A `withheld` figure is
    not told at all below its smallest sample, for it would give away who said what; an `internal`
    one is the provider's own affair, and never reaches a client. `pooled`: too small a month is
    read together with the two before.
    """

    key: str
    name: Words
    what: Words
    unit: Unit
    sum: Sum
    population: Words
    excluded: Words = CANCELLED
    smallest: int = 1
    better: int = 0
    pooled: bool = False
    withheld: bool = False
    internal: bool = False
    version: int = 1


_SMALL = 20
_ANSWERS = 5


def _definitions() -> Iterator[Definition]:
    yield from _promises()
    yield from _work()
    yield from _people()
    yield from _stock()
    yield from _habits()
    yield from _sites()
    yield from _means()


def _promises() -> Iterator[Definition]:
    yield Definition(
        "on_time",
        Words("Respect des délais", "Delivered on time"),
        Words(
            "Part des délais de livraison tenus. Un délai tenu compte dans le mois de la "
            "livraison ; un délai dépassé compte dans le mois où il l'a été, que la demande soit "
            "livrée depuis ou encore ouverte.",
            "Share of delivery deadlines kept. A deadline kept counts in the month of delivery; "
            "one missed counts in the month it passed, whether the request is delivered since or "
            "still open.",
        ),
        Unit.SHARE, Sum.SHARE,
        Words("délais de livraison échus ou tenus", "delivery deadlines kept or passed"),
        AGREED, _SMALL, 1, pooled=True,
    )  # fmt: skip
    yield Definition(
        "first_response",
        Words("Prise en charge", "First response"),
        Words(
            "Part des demandes auxquelles une personne a répondu, ou qu'elle a prises en charge, "
            "dans le délai promis. Un accusé de réception automatique n'est pas une réponse.",
            "Share of requests that a person answered or took in hand within the promised time. "
            "An automatic acknowledgement is no answer.",
        ),
        Unit.SHARE, Sum.SHARE,
        Words("délais de première réponse échus ou tenus", "first response times kept or passed"),
        AGREED, _SMALL, 1, pooled=True,
    )  # fmt: skip
    yield Definition(
        "words_kept",
        Words("Promesses tenues", "Promises kept"),
        Words(
            "Part des engagements datés pris dans les messages qui ont été tenus à leur date.",
            "Share of dated commitments made in messages that were kept by their date.",
        ),
        Unit.SHARE, Sum.SHARE,
        Words("engagements datés échus ou tenus", "dated commitments kept or passed"),
        Words("engagements levés d'un commun accord", "commitments withdrawn by agreement"),
        _SMALL, 1, pooled=True,
    )  # fmt: skip


def _work() -> Iterator[Definition]:
    for key, sum_, name, what in (
        (
            "turnaround_p50", Sum.MEDIAN,
            Words("Délai de traitement médian", "Median turnaround"),
            Words(
                "Temps ouvré, de la réception à la première livraison, attentes du demandeur "
                "déduites, que la moitié des demandes n'ont pas dépassé (médiane usuelle).",
                "Business time from reception to first delivery, waits for the requester taken "
                "out, that half of the requests did not exceed (the usual median).",
            ),
        ),
        (
            "turnaround_p90", Sum.P90,
            Words("Délai de traitement : neuf sur dix", "Turnaround: nine in ten"),
            Words(
                "Le plus petit temps ouvré, observé sur une demande, que neuf demandes sur dix "
                "n'ont pas dépassé (rang le plus proche, sans interpolation).",
                "The smallest business time lived by a request that nine in ten did not exceed "
                "(nearest rank, no interpolation).",
            ),
        ),
    ):  # fmt: skip
        yield Definition(
            key, name, what, Unit.SECONDS, sum_, DELIVERED, CANCELLED, _SMALL, -1, pooled=True
        )
    yield Definition(
        "right_first_time",
        Words("Bon du premier coup", "Right first time"),
        Words(
            "Part des demandes livrées sans question évitable du prestataire, sans réouverture et "
            "sans correction.",
            "Share of requests delivered without a question the provider could have spared, "
            "without reopening and without correction.",
        ),
        Unit.SHARE, Sum.SHARE, DELIVERED, CANCELLED, _SMALL, 1, pooled=True,
    )  # fmt: skip
    yield Definition(
        "reopened",
        Words("Taux de réouverture", "Reopened"),
        Words(
            "Part des demandes livrées dans le mois et rouvertes dans les 10 jours ouvrés, même "
            "après la fin du mois si l'établissement du rapport le suit.",
            "Share of requests delivered in the month and reopened within 10 working days, even "
            "after the month's end if the report was made later.",
        ),
        Unit.SHARE, Sum.SHARE, DELIVERED, CANCELLED, _SMALL, -1, pooled=True,
    )  # fmt: skip
    yield Definition(
        "critical_errors",
        Words("Erreurs critiques", "Critical errors"),
        Words(
            "Part des demandes contrôlées où au moins une erreur critique a été trouvée : mauvais "
            "destinataire, montant ou date faux, confidentialité rompue, délai légal manqué.",
            "Share of checked requests with at least one critical error: wrong recipient, wrong "
            "amount or date, confidentiality broken, legal deadline missed.",
        ),
        Unit.SHARE, Sum.SHARE,
        Words("demandes contrôlées dans le mois", "requests checked in the month"),
        NOTHING, _SMALL, -1, pooled=True,
    )  # fmt: skip
    for key, name, people in (
        ("received", Words("Demandes reçues", "Requests received"), RECEIVED),
        ("delivered", Words("Demandes livrées", "Requests delivered"), DELIVERED),
    ):
        yield Definition(
            key, name, Words(f"Nombre de {people.fr}.", f"Number of {people.en}."),
            Unit.COUNT, Sum.TOTAL, people,
        )  # fmt: skip


def _people() -> Iterator[Definition]:
    answers = Words("réponses reçues dans le mois", "answers given in the month")
    yield Definition(
        "satisfaction",
        Words("Satisfaction", "Satisfaction"),
        Words(
            "Part des notes 4 et 5 sur 5, avec le nombre de réponses et l'intervalle à 95 % "
            "(Wilson). Rien n'est montré sous cinq réponses.",
            "Share of scores of 4 and 5 out of 5, with the number of answers and the 95 % interval "
            "(Wilson). Nothing is shown under five answers.",
        ),
        Unit.SHARE, Sum.SHARE, answers, NOTHING, _ANSWERS, 1, pooled=True, withheld=True,
    )  # fmt: skip
    yield Definition(
        "satisfaction_mean",
        Words("Note de satisfaction", "Satisfaction score"),
        Words("Moyenne des notes de 1 à 5.", "Mean of the scores from 1 to 5."),
        Unit.SCORE, Sum.MEAN, answers, NOTHING, _ANSWERS, 1, pooled=True, withheld=True,
    )  # fmt: skip
    yield Definition(
        "effort",
        Words("Facilité à demander", "Ease of asking"),
        Words(
            "Moyenne de « c'était facile à demander », de 1 à 5.",
            "Mean of “it was easy to ask”, from 1 to 5.",
        ),
        Unit.SCORE, Sum.MEAN, answers, NOTHING, _ANSWERS, 1, pooled=True, withheld=True,
    )  # fmt: skip
    yield Definition(
        "response_rate",
        Words("Taux de réponse", "Response rate"),
        Words(
            "Part des personnes invitées à noter dans le mois qui l'ont fait.",
            "Share of those invited to rate in the month who did.",
        ),
        Unit.SHARE, Sum.SHARE,
        Words("invitations envoyées dans le mois", "invitations sent in the month"),
        NOTHING, _ANSWERS, 1, pooled=True,
    )  # fmt: skip
    yield Definition(
        "time_returned",
        Words("Temps rendu au dirigeant", "Time returned to executives"),
        Words(
            "Ce que les demandes livrées auraient coûté de temps au dirigeant selon le "
            "diagnostic, moins ce qu'elles lui en ont coûté : ses messages et ses validations. "
            "Toujours montré avec son hypothèse.",
            "What the requests delivered would have cost the executive by the diagnostic, less "
            "what they did cost: messages written and validations. Always shown with its "
            "assumption.",
        ),
        Unit.MINUTES, Sum.TOTAL, DELIVERED,
        Words("demandes sans temps de référence", "requests without a standard time"), 1, 1,
    )  # fmt: skip


def _stock() -> Iterator[Definition]:
    yield Definition(
        "backlog",
        Words("Stock", "Backlog"),
        Words(
            "Nombre de demandes reçues et non livrées, ou rouvertes, à la fin du mois.",
            "Number of requests received and not delivered, or reopened, at the month's end.",
        ),
        Unit.COUNT, Sum.TOTAL, OPEN, CANCELLED, 1, -1,
    )  # fmt: skip
    for key, sum_, name in (
        ("backlog_age_p50", Sum.MEDIAN, Words("Âge médian du stock", "Median age of the backlog")),
        ("backlog_age_p90", Sum.P90, Words("Âge du stock : neuf sur dix", "Backlog: nine in ten")),
    ):
        yield Definition(
            key, name,
            Words(
                "Jours ouvrés depuis la réception des demandes ouvertes.",
                "Working days since the open requests were received.",
            ),
            Unit.DAYS, sum_, OPEN, CANCELLED, 1, -1,
        )  # fmt: skip
    yield Definition(
        "backlog_days",
        Words("Jours de stock", "Days of backlog"),
        Words(
            "Travail restant sur les demandes ouvertes, rapporté à ce qui peut être fait en un "
            "jour.",
            "Work left on open requests over what a day can do.",
        ),
        Unit.DAYS, Sum.TOTAL, OPEN, CANCELLED, 1, -1,
    )  # fmt: skip


def _habits() -> Iterator[Definition]:
    yield Definition(
        "client_waiting",
        Words("Attente client", "Waiting for the client"),
        Words(
            "Part du temps ouvré, de la réception à la livraison, passée à attendre le demandeur.",
            "Share of business time, from reception to delivery, spent waiting for the requester.",
        ),
        Unit.SHARE, Sum.RATIO, DELIVERED, CANCELLED, _SMALL, -1, pooled=True,
    )  # fmt: skip
    for key, better, name, what in (
        (
            "off_catalogue", -1,
            Words("Hors catalogue", "Off catalogue"),
            Words(
                "Part des demandes qui ne relèvent d'aucune prestation du catalogue.",
                "Share of requests that belong to no service of the catalogue.",
            ),
        ),
        (
            "anticipation", 1,
            Words("Anticipation", "Anticipation"),
            Words(
                "Part des demandes ouvertes à l'initiative de l'assistante, sans attendre qu'on "
                "les fasse.",
                "Share of requests opened by the assistant before anybody asked.",
            ),
        ),
        (
            "bypass", -1,
            Words("Contournement", "Bypass"),
            Words(
                "Part des demandes passées hors du service : déclarées orales ou hors outil, ou "
                "adressées à une personne plutôt qu'au service.",
                "Share of requests made outside the service: declared as oral or off the tool, or "
                "sent to a person rather than to the service.",
            ),
        ),
        (
            "documentation", 1,
            Words("Couverture documentaire", "Documentation coverage"),
            Words(
                "Part des demandes dont la prestation avait une procédure à jour.",
                "Share of requests whose service had a procedure in date.",
            ),
        ),
    ):  # fmt: skip
        yield Definition(
            key, name, what, Unit.SHARE, Sum.SHARE, RECEIVED, CANCELLED, _SMALL, better, pooled=True
        )


def _sites() -> Iterator[Definition]:
    sites = Words("sites, sur le respect des délais", "sites, by delivery on time")
    for key, unit, better, name, what in (
        (
            "alike_gap", Unit.SHARE, -1,
            Words("Écart entre sites", "Gap between sites"),
            Words(
                "Différence entre le site le mieux et le moins bien servi, parmi ceux d'au moins "
                "20 demandes.",
                "Difference between the best and the least served site, among those of 20 "
                "requests or more.",
            ),
        ),
        (
            "alike_deviation", Unit.SHARE, -1,
            Words("Dispersion entre sites", "Spread between sites"),
            Words(
                "Écart type des taux des sites, pondéré par leur volume.",
                "Standard deviation of the sites' rates, weighted by their volume.",
            ),
        ),
        (
            "alike_index", Unit.INDEX, 1,
            Words("Indice d'homogénéité", "Index of homogeneity"),
            Words(
                "1 moins la dispersion rapportée au taux d'ensemble : 1 si tous les sites sont "
                "servis de même. Jamais sous 0.",
                "1 less the spread over the overall rate: 1 if all sites are served alike. Never "
                "under 0.",
            ),
        ),
    ):  # fmt: skip
        yield Definition(key, name, what, unit, Sum.ALIKE, sites, AGREED, _SMALL, better, True)


def _means() -> Iterator[Definition]:
    yield Definition(
        "cost_per_unit",
        Words("Coût par unité d'œuvre", "Cost by unit of work"),
        Words(
            "Coût du mois rapporté aux unités d'œuvre livrées.",
            "Cost of the month over the units of work delivered.",
        ),
        Unit.CENTS, Sum.RATIO, DELIVERED, CANCELLED, 1, -1, internal=True,
    )  # fmt: skip
    yield Definition(
        "occupation",
        Words("Occupation", "Occupation"),
        Words(
            "Temps productif utilisé, rapporté à la capacité pratique. Alerte au-delà de 85 % et "
            "sous 60 %.",
            "Productive time used over practical capacity. Alert over 85 % and under 60 %.",
        ),
        Unit.SHARE, Sum.RATIO, Words("capacité du mois", "capacity of the month"),
        NOTHING, 1, 0, internal=True,
    )  # fmt: skip
    for key, unit, better, name, what in (
        (
            "concentration", Unit.INDEX, -1,
            Words("Concentration", "Concentration"),
            Words(
                "Somme des carrés des parts de chaque assistante dans les demandes reçues : 1 si "
                "une seule personne les porte toutes.",
                "Sum of the squared shares of each assistant in the requests received: 1 if one "
                "person carries them all.",
            ),
        ),
        (
            "effective_people", Unit.PERSONS, 1,
            Words("Nombre effectif d'assistantes", "Effective number of assistants"),
            Words(
                "L'inverse de la concentration : sur combien de personnes tout repose vraiment.",
                "The inverse of concentration: on how many people it all really rests.",
            ),
        ),
    ):  # fmt: skip
        yield Definition(
            key, name, what, unit, Sum.SPREAD, RECEIVED, CANCELLED, _SMALL, better, True,
            internal=True,
        )  # fmt: skip


DEFINITIONS: dict[str, Definition] = {each.key: each for each in _definitions()}
