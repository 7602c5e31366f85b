"""The command that writes still pictures, with an engine of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from kiosk.screen import shots

pytestmark = pytest.mark.screen


def test_pictures_are_written(tmp_path: Path, qapp: object) -> None:
    assert shots.main([str(tmp_path / "out"), "--screen", "fault-3", "--lang", "de", "--palette", "night"]) == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "fault-3.de.night.png"
    assert QImage(str(path)).width() == 1366


@pytest.mark.parametrize("wrong", [["--screen", "nowhere"], ["--lang", "xx"]])
def test_a_wrong_word_is_told(
    tmp_path: Path, qapp: object, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shots.main([str(tmp_path), *wrong]) == 2
    assert wrong[1] in capsys.readouterr().err
