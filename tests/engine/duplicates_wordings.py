"""Works of an office as sites would write them down: O*NET's statement, two English, two French.

Written for the test, each pair by the work itself and not by the words that the engine knows. Works
with an odd place were looked at while ideas and thresholds were chosen (`CHOSEN_ON`); the others
(`MEASURED`) were not, and are only counted. Statements: O*NET (CC BY 4.0), by their task's number.
"""

# (numbers of the statements that say it, English, French)
WORKS = (
    ((18573, 2790), ("Man the switchboard", "Pick up the phone and pass callers on"),
     ("Standard téléphonique", "Prendre les appels et transmettre les messages")),
    ((2773, 2794), ("Post round every morning", "Handle inbound letters and parcels"),
     ("Dépouiller le courrier du matin", "Réception et dispatch des plis")),
    ((2775, 2791), ("Front desk", "Sign visitors in and badge them"),
     ("Accueil physique des visiteurs", "Recevoir les personnes qui se présentent")),
    ((18578, 20285), ("Send the payroll office the month's hours", "Timesheets and wages"),
     ("Préparation des salaires", "Collecter les heures et absences pour la paie")),
    ((2781, 2782), ("Take notes in meetings and send the record", "Minutes of the works council"),
     ("PV de réunion", "Prise de notes et compte rendu du comité")),
    ((18579, 2814), ("Manage the secretarial team", "Show new joiners the ropes"),
     ("Management de l’équipe d’assistantes", "Former et suivre les secrétaires débutantes")),
    ((2779,), ("Booking business trips", "Flights, trains and hotels for the directors"),
     ("Réservation des voyages de la direction", "Billets de train, avion et hôtels")),
    ((2770,), ("Diary management for the boss", "Juggle the CEO's appointments"),
     ("Gestion de l’agenda du DG", "Planifier l’emploi du temps des directeurs")),
    ((2774,), ("Filing", "Pull old files from the archive when asked"),
     ("Classement et archivage", "Ranger les dossiers et les ressortir à la demande")),
    ((2776,), ("Answer standard letters", "Draft replies to common questions received by mail"),
     ("Rédiger les réponses types aux courriers", "Courriers de réponse courants")),
    ((2780,), ("Research and briefing notes for the board", "Prepare board papers"),
     ("Notes de synthèse pour le conseil", "Réunir la documentation et préparer les dossiers "
      "de la direction")),
    ((2785,), ("Write the office rules and see that they are kept", "Draw up admin procedures"),
     ("Définir les procédures administratives", "Mise en place des règles internes")),
    ((20281,), ("Key customer data into the CRM", "Keep the database up to date"),
     ("Saisie dans la base clients", "Mettre à jour les fichiers de données")),
    ((20283,), ("Look after the copier and call the engineer", "Fix printer trouble"),
     ("Appeler le dépanneur pour le copieur", "Suivi des imprimantes et du fax")),
    ((2795,), ("Paperwork: fill in the official forms", "Complete declarations and forms"),
     ("Remplir les imprimés administratifs", "Compléter les formulaires internes")),
    ((2801,), ("Set up client meetings and confirm them", "Book slots with customers"),
     ("Prise de rendez-vous", "Caler et confirmer les RDV clients")),
    ((2796,), ("Photocopying", "Run off copies and bind them"),
     ("Photocopies et reliure", "Reprographie des documents")),
    ((2797,), ("Proofread what colleagues wrote", "Check spelling and layout of documents"),
     ("Relecture et correction des écrits", "Vérifier l’orthographe et la mise en page")),
    ((2805,), ("Find information on the web", "Desk research for managers"),
     ("Recherches d’informations en ligne", "Chercher des renseignements sur le web")),
    ((2803,), ("Newsletter mailing", "Post out brochures to prospects"),
     ("Envoi de la newsletter", "Mailing des plaquettes commerciales")),
    ((2804,), ("Stationery orders", "Restock paper, pens and toner"),
     ("Commande des fournitures", "Réassort papier, stylos et cartouches")),
    ((20286,), ("Petty cash and bank deposits", "Pay bills from the cash float and balance it"),
     ("Tenue de la petite caisse", "Dépôts en banque et suivi des encaissements")),
    ((20287,), ("Organise the annual party", "Run conferences and company events"),
     ("Organisation d’événements", "Monter les séminaires et cérémonies")),
    ((20288,), ("Intranet updates", "Publish pages on the company website"),
     ("Publier sur l’intranet", "Mise à jour des pages internet de l’entreprise")),
    ((2808,), ("Cut cheques and post them", "Cheque run for suppliers"),
     ("Émission des chèques", "Préparer les chèques fournisseurs et les poster")),
    ((20289,), ("Help staff with their PC", "First line IT help and tips"),
     ("Dépannage informatique de premier niveau", "Aider les collègues avec leur poste "
      "informatique")),
    ((20290,), ("Make invitations and programmes for the conference", "Event leaflets"),
     ("Créer les cartons d’invitation", "Supports imprimés des événements")),
    ((2811,), ("Audio typing", "Transcribe dictated letters"),
     ("Frappe de courriers dictés", "Retranscrire les dictées")),
    ((2806,), ("Take orders by phone and give customers their balance", "Customer service desk"),
     ("Service client : commandes et comptes", "Renseigner les clients sur leur compte")),
    ((2787,), ("Review how we work and suggest savings", "Improve the office workflow"),
     ("Améliorer les méthodes de travail", "Revue des pratiques et des dépenses")),
    ((2784,), ("Represent the director at outside meetings", "Stand in for executives with "
      "partners"),
     ("Représenter la direction auprès des tiers", "Rencontrer les partenaires au nom du DG")),
    ((2809,), ("Share out the daily work of the secretaries", "Rota of the secretarial pool"),
     ("Répartir le travail quotidien du secrétariat", "Planning et suivi des tâches des "
      "assistantes")),
    ((2793,), ("Find the file that goes with a letter", "Attach the background file to mail "
      "needing an answer"),
     ("Joindre le dossier au courrier à traiter", "Retrouver la pièce à annexer à la lettre")),
    ((2802,), ("Take part in project teams", "Run small projects"),
     ("Participer aux groupes de projet", "Pilotage de projets transverses")),
)  # fmt: skip
CHOSEN_ON, MEASURED = WORKS[1::2], WORKS[0::2]
