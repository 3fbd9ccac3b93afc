"""Requests that nobody sent: sentences of ours with slots, in French and English, by service.

Each service has sentences that a history may hold and sentences that it never holds: those are
what somebody writes who says it in another way. The slots take job titles (ROME) and published
task statements (O*NET) where they are at hand, so that the texts do not all speak alike.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import NamedTuple


class Said(NamedTuple):
    """A request, the code of its service, and whether a history may hold its sentence."""

    subject: str
    body: str
    code: str
    urgent: bool
    familiar: bool


# Code: sentences of a history; sentences that no history holds.
SENTENCES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "appointment": (
        (
            "Caler un point avec {who}",
            "Déplacer mon rdv de {day}",
            "Trouver un créneau avec {who}",
            "Please move my {day} call with {who}",
            "Find a slot with {who}",
        ),
        (
            "Quand puis-je voir {who} ?",
            "Bloquez une heure {day} avec {who}",
            "Can {who} and I sit down on {day}?",
        ),
    ),
    "meeting": (
        (
            "Préparer la réunion de {day}",
            "Salle pour {n} personnes {day}",
            "Ordre du jour du comité",
            "Book a meeting room for {n}",
            "Agenda for the {day} board meeting",
        ),
        (
            "Nous serons {n} {day}, où se met-on ?",
            "Visio avec {city}, à lancer {day}",
            "Set up the conference with {city}",
        ),
    ),
    "dashboard": (
        (
            "Mettre à jour les indicateurs de {city}",
            "Tableau de bord de {month}",
            "Chiffres de vente {month}",
            "Update the {month} dashboard",
            "Monthly figures for {city}",
        ),
        (
            "Où en est le reporting de {city} ?",
            "Il me manque les stats de {month}",
            "Numbers for {city} are out of date",
        ),
    ),
    "contract": (
        (
            "Avenant au contrat de {who}",
            "Renouvellement du bail de {city}",
            "Contrat {n} à faire signer",
            "Renew the lease in {city}",
            "Amendment for contract {n}",
        ),
        (
            "Le bail arrive à échéance à {city}",
            "Préavis de résiliation pour {who}",
            "The agreement with {who} ends in {month}",
        ),
    ),
    "invoice": (
        (
            "Régler la facture {n}",
            "Relance d'un impayé de {who}",
            "Facture fournisseur {city}",
            "Pay invoice {n}",
            "Unpaid bill from {who}",
        ),
        (
            "{who} attend toujours son règlement",
            "Un avoir à passer sur le dossier {n}",
            "{who} was billed twice, order {n}",
        ),
    ),
    "expenses": (
        (
            "Note de frais de {month}",
            "Remboursement de mes frais à {city}",
            "Justificatifs de {month}",
            "Expense claim for {month}",
            "Refund of my receipts from {city}",
        ),
        (
            "J'ai avancé {n} euros à {city}",
            "Mes tickets de restaurant de {month}",
            "I paid for dinner in {city} myself",
        ),
    ),
    "travel": (
        (
            "Billet de train pour {city} {day}",
            "Hôtel à {city}, {n} nuits",
            "Déplacement à {city}",
            "Book a flight to {city} on {day}",
            "Hotel in {city} for {n} nights",
        ),
        (
            "Je pars à {city} {day}",
            "Un vol et une voiture pour {who}",
            "Get {who} to {city} by {day}",
        ),
    ),
    "slides": (
        (
            "Mettre en forme la présentation de {day}",
            "Powerpoint du comité {month}",
            "Slides pour {who}",
            "Lay out my deck for {day}",
            "Presentation for {who}",
        ),
        (
            "Mes diapos sont affreuses, {day} je passe devant {who}",
            "Un joli support pour {city}",
            "Make these {n} pages look good",
        ),
    ),
}
OPENINGS = ("Bonjour,", "Hello,", "Bonjour à toutes,", "", "Hi,")
CLOSINGS = (
    "\n\nCordialement,\n{who}\nCe message est confidentiel et réservé à son destinataire.",
    "\n\nBest regards,\n{who}",
    "\n\nMerci d'avance",
    "",
)
URGENT = ("C'est urgent.", "Il me le faut pour demain.", "ASAP please.", "Au plus vite svp.")
CALM = ("Rien d'urgent.", "Pas pressé.", "No rush.", "", "", "")
SLOTS = {
    "day": ["lundi", "mardi", "jeudi", "vendredi", "Monday", "Thursday"],
    "city": ["Lyon", "Nantes", "Lille", "Aix", "Brest", "Nice", "Metz"],
    "month": ["janvier", "mars", "juin", "octobre", "March", "June"],
}


def write(count: int, codes: list[str], reference: Path | None, seed: int = 0) -> list[Said]:
    """Return so many requests in an order of chance: a history, with one in five unheard of."""
    chance = random.Random(seed)
    titles, tasks = _reference(reference)
    weights = [1 / (rank + 1) for rank in range(len(codes))]
    found = []
    for _ in range(count):
        code = chance.choices(codes, weights)[0]
        familiar = chance.random() < 0.8
        sentence = chance.choice(SENTENCES[code][0 if familiar else 1])
        urgent = chance.random() < 0.15
        extra = chance.choice(URGENT if urgent else CALM)
        aside = chance.choice(tasks) if tasks and chance.random() < 0.25 else ""
        slots = {name: chance.choice(words) for name, words in SLOTS.items()}
        slots |= {"who": chance.choice(titles), "n": str(chance.randint(2, 990))}
        text = _slip(sentence.format(**slots), chance)
        body = f"{chance.choice(OPENINGS)}\n{text}. {extra}\n{aside}"
        body += chance.choice(CLOSINGS).format(**slots)
        subject = (
            text if chance.random() < 0.6 else chance.choice(("Demande", "Question", "Help", "Re:"))
        )
        found.append(Said(subject, body, code, urgent, familiar))
    return found


def _slip(text: str, chance: random.Random) -> str:
    """Return the text with two letters swapped, once in ten."""
    if len(text) < 12 or chance.random() > 0.1:
        return text
    at = chance.randint(3, len(text) - 4)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _reference(folder: Path | None) -> tuple[list[str], list[str]]:
    titles, tasks = ["M. Roux", "la directrice", "Mrs Clarke"], [""]
    if folder is None or not folder.is_dir():
        return titles, tasks
    with (folder / "rome_assistant_titles.csv").open(encoding="utf-8") as file:
        titles = [row["libelle_appellation_court"][:60] for row in csv.DictReader(file)]
    with (folder / "onet_secretary_tasks.tsv").open(encoding="utf-8") as file:
        tasks = [row["Task"] for row in csv.DictReader(file, delimiter="\t")]
    return titles, tasks
