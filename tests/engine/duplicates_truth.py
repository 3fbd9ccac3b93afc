"""Tasks of secretaries (statements of O*NET, CC BY 4.0, some of them cut) said three ways.

Each row is one work: the statement, an English paraphrase, a French one, all written for the test.
"""

# The words of `duplicates_ideas.py` were chosen with these in sight.
SAME = (
    (
        "Make travel arrangements for executives.",
        "Book trains, flights and hotels for the managers",
        "Organiser les déplacements des dirigeants",
    ),
    (
        "Compile, transcribe, and distribute minutes of meetings.",
        "Write up what was said at each meeting and circulate the minutes",
        "Rédiger et diffuser les comptes rendus de réunion",
    ),
    (
        "Process payroll information.",
        "Collect hours worked for the payslips",
        "Saisir les éléments variables de paie",
    ),
    (
        "Order and dispense supplies.",
        "Purchase stationery for the team",
        "Commander les fournitures de bureau",
    ),
    (
        "Answer phone calls and direct calls to appropriate parties or take messages.",
        "Switchboard: put callers through, note down messages",
        "Répondre au téléphone, transférer les appels et noter les messages",
    ),
    (
        "Open, sort, and distribute incoming correspondence, including faxes and email.",
        "Sort the morning's post and hand letters round",
        "Ouvrir, trier et distribuer le courrier",
    ),
    (
        "Manage and maintain executives' schedules.",
        "Keep the director's calendar up to date",
        "Tenir l’agenda de la direction",
    ),
    (
        "Greet visitors or callers and handle their inquiries.",
        "Welcome guests at the front desk",
        "Accueillir les visiteurs",
    ),
    (
        "File and retrieve corporate documents, records, and reports.",
        "Put company records in the archive and find them again",
        "Classer et archiver les dossiers de la société",
    ),
    (
        "Develop or maintain internal or external company Web sites.",
        "Update the pages of our website",
        "Mettre à jour le site web",
    ),
    (
        "Supervise other clerical staff and provide training and orientation to new staff.",
        "Lead the secretaries and train newcomers",
        "Encadrer les secrétaires et former les nouvelles arrivantes",
    ),
    (
        "Prepare and mail checks.",
        "Write cheques and send them off",
        "Établir et envoyer les chèques",
    ),
    (
        "Coordinate conferences, meetings, or special events, such as luncheons.",
        "Plan seminars and events",
        "Organiser les séminaires et les événements",
    ),
    (
        "Mail newsletters, promotional material, or other information.",
        "Send out the newsletter and brochures",
        "Envoyer l’infolettre et les brochures",
    ),
    (
        "Schedule and confirm appointments for clients, customers, or supervisors.",
        "Fix appointments with customers",
        "Prendre et confirmer les rendez-vous des clients",
    ),
    (
        "Complete forms in accordance with company procedures.",
        "Fill in forms as the procedure says",
        "Remplir les formulaires selon la procédure",
    ),
    (
        "Operate office equipment and arrange for repairs when equipment malfunctions.",
        "Have the printer repaired when it breaks down",
        "Faire réparer le copieur et les imprimantes en panne",
    ),
    (
        "Create, maintain, and enter information into databases.",
        "Key new data into the database",
        "Alimenter la base de données",
    ),
    (
        "Prepare invoices",
        "Bill the clients at month's end",
        "Établir les factures clients",
    ),
    (
        "Take dictation in shorthand or by machine and transcribe information.",
        "Type letters from dictation",
        "Taper le courrier sous dictée",
    ),
)
ALONE = (
    "Provide clerical support to other departments.",
    "Interpret administrative and operating policies and procedures for employees.",
    "Manage projects or contribute to committee or team work.",
    "Review work done by others to check for correct spelling and grammar.",
    "Learn to operate new office technologies as they are developed and implemented.",
    "Make copies of correspondence or other printed material.",
    "Préparer le budget de l’année avec les finances",
    "Relancer les impayés",
    "Suivre les contrats et leurs échéances",
    "Vérifier les notes de frais",
    "Mettre en page les présentations du comité de direction",
    "Réserver les plateaux-repas",
)
# And without these: asked once, when the words stood.
HELD_OUT = (
    (
        "Collect and deposit money into accounts, and ensure accounts are balanced.",
        "Bank the takings and check the cash box",
        "Remettre les encaissements en banque et pointer la caisse",
    ),
    (
        "Conduct searches to find needed information, using such sources as the Internet.",
        "Look things up on the internet",
        "Rechercher de la documentation sur Internet",
    ),
    (
        "Train and assist staff with computer usage.",
        "Help colleagues with software",
        "Aider les salariés à se servir des logiciels",
    ),
    (
        "Maintain scheduling and event calendars.",
        "Keep the events calendar",
        "Tenir à jour le calendrier des événements",
    ),
    (
        "Prepare responses to correspondence containing routine inquiries.",
        "Reply to everyday letters",
        "Répondre aux courriers courants",
    ),
    (
        "Prepare agendas for committee, board, and other meetings.",
        "Draw up what board meetings will deal with",
        "Préparer les ordres du jour des conseils et comités",
    ),
    (
        "Compose, type, and distribute expense, statistical, or monthly reports.",
        "Produce the monthly dashboard",
        "Produire le tableau de bord mensuel",
    ),
    (
        "Set up and manage paper or electronic filing systems.",
        "Look after the shared folders and the archive",
        "Gérer le classement papier et électronique",
    ),
    (
        "Provide services to customers, such as order placement or account information.",
        "Take customers' orders and tell them where their account stands",
        "Prendre les commandes des clients et les renseigner sur leur compte",
    ),
    (
        "Prepare conference or event materials, such as flyers or invitations.",
        "Design invitations for events",
        "Préparer les invitations et les dépliants des événements",
    ),
    (
        "Follow up unpaid invoices.",
        "Chase customers who have not paid their bills",
        "Relancer les factures impayées",
    ),
    (
        "Keep the register of contracts and their renewal dates.",
        "Track when agreements come up for renewal",
        "Suivre l’échéance des contrats",
    ),
)
