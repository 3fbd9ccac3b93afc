"""The web application, for any WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relais.settings")
application = get_wsgi_application()

# The web server runs none of Django's checks by itself.
from relais.checks import refuse_bad_settings  # noqa: E402

refuse_bad_settings()
