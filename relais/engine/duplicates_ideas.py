"""The ideas of office work and the words for them, in French and English, by their beginnings.

One idea a line: its name, then how its words begin (folded: no accents). The longest beginning that
fits decides; `=` marks a whole word. Acts, persons and things stand apart, since the same thing is
said to be « préparé », « monté » or "put together" by three people who do the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

from relais.engine.wording import set_of

_ACTS = """
make prepar redig etabl establish monter monte elabor produi creat draft compos build writ ecri
make redaction =draw
make =put confection realis
get compil collect rassembl recueil gather retriev
send envo send mailing distribu diffus dispatch transmi circulat expedi rout aiguill =out
arrange organi arrang coordin planifi =plan plans program prevoir caler reparti =rota roster
arrange assign affect
keep tenir tenue maintain maintien gere gerer gesti manag handl entret keep =tient updat
keep actualis =suivi =suivre follow =track =trait operat utilis
check verif control check relect relire review revue revoi pointer pointage audit
answer repond repons respons answer repl
receive recev recept receiv ouvrir ouverture open incoming inbound arriv entrant depouil
sort trier =tri sort triag
find cherch recherch search locat retrouv research find
lead encadr supervis direct overs superv animer =lead leading pilot
teach form train formati enseign teach orient integr
file class archiv filing =file =files rang
help aid =assist assister assistance assisting help support soutien appui =tips conseil
confirm confirm
read lire lecture read analy
improve amelior improv optimi rational simplif
set defini =set mise instaur introduc implement install
publish publi
enter saisi enter entry encod =key alimenter
order command order achat achet purchas approvision
copy photocop copi copy reproduc reprograph duplicat
"""
_PERSONS = """
staff secretair secretar secretariat personnel employ clerical salari equipe staff collaborat
staff collegu colleag =rh =hr effectif team assistante =assistant =assistants =pool
newcomer nouvel nouveau newcom arrivant debutant joiner recru onboard
customer client custom
executive dirigeant executive director directeur direction patron boss =codir =ceo =dg =pdg
executive =comex cadres chief manager
"""
_THINGS = """
invoice factur invoic bill
report rapport report reporting statist
minutes compte =rendu proces-verb =pv minute
meeting reunion meeting comite committee conseil board seance
travel voyag deplacement travel trip mission billet flight hotel hebergement vols train
calendar agenda calend calendar schedul planning diary diaries
appoint rendez appoint =rdv =slot =slots creneau
phone telephon phone =call =calls caller calling appel switchboard standardist =ligne
visitor visit accueil greet guest welcom accueillir
mailpost courrier mail correspond lettre letter postal =post =poste =pli plis parcel colis
mailpost enveloppe envelope
supplies fournitur suppl consommabl stationery
payroll salair payroll =paie paies bulletin remuner wage payslip timekeep timesheet salaries
database base database donnee =data
website website =site =sites =web intranet internet =page =pages online
document document dossier record paper papier piece
contract contrat contract avenant
money caisse cash banqu bank deposit depot encaiss compta bookkeep accounting account =compte
money =comptes
cheque cheque cheques =checks
budget budget finan
event evenement event seminaire seminar conferenc colloque ceremon congres party parties
catering repas dejeuner luncheon cater buffet traiteur plateau
policy polic procedur consign regle rule reglement guideline
method method pratiq practic workflow improvement =way =ways organisation
equipment materiel equipment copieur copier fax imprimant machine photocopieur printer printing
equipment toner
repair repare repara =repairs repair panne breakdown malfunct depann engineer technicien =fix
repair fixing trouble
computer computer ordinateur bureautiqu informatiq logiciel software technolog =pc
training formation training
project projet project
newsletter newsletter infolettre promot publicit flyer brochure leaflet plaquette depliant commercia
invite invitation carton
form formulair =form =forms
spelling orthograph spelling gramma corrig correct proofread relect relire coquill typo layout
dictation dictee dicte dicta shorthand steno transcri retranscri frappe typing =typ audio dactylo
message message
expense frais depens expens defraiement rembours expenditur saving economie
archive archivage classement filing archive
agenda_items odj
presentation presentation diapor slide deck
"""
# What is said of every task and tells none.
EMPTY_WORDS = set_of(
    "such using various other others including general basic needed their according whether "
    "given appropriate individuals determine being perform conduct functions work travaux faire "
    "effectuer assurer charge notamment different divers leurs ses cours lors afin selon ensemble "
    "autres office bureau services service company entreprise societe interne internal "
    "administrative administratif administratifs administratives admin "
    "information informations material materials personne personnes people group groups special "
    "new nouveaux monthly mensuel mensuels mensuelle daily quotidien quotidienne each every "
    "chaque tous toutes des les aux par pour sur avec the and for with from into any all out"
)


def _read(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        name, *beginnings = line.split()
        found |= dict.fromkeys(beginnings, name)
    return found


# What two words or three say together, and not apart.
_PHRASES = """
calendar emploi du temps|emplois du temps
visitor front desk
keep mise a jour|mises a jour|mettre a jour
spelling mise en page
set mise en place|mettre en place
agenda_items ordre du jour|ordres du jour
phone prise d'appel|prises d'appels|prendre les appels
appoint prise de rendez-vous|prendre rendez-vous
minute compte rendu|comptes rendus|compte-rendu
minute proces-verbal|proces verbal
computer poste informatique|postes informatiques|poste de travail
expense note de frais|notes de frais
mailpost e-mail|electronic mail|courrier electronique|courriel
help first line|premier niveau
archive filing system|filing systems
"""
_BY_ACT, _BY_PERSON = _read(_ACTS), _read(_PERSONS)
ACTS, PERSONS = frozenset(_BY_ACT.values()), frozenset(_BY_PERSON.values())
_BEGINNINGS = _BY_ACT | _BY_PERSON | _read(_THINGS)
IDEAS = frozenset(_BEGINNINGS.values())
_LONGEST = max(map(len, _BEGINNINGS))


def _phrases(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        name, said = line.split(maxsplit=1)
        found |= dict.fromkeys(said.split("|"), name)
    return found


_SAID = _phrases(_PHRASES)
_SAYING = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, _SAID), key=len, reverse=True)) + r")\b"
)


def without_phrases(text: str) -> tuple[str, list[str]]:
    """Return a folded text without the phrases that are known, and the ideas they stand for."""
    return _SAYING.sub(" ", text), [_SAID[found] for found in _SAYING.findall(text)]


@lru_cache(maxsize=20_000)
def idea(word: str) -> str | None:
    """Return the idea that a folded word stands for, None when it is none of those known."""
    if f"={word}" in _BEGINNINGS:
        return _BEGINNINGS[f"={word}"]
    for length in range(min(len(word), _LONGEST), 2, -1):
        if word[:length] in _BEGINNINGS:
            return _BEGINNINGS[word[:length]]
    return None
