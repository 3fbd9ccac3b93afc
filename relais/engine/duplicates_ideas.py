"""The ideas of office work and the words for them, in French and English, by their beginnings.

One idea a line: its name, then how its words begin (folded: no accents). The longest beginning that
fits decides; `=` marks a whole word. Acts, persons and things stand apart, since the same thing is
said to be « préparé », « monté » or "put together" by three people who do the same.
"""

from __future__ import annotations

from functools import lru_cache

from relais.engine.wording import set_of

_ACTS = """
make prepar redig etabl monter monte elabor produi creat draft compos build writ ecri redaction
make =put confection realis
get compil collect rassembl recueil gather retriev
send envo send mailing distribu diffus dispatch transmi circulat expedi rout aiguill
arrange organi arrang coordin planifi =plan plans schedul program prevoir caler
keep tenir tenue maintain maintien gere gerer gesti manag handl entret keep =tient updat actualis
check verif control check relect relire review proofread corrig correct pointer pointage
answer repond repons answer repl
receive recev recept reception =ouvrir ouverture open incoming arriv entrant
sort trier =tri sort triag
find cherch recherch search locat retrouv research find
lead encadr supervis direct overs superv animer
teach form train formati enseign teach orient integr
file class archiv filing =file =files rang
help aid assist help support soutien appui
confirm confirm
read lire lecture read analy
enter saisi enter entry encod typing =type
order command order achat achet purchas approvision
copy photocop copi copy reproduc duplicat
"""
_PERSONS = """
staff secretair secretar personnel employ clerical salari equipe staff collaborat =rh effectif
newcomer nouvel nouveau newcom arrivant
customer client custom
executive dirigeant executive director directeur direction patron boss =codir
"""
_THINGS = """
invoice factur invoic bill
report rapport report reporting statist
minutes compte =rendu proces-verb =pv minute
meeting reunion meeting comite committee conseil board seance
travel voyag deplacement travel trip mission billet flight hotel hebergement reserv booking =book
calendar agenda calend calendar schedul planning
appoint rendez appoint =rdv
phone telephon phone call appel switchboard =ligne
visitor visit accueil greet guest welcom accueillir
mailpost courrier mail correspond lettre letter post =pli plis
supplies fournitur suppl consommabl stationery
payroll salair payroll =paie paies bulletin remuner wage payslip timekeep
database base database donnee =data
website website =site =sites =web intranet
document document dossier record paper papier piece
contract contrat contract avenant
money caisse cash banqu bank deposit encaiss compta bookkeep accounting
cheque cheque cheques =checks
budget budget finan
event evenement event seminaire conferenc colloque ceremon congres
catering repas dejeuner luncheon cater buffet traiteur plateau
policy polic procedur consign
equipment materiel equipment copieur fax imprimant machine photocopieur printer
repair repar panne breakdown malfunct depann
computer computer ordinateur bureautiqu logiciel software technolog
training formation training
project projet project
newsletter newsletter infolettre promot publicit flyer brochure leaflet invitation
form formulair =form =forms
spelling orthograph spelling gramma
dictation dictee dictation shorthand steno transcri
message message
expense frais depens expense defraiement remboursement
archive archivage classement filing
presentation presentation diapor slide deck
"""
# What is said of every task and tells none.
EMPTY_WORDS = set_of(
    "such using various other others including general basic needed their according whether "
    "given appropriate individuals determine being perform conduct functions work travaux faire "
    "effectuer assurer charge notamment different divers leurs ses cours lors afin selon ensemble "
    "autres office bureau services service company entreprise societe interne internal "
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


_BY_ACT, _BY_PERSON = _read(_ACTS), _read(_PERSONS)
ACTS, PERSONS = frozenset(_BY_ACT.values()), frozenset(_BY_PERSON.values())
_BEGINNINGS = _BY_ACT | _BY_PERSON | _read(_THINGS)
IDEAS = frozenset(_BEGINNINGS.values())
_LONGEST = max(map(len, _BEGINNINGS))


@lru_cache(maxsize=20_000)
def idea(word: str) -> str | None:
    """Return the idea that a folded word stands for, None when it is none of those known."""
    if f"={word}" in _BEGINNINGS:
        return _BEGINNINGS[f"={word}"]
    for length in range(min(len(word), _LONGEST), 2, -1):
        if word[:length] in _BEGINNINGS:
            return _BEGINNINGS[word[:length]]
    return None
