"""The addresses of continuity."""

from __future__ import annotations

from django.urls import path

from .views import reliefs

urlpatterns = [
    path("continuity/", reliefs.continuity, name="continuity"),
    path("continuity/declare/", reliefs.declare, name="declare"),
    path("continuity/away/", reliefs.away, name="away"),
    path("continuity/reliefs/<int:pk>/", reliefs.relief, name="relief"),
    path("continuity/reliefs/<int:pk>/undo/", reliefs.undo, name="relief_undo"),
    path("continuity/reliefs/<int:pk>/give_back/", reliefs.give_back, name="relief_give_back"),
    path("continuity/reliefs/<int:pk>/hand_over/", reliefs.hand_over, name="relief_hand_over"),
]
