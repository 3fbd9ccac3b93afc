"""The words of other tools: what their columns, states and priorities are called, as exported.

GLPI by its French and English exports, Zammad's reports, Jira's "Export CSV (all fields)",
ServiceNow's list exports (field names, or their labels), and the files of public research logs.
Headings and words are written as `log_mapping.key` writes them: no accents, case or punctuation.
"""

from __future__ import annotations


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split("|"))


# Field → headings, the surest first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "ref": _list(
        "request id|case id|issue key|number|ticket number|ticket|id|reference|numero|n|"
        "numero de ticket|numero du ticket|key|cle|cle de ticket|incident id|sr number"
    ),
    "log": _list("log"),
    "site": _list(
        "site|location|lieu|localisation|custom field site|custom field location|"
        "champs personnalise site|champ personnalise site|agence|etablissement|location name|"
        "entity|entite|organization|organisation|organisation name|component s|components|"
        "project name|nom du projet|company|department"
    ),
    "requester": _list(
        "requester|demandeur demandeur|requester requester|demandeur|caller id|caller|opened by|"
        "customer|client|reporter|rapporteur|requested for|requested by|creator|createur|auteur|"
        "writer|created by"
    ),
    "title": _list(
        "title|titre|summary|resume|short description|subject|objet|sujet|libelle|intitule"
    ),
    "category": _list(
        "category|categorie|product|issue type|type de ticket|type de demande|request type|"
        "customer request type|service|type"
    ),
    "subcategory": _list("subcategory|sous categorie|sub category"),
    "priority": _list("priority first|priority|priorite|urgency|urgence"),
    "channel": _list(
        "channel|contact type|canal|request source|source de la demande|create channel|"
        "article type|created via"
    ),
    "team": _list(
        "team last|team|assignment group|assigned to technician group|"
        "attribue a groupe de techniciens|attribue a groupe|group|groupe|equipe|support team"
    ),
    "handler_first": _list(
        "handler first|assigned to|assigned to technician|attribue a technicien|owner|"
        "proprietaire|assignee|responsable|attribution|technician|technicien|resource"
    ),
    "handler_last": _list("handler last|resolved by|closed by"),
    "state": _list("status|state|statut|etat|incident state|ticket state|status name"),
    "opened_at": _list(
        "opened at|opened|opening date|date d ouverture|date ouverture|date de creation|created|"
        "created at|create time|creation date|cree|creee|cree le|sys created on|case start|"
        "date d ouverture du ticket"
    ),
    "taken_at": _list(
        "first taken at|first response at|first response|taken at|date de prise en compte|"
        "take into account date|prise en compte|work start"
    ),
    "resolved_at": _list(
        "resolved at|resolved|resolution date|date de resolution|date resolution|resolue|"
        "solved at|date of solving|solve date|solution date|solvedate"
    ),
    "closed_at": _list(
        "closed at|closed|close at|closing date|date de cloture|date cloture|ferme le|close time|"
        "closedate|close date"
    ),
    "last_at": _list(
        "last event at|last update|derniere modification|updated|updated at|mise a jour|"
        "sys updated on|last change|modifie le"
    ),
    # Of a log of events.
    "event_no": _list("event no|event number|event id|sequence"),
    "event_at": _list(
        "timestamp|time timestamp|event at|event time|complete timestamp|change date|"
        "sys created on|date"
    ),
    "event_state": _list(
        "activity|state|concept name|lifecycle transition|incident state|status|statut|etat|"
        "new value|to"
    ),
}

# A tool is known by headings that no other has together.
PROFILES: dict[str, tuple[str, ...]] = {
    "GLPI": ("id", "titre", "demandeur demandeur"),
    "GLPI (en)": ("id", "title", "requester requester"),
    "Jira": ("issue key", "issue id", "reporter"),
    "Jira (fr)": ("cle de ticket", "rapporteur"),
    "ServiceNow": ("number", "caller id", "opened at"),
    "ServiceNow (labels)": ("number", "caller", "opened", "assignment group"),
    "Zammad": ("title", "group", "owner", "customer", "state"),
    "Zammad (fr)": ("titre", "groupe", "proprietaire", "client", "etat"),
    "log": ("request id", "log", "opened at"),
    "log of events": ("log", "case id", "event no", "timestamp"),
}

# What a state of another tool means for the desk.
NEW, QUEUED, ASSIGNED, WORKING = "new", "queued", "assigned", "working"
WAITING, THIRD, RESOLVED, CLOSED = "waiting", "third", "resolved", "closed"
CANCELLED, IGNORED = "cancelled", "ignored"
# new: in the queue, whoever is named holds it; queued: back in a team's queue, whoever is named
# only sent it there; waiting: for the requester, which stops the clock; third: for anybody else.
STEPS = (
    NEW, QUEUED, ASSIGNED, WORKING, WAITING, THIRD, RESOLVED, CLOSED, CANCELLED, IGNORED,
)  # fmt: skip

STATES: dict[str, str] = {
    **dict.fromkeys(
        _list(
            "new|nouveau|nouvelle|open|ouvert|ouverte|opened|to do|a faire|backlog|draft|"
            "waiting for support|en attente de support|en attente du support|submitted|"
            "reopened|rouvert|rouverte"
        ),
        NEW,
    ),
    **dict.fromkeys(
        _list("awaiting assignment|queued|queue|en file|en attente d attribution|unassigned"),
        QUEUED,
    ),
    **dict.fromkeys(
        _list(
            "assigned|processing assigned|en cours attribue|attribue|attribuee|affecte|"
            "planned|processing planned|en cours planifie|acknowledged"
        ),
        ASSIGNED,
    ),
    **dict.fromkeys(
        _list(
            "active|in progress|en cours|work in progress|processing|accepted|started|"
            "in review|en traitement|escalated|under investigation"
        ),
        WORKING,
    ),
    **dict.fromkeys(
        _list(
            "wait user|wait customer|awaiting user info|awaiting caller|awaiting user|pending|"
            "en attente|pending reminder|en attente de rappel|waiting for customer|"
            "en attente du client|waiting for reporter|waiting on user|pending customer|"
            "awaiting customer|on hold"
        ),
        WAITING,
    ),
    **dict.fromkeys(
        _list(
            "wait|wait vendor|wait implementation|awaiting vendor|awaiting problem|"
            "awaiting evidence|awaiting change|waiting for third party|pending vendor|"
            "en attente fournisseur|en attente d un tiers|waiting for approval|"
            "en attente d approbation|pending change|blocked|bloque"
        ),
        THIRD,
    ),
    **dict.fromkeys(
        _list("resolved|resolu|resolue|solved|in call|done|termine|terminee|fixed|completed"),
        RESOLVED,
    ),
    **dict.fromkeys(
        _list("closed|clos|close|closed successful|pending close|ferme|fermee|cloture|cloturee"),
        CLOSED,
    ),
    **dict.fromkeys(
        _list("cancelled|canceled|annule|annulee|declined|rejected|rejete|merged|fusionne|removed"),
        CANCELLED,
    ),
    **dict.fromkeys(_list("unmatched"), IGNORED),
}  # fmt: skip

PRIORITIES: dict[str, int] = {
    **dict.fromkeys(
        _list(
            "1|1 critical|1 critique|critical|critique|blocker|bloquant|highest|la plus haute|"
            "major|majeure|very high|tres haute|4 very high|urgent|6"
        ),
        1,
    ),
    **dict.fromkeys(_list("2|2 high|3 high|high|haute|haut|elevee|eleve|important|2 haute"), 2),
    **dict.fromkeys(
        _list(
            "3|3 moderate|3 moderee|2 normal|moderate|medium|normal|normale|moyenne|moyen|"
            "moderee|standard|3 normal|3 moyenne"
        ),
        3,
    ),
    **dict.fromkeys(
        _list(
            "4|4 low|1 low|5|5 planning|low|basse|bas|faible|lowest|la plus basse|very low|"
            "tres basse|minor|mineure|trivial|planning"
        ),
        4,
    ),
}
