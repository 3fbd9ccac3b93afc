"""What an agreement's draft would do to the deadlines that run now."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from relais.desk import moves, recalculation
from relais.offer.models import AgreementVersion


@login_required
@require_safe
def agreement_preview(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Show which open deadlines would move if a version held for them; nothing is changed."""
    if not request.access.runs_pool or not 0 < number < 2**31:
        raise Http404
    versions = request.access.see(AgreementVersion).select_related("agreement__company")
    version = get_object_or_404(versions, agreement=pk, number=number)
    now = timezone.now()
    found = recalculation.preview_version(request.access, version, now)
    context = {
        "agreement": version.agreement,
        "version": version,
        "preview": found,
        "page": moves.page_of(request.access, found, request.GET.get("page", ""), now),
    }
    return render(request, "desk/agreement_preview.html", context)
