"""The product with one address more, to compare with: a view that inserts one row and no more."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from relais.wsgi import application  # noqa: F401 what the server serves


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("insert into bench_bare (body) values (%s)", [request.POST["body"]])
    return HttpResponse("done")


from relais import urls  # noqa: E402 settings stand only now

urls.urlpatterns.append(path("bare/", bare))
