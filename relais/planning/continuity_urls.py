"""The addresses of continuity."""

from __future__ import annotations

from django.urls import path

from .views import covering, handovers, leaves, reliefs

urlpatterns = [
    path("continuity/", reliefs.continuity, name="continuity"),
    path("continuity/declare/", reliefs.declare, name="declare"),
    path("continuity/away/", reliefs.away, name="away"),
    path("continuity/reliefs/<int:pk>/", reliefs.relief, name="relief"),
    path("continuity/reliefs/<int:pk>/undo/", reliefs.undo, name="relief_undo"),
    path("continuity/reliefs/<int:pk>/give_back/", reliefs.give_back, name="relief_give_back"),
    path("continuity/reliefs/<int:pk>/hand_over/", reliefs.hand_over, name="relief_hand_over"),
    path("continuity/handovers/", handovers.handovers, name="handovers"),
    path("continuity/handovers/<int:pk>/", handovers.handover, name="handover"),
    path("continuity/handovers/<int:pk>/edit/", handovers.edit, name="handover_edit"),
    path("continuity/handovers/<int:pk>/give/", handovers.give, name="handover_give"),
    path("continuity/handovers/<int:pk>/ask/", handovers.ask, name="handover_ask"),
    path("continuity/handovers/<int:pk>/answer/", handovers.answer, name="handover_answer"),
    path("continuity/handovers/<int:pk>/accept/", handovers.accept, name="handover_accept"),
    path("continuity/handovers/<int:pk>/miss/", handovers.miss, name="handover_miss"),
    path("continuity/leave/", leaves.leaves, name="leaves"),
    path("continuity/leave/<int:pk>/accept/", leaves.accept, name="leave_accept"),
    path("continuity/leave/<int:pk>/refuse/", leaves.refuse, name="leave_refuse"),
    path("continuity/leave/<int:pk>/withdraw/", leaves.withdraw, name="leave_withdraw"),
    path("continuity/matrix/", covering.matrix, name="matrix"),
    path("continuity/matrix/executives/", covering.matrix_executives, name="matrix_executives"),
    path("continuity/what-if/", covering.what_if, name="what_if"),
    path("continuity/impacts/", covering.impacts, name="impacts"),
    path("continuity/drills/", covering.drills, name="drills"),
    path("continuity/drills/<int:pk>/close/", covering.drill_close, name="drill_close"),
    path("continuity/drills/<int:pk>/drop/", covering.drill_drop, name="drill_drop"),
    path("continuity/actions/<int:pk>/done/", covering.drill_action_done, name="drill_action"),
    path("continuity/accesses/", covering.emergencies, name="emergencies"),
    path("continuity/accesses/<int:pk>/close/", covering.emergency_close, name="emergency_close"),
]
