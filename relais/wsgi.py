"""The web application, for any WSGI server."""

import gc
import os

gc.disable()  # the imports below make a million objects and no garbage

from django.core.wsgi import get_wsgi_application  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relais.settings")
application = get_wsgi_application()

# The web server runs none of Django's checks by itself.
from relais.checks import refuse_bad_settings  # noqa: E402

refuse_bad_settings()
gc.enable()
gc.freeze()
