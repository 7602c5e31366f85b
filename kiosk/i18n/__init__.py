"""The 19 languages: catalogues, plurals, numbers, units, durations, and every sentence that holds a number.

Level 1. It must never import more than ``model`` (and Babel), never know a screen, a socket or an event loop.

Decisions
- Source language is English, written in the code and in QML; a message without a usable translation is shown
  in English, never as a key and never empty.
- gettext and Babel over Qt Linguist, because translators of the field use gettext tools; QML's ``qsTr`` is
  extracted too, so there is one catalogue per language.
- Sentences with numbers or plurals, and words that come from code, live in ``texts``; QML holds constant
  sentences only, because the extractor for QML cannot see plurals.
- Babel is imported on first use: the screen's start time is budgeted, and a built catalogue needs no Babel.
- A figure is given as number and unit apart (``formats.Figure``), because the screen sets them in two sizes.
- Every function takes the language's code and returns a ready string; nothing depends on the machine's locale.
"""

from kiosk.i18n.catalogues import PLUS50, Translator, reload, translator
from kiosk.i18n.languages import LANGUAGES, Language, by_code, by_name

__all__ = ["LANGUAGES", "PLUS50", "Language", "Translator", "by_code", "by_name", "reload", "translator"]
