"""Every address of what is promised."""

from django.urls import path

from .views import agreements, catalogue, hands, preferences, procedures, versions

PROCEDURE = "procedures/<int:pk>/versions/<int:number>/"
VERSION = "agreements/<int:pk>/versions/<int:number>/"

urlpatterns = [
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/new/", catalogue.service_new, name="service_new"),
    path("catalogue/services/<slug:code>/", catalogue.service, name="service"),
    path("catalogue/services/<slug:code>/edit/", catalogue.service_edit, name="service_edit"),
    path(
        "catalogue/services/<slug:code>/history/",
        catalogue.service_history,
        name="service_history",
    ),
    path("catalogue/services/<slug:code>/variants/new/", catalogue.variant_new, name="variant_new"),
    path(
        "catalogue/services/<slug:code>/variants/<int:pk>/end/",
        catalogue.variant_end,
        name="variant_end",
    ),
    path(
        "catalogue/services/<slug:code>/variants/<slug:place>/",
        catalogue.variant_edit,
        name="variant_edit",
    ),
    path("procedures/", procedures.procedures, name="procedures"),
    path("procedures/new/", procedures.procedure_new, name="procedure_new"),
    path("procedures/<int:pk>/", procedures.procedure, name="procedure"),
    path("procedures/<int:pk>/own/", procedures.own, name="procedure_own"),
    path("procedures/<int:pk>/draft/", procedures.draft, name="procedure_draft"),
    path("procedures/<int:pk>/history/", procedures.history, name="procedure_history"),
    path(PROCEDURE, procedures.version, name="procedure_version"),
    path(f"{PROCEDURE}edit/", procedures.edit, name="procedure_edit"),
    path(f"{PROCEDURE}compare/", procedures.compare, name="procedure_compare"),
    path(f"{PROCEDURE}publish/", procedures.publish, name="procedure_publish"),
    path(f"{PROCEDURE}withdraw/", procedures.withdraw, name="procedure_withdraw"),
    path(f"{PROCEDURE}review/", procedures.review, name="procedure_review"),
    path(f"{PROCEDURE}acknowledge/", procedures.acknowledge, name="procedure_acknowledge"),
    path(f"{PROCEDURE}drill/", procedures.drill, name="procedure_drill"),
    path("my-preferences/", preferences.my_preferences, name="my_preferences"),
    path("executives/", preferences.preferences, name="executive_sheets"),
    path("executives/<int:pk>/", preferences.sheet, name="preference_sheet"),
    path("executives/<int:pk>/edit/", preferences.edit, name="preference_edit"),
    path("executives/<int:pk>/confirm/", preferences.confirm, name="preference_confirm"),
    path("hand-targets/", hands.hand_targets, name="hand_targets"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/new/", agreements.agreement_new, name="agreement_new"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<int:pk>/draft/", agreements.agreement_draft, name="agreement_draft"),
    path("agreements/<int:pk>/history/", agreements.agreement_history, name="agreement_history"),
    path(VERSION, agreements.agreement_version, name="agreement_version"),
    path(f"{VERSION}edit/", versions.edit, name="agreement_edit"),
    path(f"{VERSION}compare/", versions.compare_page, name="agreement_compare"),
    path(f"{VERSION}sign/", versions.sign, name="agreement_sign"),
    path(f"{VERSION}retract/", versions.retract, name="agreement_retract"),
    path(f"{VERSION}withdraw/", versions.withdraw, name="agreement_withdraw"),
]
