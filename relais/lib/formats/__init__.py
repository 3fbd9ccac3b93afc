"""How dates are written: FORMAT_MODULE_PATH for Django, and the same choice for Babel."""

from django.utils.translation import get_language


def babel_locale() -> str:
    """Return the reader's locale for Babel: in English, dates as Europe writes them."""
    language = (get_language() or "fr")[:2]
    return "en_GB" if language == "en" else language
