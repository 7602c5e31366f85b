"""The committed catalogues: fresh, sound, German and Italian complete, every letter in the font."""

import importlib.util
import re
import struct
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path

import font_manrope
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kiosk.i18n import LANGUAGES, PLUS50, Language, catalogues, check, extract, formats, translator
from kiosk.i18n.languages import SOURCE
from kiosk.model import paths

ROOT = Path(__file__).resolve().parents[2]
QML = ROOT / "kiosk" / "screen" / "qml"
COMPLETE = ("de", "en", "it")
WEIGHTS = ("Medium", "Bold", "ExtraBold")
UPDATE = "run packaging/update_catalogues.py"


@cache
def catalogue(code: str) -> Catalog:
    return check.read(paths.locales() / code / "LC_MESSAGES" / "kiosk.po")


@cache
def committed_template() -> Catalog:
    return check.read(paths.locales() / "kiosk.pot")


def strings(code: str) -> list[str]:
    found: list[str] = []
    for message in catalogue(code):
        if message.id:
            found += [message.string] if isinstance(message.string, str) else list(message.string)
    return found


def test_the_template_is_what_the_extraction_gives() -> None:
    fresh = extract.as_text(extract.template(ROOT, ROOT / "packaging" / "babel.cfg"), None)
    assert (paths.locales() / "kiosk.pot").read_text(encoding="utf-8") == fresh, UPDATE


@pytest.mark.parametrize("row", LANGUAGES, ids=lambda row: row.code)
def test_a_catalogue_has_the_templates_messages_and_its_own_header(row: Language) -> None:
    path = paths.locales() / row.code / "LC_MESSAGES" / "kiosk.po"
    text = path.read_text(encoding="utf-8")
    given = catalogue(row.code)
    assert {(m.context, str(m.id)) for m in given} == {(m.context, str(m.id)) for m in committed_template()}, (
        UPDATE
    )
    assert f'"Language: {row.code}\\n"' in text
    assert f'"Plural-Forms: {row.plural_forms}\\n"' in text
    assert given.num_plurals == row.plurals[0]
    # in the form the extraction writes, so that a change shows as what it is
    assert (
        extract.as_text(extract.updated(row, committed_template(), read_po(BytesIO(text.encode()))), row) == text
    )


@pytest.mark.parametrize("row", LANGUAGES, ids=lambda row: row.code)
def test_a_catalogue_is_sound(row: Language) -> None:
    report = check.compare(row, committed_template(), catalogue(row.code))
    assert not report.placeholder_errors
    assert not report.unwanted_characters
    assert not report.fuzzy
    if row.code in COMPLETE:
        assert not report.missing


@pytest.mark.parametrize("row", LANGUAGES, ids=lambda row: row.code)
def test_a_translation_keeps_how_the_text_ends_and_its_spaces(row: Language) -> None:
    """A button carries no full stop, a sentence does; stray spaces would show beside a figure."""
    for message in catalogue(row.code):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in [message.string] if isinstance(message.string, str) else message.string:
            if not form:
                continue
            assert form == form.strip(), form
            assert "  " not in form, form
            assert row.code == SOURCE or "'" not in form, f"typewriter apostrophe: {form}"
            for mark in ".?":
                # a unit that ends in a full stop is a figure, not an end of a sentence
                assert source.endswith(mark) == form.endswith(mark), (source, form)


class Font:
    """The character map of a TrueType file."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        tables = struct.unpack_from(">H", self.data, 4)[0]
        entries = (struct.unpack_from(">4sLLL", self.data, 12 + 16 * n) for n in range(tables))
        start = next(offset for tag, _sum, offset, _length in entries if tag == b"cmap")
        count = struct.unpack_from(">H", self.data, start + 2)[0]
        offsets = [struct.unpack_from(">HHL", self.data, start + 4 + 8 * n)[2] for n in range(count)]
        self.characters: set[int] = set()
        for at in (start + offset for offset in offsets):
            kind = struct.unpack_from(">H", self.data, at)[0]
            if kind == 4:
                self._segments(at)
            elif kind == 12:
                self._groups(at)
        assert len(self.characters) > 200, path

    def _segments(self, at: int) -> None:
        double = struct.unpack_from(">H", self.data, at + 6)[0]
        columns = [at + 14, at + 16 + double, at + 16 + 2 * double, at + 16 + 3 * double]
        for place in range(0, double, 2):
            last, first, delta, offset = (struct.unpack_from(">H", self.data, c + place)[0] for c in columns)
            for code in range(first, min(last, 0xFFFE) + 1):
                glyph = code
                if offset:
                    where = columns[3] + place + offset + 2 * (code - first)
                    glyph = struct.unpack_from(">H", self.data, where)[0]
                    if not glyph:
                        continue
                if (glyph + delta) % 0x10000:
                    self.characters.add(code)

    def _groups(self, at: int) -> None:
        for n in range(struct.unpack_from(">L", self.data, at + 12)[0]):
            first, last, glyph = struct.unpack_from(">LLL", self.data, at + 16 + 12 * n)
            self.characters.update(code for code in range(first, last + 1) if glyph + code - first)


@cache
def font(weight: str) -> Font:
    return Font(Path(font_manrope.__file__).parent / "files" / f"Manrope-{weight}.ttf")


def test_the_reading_of_the_font_knows_what_it_has_and_lacks() -> None:
    for weight in WEIGHTS:
        assert {ord(c) for c in "AzŘłőșЖё€–·\u00a0"} <= font(weight).characters
        assert not {0x202F, ord("漢"), ord("✓")} & font(weight).characters


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("code", [*(row.code for row in LANGUAGES), PLUS50])
def test_every_letter_has_a_glyph(code: str, weight: str) -> None:
    if code == PLUS50:
        shown = [translator(code).gettext(m.id) for m in committed_template() if isinstance(m.id, str)]
    else:
        shown = [*strings(code), *(row.name for row in LANGUAGES)]
        shown += [formats.unit(code, name) for name in ("kW", "kWh", "A", "V", "%", "s", "min", "h")]
        shown += [str(formats.kw(code, -1500.0)), str(formats.kw(code, None))]
    missing = {c for text in shown for c in text if ord(c) not in font(weight).characters}
    assert not missing


LITERAL = re.compile(r"""\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*\)""")
COMMENTS = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|//[^\n]*|/\*.*?\*/""", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t"}


def unescaped(literal: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match.group(1):
            return chr(int(match.group(1), 16))
        return ESCAPES.get(match.group(2), match.group(2))

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", one, literal[1:-1])


def qstr_calls() -> dict[str, list[str]]:
    """Texts of all ``qsTr`` calls by file, found without Babel. A call of another shape fails."""
    found: dict[str, list[str]] = {}
    for path in sorted(QML.rglob("*.qml")):
        source = COMMENTS.sub(lambda m: m.group(1) or " ", path.read_text(encoding="utf-8"))
        for call in re.finditer(r"\bqsTr\s*\(", source):
            literal = LITERAL.match(source, call.end())
            excerpt = source[call.start() : call.end() + 50]
            assert literal, f"{path.name}: qsTr takes one plain literal and nothing else: {excerpt!r}"
            found.setdefault(path.relative_to(ROOT).as_posix(), []).append(unescaped(literal.group(1)))
    return found


def test_every_text_of_the_qml_is_in_the_template() -> None:
    in_qml = {(path, text) for path, texts in qstr_calls().items() for text in texts}
    in_template = {
        (path, message.id)
        for message in committed_template()
        for path, _line in message.locations
        if path.endswith(".qml")
    }
    assert in_qml == in_template, UPDATE


def test_sentences_with_numbers_do_not_stand_in_qml() -> None:
    """They need plurals and the language's own way with numbers: ``kiosk.i18n.texts`` has them."""
    for path, texts in qstr_calls().items():
        for text in texts:
            assert not re.search(r"%\d|%n|%L", text), f"{path}: {text}"


def test_the_qml_uses_no_other_way_to_translate() -> None:
    for path in sorted(QML.rglob("*.qml")):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(qsTrId|qsTranslate|QT_TR_NOOP|QT_TRANSLATE_NOOP)\b", source), path.name


def test_a_built_catalogue_says_what_its_source_says(tmp_path: Path) -> None:
    """The build is a script of its own; Babel counts plural forms differently when it is told a language."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "packaging" / "compile_catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    for row in LANGUAGES:
        source = paths.locales() / row.code / "LC_MESSAGES" / "kiosk.po"
        copy = tmp_path / row.code / "LC_MESSAGES" / "kiosk.po"
        copy.parent.mkdir(parents=True)
        copy.write_bytes(source.read_bytes())
        assert build.build(copy).read_bytes() == catalogues.compiled(source)


def test_start_up_does_not_pay_for_babel() -> None:
    program = "import sys, kiosk.i18n, kiosk.i18n.texts; print([m for m in sys.modules if m.startswith('babel')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
