"""The public acceptance cases for charging stations, played against a whole core in one process.

``registry`` is the table of cases, ``acceptance.toml`` the list that it must equal; ``bench`` has the station,
``csms`` the central system whose judge hears every frame (``desk`` is its end of a connection), ``runner`` plays
a case, ``report`` tells the outcome. The other modules hold the cases, one group each. This room must never
weaken a case to let the station pass, and must never be called a certification: it runs the public list.

How to write a case, in ten lines::

    @case("004_1", "Identification first", profile="Core")
    async def tc_004_1(lab: Bench) -> None:
        lab.driver.card("CARD-1", connector_id=1)                          # the world does something
        await lab.csms.expect("Authorize", idTag="CARD-1")                 # ... and the station says so
        await lab.csms.expect("StatusNotification", connectorId=1, status="Preparing")
        lab.driver.plug(1)
        started = await lab.csms.expect("StartTransaction", connectorId=1, idTag="CARD-1")
        assert started["meterStart"] >= 0
        await lab.csms.expect("StatusNotification", connectorId=1, status="Charging")

- A case begins with a station that was accepted and has told its statuses (``booted=False``: one that is off).
- ``expect`` waits for the next call that fits and moves on past it; so what is expected in this order must come in
  this order, with anything in between. ``expect_all`` takes several in any order, ``never`` wants nothing.
- ``csms.call`` asks the station and returns its answer; a CALLERROR raises ``CallError``.
- ``csms.answer`` / ``refuse`` / ``mute`` script the backend; what is not scripted is answered kindly.
- An AssertionError fails the case; so does any breach the judge saw, and any exception that the station logged.
  Provoke a breach on purpose with ``lab.csms.judge.allow("rule")`` and say why.
- ``raise NotApplicable("why")`` where a case cannot apply to this installation; ``@case(install=..., keys=...)``
  chooses the installation file's values and the first values of keys.
- Time is virtual: ``await lab.sleep(3600)`` costs little, and all waits are exact. TLS needs a real loop:
  ``@case(..., real=True)``.

Decisions
- Cases drive the station through its simulator (plugs, cards, faults, power) and its socket, as the outside world
  does; ``lab.station.core`` is for looking, not for doing.
- One judge for all cases: a wrong frame fails whatever case it happened in.
"""

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.csms import CallError
from kiosk.lab.conformance.registry import NotApplicable, case

__all__ = ["Bench", "CallError", "NotApplicable", "case"]
