"""Every address of the desk's screens."""

from django.urls import path

from .views import (
    agreements,
    assistant,
    files,
    joining,
    lead,
    live,
    mail,
    manager,
    quarantine,
    recalculations,
    tickets,
    webhooks,
)

urlpatterns = [
    path("requests/", manager.requests, name="requests"),
    path("requests/new/", manager.services, name="new_request"),
    path("requests/new/<slug:code>/", manager.new_request, name="new_request_of"),
    path("requests/new/<slug:code>/alike/", joining.alike_at_entry, name="request_alike"),
    path("my-service/", manager.my_service, name="my_service"),
    path("day/", assistant.day, name="day"),
    path("tower/", lead.tower, name="tower"),
    path("dispatches/", lead.dispatches, name="dispatches"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/<int:pk>/attach/", quarantine.attach, name="quarantine_attach"),
    path("quarantine/<int:pk>/refuse/", quarantine.refuse, name="quarantine_refuse"),
    path("mail/", mail.mail, name="mail"),
    path("mail/boxes/new/", mail.mailbox_new, name="mailbox_new"),
    path("mail/boxes/<int:pk>/", mail.mailbox_edit, name="mailbox_edit"),
    path("mail/sending/", mail.sending_edit, name="mail_sending"),
    path("mail/letters/", mail.letters, name="letters"),
    path("mail/letters/<int:pk>/retry/", mail.letter_retry, name="letter_retry"),
    path("mail/letters/<int:pk>/arrived/", mail.letter_arrived, name="letter_arrived"),
    path("volumes/", lead.volumes, name="volumes"),
    path("account/webhooks/", webhooks.webhooks, name="webhooks"),
    path("account/webhooks/make/", webhooks.make, name="webhook_make"),
    path("account/webhooks/<int:pk>/", webhooks.webhook, name="webhook"),
    path("account/webhooks/<int:pk>/stop/", webhooks.stop, name="webhook_stop"),
    path("account/webhooks/<int:pk>/restart/", webhooks.restart, name="webhook_restart"),
    path("account/webhooks/<int:pk>/try_out/", webhooks.try_out, name="webhook_try_out"),
    path("account/webhook-calls/<int:pk>/again/", webhooks.again, name="webhook_again"),
    path("live/", live.live, name="live"),
    path("files/", files.upload, name="file_upload"),
    path("files/<int:pk>/", files.file, name="file"),
    path("files/<int:pk>/drop/", files.drop, name="file_drop"),
    path(
        "agreements/<int:pk>/versions/<int:number>/preview/",
        agreements.agreement_preview,
        name="agreement_preview",
    ),
    path("recalculations/", recalculations.recalculations, name="recalculations"),
    path("recalculations/<int:pk>/", recalculations.recalculation, name="recalculation"),
    path(
        "recalculations/<int:pk>/progress/", recalculations.progress, name="recalculation_progress"
    ),
    path("recalculations/<int:pk>/stop/", recalculations.stop, name="recalculation_stop"),
    path("recalculations/<int:pk>/resume/", recalculations.resume, name="recalculation_resume"),
    path("tickets/", lead.tickets, name="tickets"),
    path("tickets/<int:pk>/", tickets.ticket, name="ticket"),
    path("tickets/<int:pk>/write/", tickets.write, name="ticket_write"),
    path("tickets/<int:pk>/undo/", joining.undo, name="ticket_undo"),
    path("tickets/<int:pk>/merge/", joining.merge, name="ticket_merge"),
    path("tickets/<int:pk>/part/", joining.part, name="ticket_part"),
    path("tickets/<int:pk>/link/", joining.link, name="ticket_link"),
    path("tickets/<int:pk>/unlink/", joining.unlink, name="ticket_unlink"),
    path("tickets/<int:pk>/alike/", joining.alike, name="ticket_alike"),
    path("tickets/<int:pk>/dismiss/", joining.dismiss, name="ticket_dismiss"),
    *[
        path(f"tickets/<int:pk>/{verb}/", view, name=f"ticket_{verb}")
        for verb, view in tickets.VERBS.items()
    ],
]
