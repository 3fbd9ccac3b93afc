"""The addresses of service reviews, credits and exclusions."""

from __future__ import annotations

from django.urls import path

from .views import credits, reviews

urlpatterns = [
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/credits/", credits.statements, name="statements"),
    path("reviews/credits/<int:pk>/", credits.statement, name="statement"),
    path("reviews/credits/<int:pk>/issue/", credits.statement_issue, name="statement_issue"),
    path(
        "reviews/credits/<int:pk>/note.<str:kind>", credits.statement_note, name="statement_note"
    ),
    path("reviews/credits/lines/<int:pk>/dispute/", credits.line_dispute, name="line_dispute"),
    path("reviews/credits/lines/<int:pk>/settle/", credits.line_settle, name="line_settle"),
    path("reviews/exclusions/", credits.exclusions, name="exclusions"),
    path(
        "reviews/exclusions/<int:pk>/agree/", credits.exclusion_agree, name="exclusion_agree"
    ),
    path(
        "reviews/exclusions/<int:pk>/refuse/", credits.exclusion_refuse, name="exclusion_refuse"
    ),
    path(
        "reviews/exclusions/<int:pk>/withdraw/", credits.exclusion_withdraw,
        name="exclusion_withdraw",
    ),
    path("reviews/items/<int:pk>/finish/", reviews.review_item_finish, name="review_item_finish"),
    path("reviews/items/<int:pk>/drop/", reviews.review_item_drop, name="review_item_drop"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/count/", reviews.review_count, name="review_count"),
    path("reviews/<int:pk>/close/", reviews.review_close, name="review_close"),
    path("reviews/<int:pk>/restate/", reviews.review_restate, name="review_restate"),
    path("reviews/<int:pk>/comment/", reviews.review_comment, name="review_comment"),
    path("reviews/<int:pk>/add/", reviews.review_item_add, name="review_item_add"),
    path("reviews/<int:pk>/subscribe/", reviews.review_subscribe, name="review_subscribe"),
    path(
        "reviews/<int:pk>/make-documents/", reviews.review_documents_make,
        name="review_documents_make",
    ),
    path(
        "reviews/<int:pk>/documents/<str:kind>/", reviews.review_document, name="review_document"
    ),
    path("reviews/<int:pk>/lines/", reviews.review_lines, name="review_lines"),
    path("reviews/<int:pk>/frozen/", reviews.review_frozen, name="review_frozen"),
]  # fmt: skip
