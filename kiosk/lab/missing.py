"""What is said where a package of the benches is not installed."""

from __future__ import annotations

import shlex
import sys

from kiosk.model.errors import UserFacing


class LabMissing(UserFacing):
    """The extra ``lab`` is not installed; a station does without, some benches do not."""

    def __init__(self, package: str | None) -> None:
        command = f"{shlex.quote(sys.executable)} -m pip install async-solipsism hypothesis"
        super().__init__(f"the package {package} is missing; install what the benches need: `{command}`")
