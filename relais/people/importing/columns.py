"""What a column of somebody's list is: guessed from its heading, French or English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relais.lib.tables import Row
from relais.lib.text import french_key

HEADER_WITHIN = 30  # the headings stand within so many rows


@dataclass(frozen=True)
class Field:
    """One thing that a column may say, and the headings under which people write it."""

    name: str
    label: str | Promise
    french: str  # the heading in the template, whatever the reader's language
    headings: str
    pattern: str = ""  # for headings that no list foresees
    help: str | Promise = ""


FIELDS = [
    Field(
        "company",
        _("company"),
        "Entreprise",
        "entreprise|entreprise cliente|societe|company|client|groupe|group|enseigne|customer|"
        "nom de l entreprise|nom de la societe|nom societe|nom entreprise|company name|"
        "organisation|organization|compte|account",
        r"\b(entreprise|societe|company|groupe)\b",
    ),
    Field(
        "entity",
        _("legal entity"),
        "Entité",
        "entite|entite juridique|entite legale|raison sociale|denomination|denomination sociale|"
        "legal entity|entity|filiale|subsidiary|personne morale|nom de l entite",
        r"\b(entite|raison sociale|denomination|legal entity|filiale)\b",
    ),
    Field("siren", "SIREN", "SIREN", "siren|n siren|no siren|numero siren", r"\bsiren\b"),
    Field("siret", "SIRET", "SIRET", "siret|n siret|no siret|numero siret|nic siret", r"\bsiret\b"),
    Field(
        "site",
        _("site"),
        "Site",
        "site|etablissement|nom du site|nom site|nom de l etablissement|nom etablissement|agence|"
        "magasin|implantation|lieu|lieu de travail|localisation|location|branch|office|store|"
        "site name|bureau|usine|depot|point de vente|residence|affectation",
        r"\b(site|etablissement|agence|implantation|branch)\b",
    ),
    Field(
        "site_code",
        _("site code"),
        "Code site",
        "code|code site|code du site|code etablissement|code agence|ref site|reference site|"
        "site code|site id|id site|branch code|store code|n site|numero de site|code interne",
        r"^(code|ref|reference|id|n)\b.*\b(site|etablissement|agence)\b",
    ),
    Field(
        "street",
        _("street"),
        "Adresse",
        "adresse|rue|voie|adresse 1|adresse 2|adresse1|adresse2|adresse postale|n et voie|street|"
        "address|address 1|address 2|address line 1|address line 2|complement d adresse|"
        "complement adresse|numero et voie|adresse du site|street address",
        r"^(adresse|address)\b",
    ),
    Field(
        "postcode",
        _("postcode"),
        "CP",
        "cp|code postal|codepostal|c p|postcode|postal code|zip|zip code|zipcode|post code",
        r"\b(code postal|postal code|zip)\b",
    ),
    Field(
        "city",
        _("city"),
        "Ville",
        "ville|commune|localite|city|town|municipality|ville du site|nom commune",
        r"\b(ville|commune|city)\b",
    ),
    Field("country", _("country"), "Pays", "pays|country|code pays|country code|nation"),
    Field(
        "time_zone",
        _("time zone"),
        "Fuseau",
        "fuseau|fuseau horaire|time zone|timezone|tz|zone horaire",
        r"\b(fuseau|time ?zone)\b",
    ),
    Field(
        "holiday_zone",
        _("holiday zone"),
        "Zone de jours fériés",
        "zone de jours feries|zone jours feries|jours feries|zone feries|feries|holiday zone|"
        "holidays|public holidays|zone|calendrier|zone de feries",
        r"\b(feries?|holidays?)\b",
    ),
    Field(
        "name",
        _("first and last name"),
        "Nom Prénom",
        "nom prenom|nom et prenom|nom prenoms|nom complet|prenom nom|prenom et nom|full name|"
        "fullname|name|interlocuteur|contact|contacts|personne|personnes|collaborateur|salarie|"
        "employe|nom s|noms|demandeur|demandeurs|managers|responsables|person|employee|"
        "nom prenom du manager|nom du manager|nom et prenom du manager|nom du contact",
        r"\b(nom.*prenom|prenom.*nom|interlocuteur|contact|full name)\b",
    ),
    Field(
        "last_name",
        _("last name"),
        "Nom",
        "nom de famille|nom usage|nom d usage|nom usuel|last name|lastname|surname|family name|"
        "nom patronymique|nom naissance",
        r"\b(last ?name|surname)\b",
    ),
    Field(
        "first_name",
        _("first name"),
        "Prénom",
        "prenom|prenoms|first name|firstname|given name|prenom usuel",
        r"\b(prenom|first ?name)\b",
    ),
    Field(
        "email",
        _("e-mail"),
        "E-mail",
        "e mail|email|mail|courriel|mel|adresse mail|adresse e mail|adresse email|"
        "adresse electronique|email address|e mail address|e mails|emails|mails|"
        "adresse de messagerie|messagerie|mail pro|email pro|"
        "email professionnel|mail professionnel",
        r"\b(e ?mails?|mails?|courriels?)\b",
    ),
    Field(
        "phone",
        _("telephone"),
        "Téléphone",
        "telephone|tel|tel fixe|tel portable|portable|mobile|phone|phone number|telephones|"
        "n de telephone|numero de telephone|gsm|ligne directe|telephone mobile|cell|tel pro",
        r"\b(tel|telephone|phone|mobile|portable)\b",
    ),
    Field(
        "job",
        _("position"),
        "Fonction",
        "fonction|poste|titre|intitule de poste|intitule du poste|metier|job|job title|position|"
        "title|emploi|qualite|fonctions",
        r"\b(fonction|intitule|job|emploi)\b",
    ),
    Field(
        "executive",
        _("executive"),
        "Dirigeant",
        "dirigeant|executif|exec|executive|manager de|n 1|responsable hierarchique|superieur|"
        "superieur hierarchique|rattache a|rattachement|rattachement hierarchique|reports to|"
        "reporting to|line manager|supervisor|chef|hierarchique|directeur|dirigeant e|n1|n plus 1|"
        "rend compte a|dirigeante|nom du dirigeant",
        r"\b(dirigeant|executif|superieur|hierarchique|reports? to|rattach\w+)\b",
        help=_("An e-mail address or a name, of this list or already registered."),
    ),
    Field(
        "role",
        _("role"),
        "Rôle",
        "role|roles|profil|droit|droits|access|role relais|habilitation",
        r"\broles?\b",
        help=_("Requester, site lead, client lead, sponsor, DPO, auditor."),
    ),
    Field("language", _("language"), "Langue", "langue|language|lang|langues|langue parlee"),
]
BY_NAME = {field.name: field for field in FIELDS}
MAY_REPEAT = frozenset({"street", "phone"})  # "Adresse 1", "Adresse 2"; "Fixe", "Portable"
PERSON_FIELDS = frozenset(
    {"name", "last_name", "first_name", "email", "phone", "job", "executive", "role", "language"}
)
PLACE_FIELDS = frozenset(
    {"site", "site_code", "siret", "street", "postcode", "city", "time_zone", "holiday_zone"}
)
_HEADINGS = {heading: field.name for field in FIELDS for heading in field.headings.split("|")}

Mapping = dict[int, str]  # column (from 0) → name of a field


def heading_key(text: str) -> str:
    """Return a heading without accents, case, punctuation and the stars of required columns."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", french_key(text)).split())


def guess(header: Sequence[str]) -> Mapping:
    """Return which field each column holds, by its heading; columns not understood are left out."""
    keys = [heading_key(text) for text in header]
    found: Mapping = {}
    for column, key in enumerate(keys):
        if key in _HEADINGS:
            _settle(found, column, _HEADINGS[key])
    for column, key in enumerate(keys):
        if column not in found and key not in ("", "nom", "manager", "responsable"):
            # The e-mail before all: « adresse mail du site » is no address and no site.
            fields = sorted(FIELDS, key=lambda field: field.name != "email")
            for field in fields:
                if field.pattern and re.search(field.pattern, key):
                    _settle(found, column, field.name)
                    break
    _settle_ambiguous(found, keys)
    return dict(sorted(found.items()))


def _settle(found: Mapping, column: int, name: str) -> None:
    if name not in found.values() or name in MAY_REPEAT:
        found[column] = name


def _settle_ambiguous(found: Mapping, keys: list[str]) -> None:
    """« Nom » is a last name beside « Prénom », the site's in a list of sites, else a full name."""
    for column, key in enumerate(keys):
        if column in found:
            continue
        fields = set(found.values())
        if key == "nom":
            if "first_name" in fields:
                _settle(found, column, "last_name")
            elif fields & PLACE_FIELDS and not fields & PERSON_FIELDS and "site" not in fields:
                _settle(found, column, "site")
            else:
                _settle(found, column, "name")
        elif key in ("manager", "responsable"):
            named = fields & {"name", "last_name"} or "nom" in keys
            _settle(found, column, "executive" if named else "name")


def header_row(rows: Sequence[Row]) -> int:
    """Return the number of the row whose cells are best understood as headings; 0: there is none.

    Titles and blank rows above it are passed over.
    """
    best, best_count = 0, 0
    for row in rows[:HEADER_WITHIN]:
        if any("@" in cell for cell in row.cells):
            break  # the first person: no heading comes after
        count = len(set(guess(row.cells).values()))
        if count > best_count:
            best, best_count = row.number, count
    return best


def last_name_first(heading: str) -> bool:
    """Return whether names under this heading begin with the last name (« Nom Prénom »)."""
    key = heading_key(heading)
    return bool(re.match(r"(noms?|last)\b.*\b(prenoms?|first)\b", key))
