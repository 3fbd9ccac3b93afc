"""The process that does the jobs: `python -m relais.worker procrastinate worker …`."""

import gc
import os
import sys

gc.disable()  # the imports below make a million objects and no garbage

import django  # noqa: E402
from django.core.management import execute_from_command_line  # noqa: E402


def main() -> None:
    """Do jobs until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relais.settings")
    django.setup()
    from django.urls import get_resolver

    _ = get_resolver().url_patterns  # letters name pages: read now, not within the first job
    gc.enable()
    # What stands now stays: looking through it all would take half a second, within somebody's job.
    gc.freeze()
    execute_from_command_line(["relais", *sys.argv[1:]])


if __name__ == "__main__":
    main()
