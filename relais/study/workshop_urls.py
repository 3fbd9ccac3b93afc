"""Addresses of the workshop: pain points, questionnaires, logs, interviews, the change plan."""

from django.urls import path

from .views import activity, answering, interviews, irritants, surveys

STUDY, PAIN = "studies/<int:pk>/", "irritants/<int:pk>/"
LINK = "s/<str:secret>/"
urlpatterns = [
    path(f"{STUDY}irritants/", irritants.irritants, name="irritants"),
    path(f"{STUDY}irritants/pareto.svg", irritants.irritants_chart, name="irritants_chart"),
    path(f"{STUDY}irritants/alerts/", irritants.irritants_alerts, name="irritants_alerts"),
    path(PAIN, irritants.irritant, name="irritant"),
    path(f"{PAIN}merge/", irritants.irritant_merge, name="irritant_merge"),
    path(f"{PAIN}leave/", irritants.irritant_leave, name="irritant_leave"),
    path(f"{PAIN}remeasure/", irritants.irritant_remeasure, name="irritant_remeasure"),
    path(f"{PAIN}lines/", irritants.irritant_lines, name="irritant_lines"),
    path(f"{PAIN}action/", surveys.irritant_action, name="irritant_action"),
    path(f"{PAIN}<slug:verb>/", irritants.irritant_turn, name="irritant_turn"),
    path(f"{STUDY}brakes/", surveys.brakes, name="brakes"),
    path("study-participants/<int:pk>/brakes/", surveys.brakes_by_phone, name="brakes_by_phone"),
    path(f"{STUDY}maturity/", surveys.maturity, name="maturity"),
    path(f"{STUDY}change-plan/", surveys.change_actions, name="change_actions"),
    path("change-actions/<int:pk>/", surveys.change_action, name="change_action"),
    path("change-actions/<int:pk>/done/", surveys.change_action_done, name="change_action_done"),
    path("change-actions/<int:pk>/drop/", surveys.change_action_drop, name="change_action_drop"),
    path(
        "change-actions/<int:pk>/reopen/",
        surveys.change_action_reopen,
        name="change_action_reopen",
    ),
    path(f"{STUDY}activity/", activity.activity, name="activity"),
    path(f"{STUDY}activity/prepare/", activity.activity_prepare, name="activity_prepare"),
    path(f"{STUDY}activity/observe/", activity.activity_observe, name="activity_observe"),
    path("activity-categories/<int:pk>/", activity.activity_category, name="activity_category"),
    path(f"{STUDY}asking/", interviews.asking, name="asking"),
    path("study-participants/<int:pk>/ask/", interviews.ask, name="ask"),
    path("study-participants/<int:pk>/interview/", interviews.interview, name="interview"),
    path("study-links/<int:pk>/revoke/", interviews.study_link_revoke, name="study_link_revoke"),
    path(LINK, answering.answer, name="answer"),
    path(f"{LINK}interview/", answering.answer_interview, name="answer_interview"),
    path(f"{LINK}draft/", answering.answer_draft, name="answer_draft"),
    path(f"{LINK}brakes/", answering.answer_brakes, name="answer_brakes"),
    path(f"{LINK}activity/", answering.answer_activity, name="answer_activity"),
]
