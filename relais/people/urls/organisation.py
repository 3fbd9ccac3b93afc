"""The addresses of the organisation: companies, entities, sites, persons, the pool."""

from __future__ import annotations

from django.urls import path

from relais.people.views import (
    assistants,
    companies,
    covers,
    engagements,
    entities,
    person_field,
    persons,
    roles,
    sites,
)

urlpatterns = [
    path("companies/", companies.companies, name="companies"),
    path("companies/new/", companies.new, name="company_new"),
    path("companies/<int:pk>/", companies.company, name="company"),
    path("companies/<int:pk>/edit/", companies.edit, name="company_edit"),
    path("companies/<int:pk>/archive/", companies.archive, name="company_archive"),
    path("companies/<int:pk>/restore/", companies.restore, name="company_restore"),
    path("companies/<int:company_pk>/entities/new/", entities.new, name="entity_new"),
    path("companies/<int:company_pk>/sites/new/", sites.new, name="site_new"),
    path(
        "companies/<int:company_pk>/engagement/start/", engagements.start, name="engagement_start"
    ),
    path("engagements/<int:pk>/edit/", engagements.edit, name="engagement_edit"),
    path("engagements/<int:pk>/end/", engagements.end, name="engagement_end"),
    path("entities/", entities.entities, name="entities"),
    path("entities/<int:pk>/", entities.entity, name="entity"),
    path("entities/<int:pk>/edit/", entities.edit, name="entity_edit"),
    path("entities/<int:pk>/archive/", entities.archive, name="entity_archive"),
    path("entities/<int:pk>/restore/", entities.restore, name="entity_restore"),
    path(
        "entities/<int:entity_pk>/establishments/new/",
        entities.establishment_new,
        name="establishment_new",
    ),
    path("establishments/", entities.establishments, name="establishments"),
    path("establishments/<int:pk>/edit/", entities.establishment_edit, name="establishment_edit"),
    path(
        "establishments/<int:pk>/archive/",
        entities.establishment_archive,
        name="establishment_archive",
    ),
    path(
        "establishments/<int:pk>/restore/",
        entities.establishment_restore,
        name="establishment_restore",
    ),
    path("sites/", sites.sites, name="sites"),
    path("sites/<int:pk>/", sites.site, name="site"),
    path("sites/<int:pk>/edit/", sites.edit, name="site_edit"),
    path("sites/<int:pk>/archive/", sites.archive, name="site_archive"),
    path("sites/<int:pk>/restore/", sites.restore, name="site_restore"),
    path("sites/<int:site_pk>/cover/", covers.of_site, name="site_cover"),
    path("persons/", persons.persons, name="persons"),
    path("persons/new/", persons.new, name="person_new"),
    path("persons/suggest/", person_field.suggest, name="person_suggest"),
    path("persons/<int:pk>/", persons.person, name="person"),
    path("persons/<int:pk>/edit/", persons.edit, name="person_edit"),
    path("persons/<int:pk>/archive/", persons.archive, name="person_archive"),
    path("persons/<int:pk>/restore/", persons.restore, name="person_restore"),
    path("persons/<int:person_pk>/roles/add/", roles.add, name="role_add"),
    path("roles/<int:pk>/end/", roles.end, name="role_end"),
    path("assistants/", assistants.assistants, name="assistants"),
    path("assistants/cover/", covers.matrix, name="cover"),
    path("persons/<int:person_pk>/profile/edit/", assistants.profile, name="profile_edit"),
    path("persons/<int:person_pk>/skills/add/", assistants.skill_add, name="skill_add"),
    path("skills/<int:pk>/remove/", assistants.skill_remove, name="skill_remove"),
    path("persons/<int:person_pk>/languages/add/", assistants.language_add, name="language_add"),
    path("languages/<int:pk>/remove/", assistants.language_remove, name="language_remove"),
    path("persons/<int:person_pk>/clearances/add/", assistants.clearance_add, name="clearance_add"),
    path("clearances/<int:pk>/end/", assistants.clearance_end, name="clearance_end"),
    path("persons/<int:person_pk>/absences/add/", assistants.absence_add, name="absence_add"),
    path("absences/<int:pk>/remove/", assistants.absence_remove, name="absence_remove"),
]
