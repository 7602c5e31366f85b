"""The page of faults, rendered from the fault table; ``kiosk.settings.docs`` writes it with the others."""

from __future__ import annotations

from typing import Final

from kiosk.model import fault_words
from kiosk.model.faults import FAULTS, Fault

_INTRO: Final = """\
# Faults

A fault is a level: raised, and later cleared. The backend reads it in StatusNotification, `vendorErrorCode` is the
decimal code, `info` the name; a cleared fault is NoError with code 0. Of several at one place the gravest is told
and shown, and the next when that is gone. At the station, `kiosk faults now` lists what is raised, and
`kiosk faults explain 18` says what stands here of one code.

- **Found at the start.** Faults that came or went while the core was down are seen, logged and told when it is up.
- **Flapping.** A level that rises five times in a minute counts as raised until it was quiet for half a minute:
  contactor, backend and event log are spared. MinimumStatusDuration spares the backend more.
- **Again.** Fault 18 (and 1) tells the driver to plug in anew. If it comes back before a session at that connector
  went well, the advice is to leave the connector alone; the count outlives a restart.
- **Locks.** UnlockConnector ends the session first, then moves the lock up to three times. Unlocked clears the
  fault; `kiosk unlock` does the same at the station.
- **Emergency stop.** The button opens every contactor by wire, with or without a core. It stays pressed over
  restarts; a press that the core slept through ends the sessions that were open then. After the release nothing
  begins by itself: a card or a start is needed, or a new plug where Autocharge or kiosk mode are on.
- **Power stacks.** Fault 19 belongs to the connector that the stack feeds; sessions on other stacks go on.

The tests inject every code in every phase and follow it from the contactor to the log.

This page is generated from the fault table by `python -m kiosk.settings.docs`.

The manual knows {manual} codes. Those marked \\* are not among them: {beyond} are taken from later lists of the
maker, for what the manual has no code for. There is no code 13.
"""


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _name(fault: Fault) -> str:
    star = " \\*" if fault.beyond_manual else ""
    return f"[{fault.name}](#{fault.code}-{fault.name.lower()}){star}"


def _row(fault: Fault) -> str:
    cells = (
        str(fault.code),
        _name(fault),
        fault.error_code.value,
        fault.scope.value,
        _yes(fault.stops_charging),
        _yes(fault.blocks_start),
        str(fault.gravity),
    )
    return "| " + " | ".join(cells) + " |"


def _section(fault: Fault) -> list[str]:
    lines = [f"## {fault.code} {fault.name}", "", fault.meaning, ""]
    if fault.code:
        lines += [
            f"- When: {fault_words.when(fault)}",
            f"- What it does: {fault_words.effect(fault)}",
            f"- The backend reads: {fault_words.told(fault)}",
            f"- It is over: {fault_words.recovery(fault)}",
        ]
    lines.append(f"- The driver reads: **{fault.title}** {fault.cause} {fault.advice}")
    if fault.advice_again:
        lines.append(f"- The driver reads, when it came back: {fault.advice_again}")
    if fault.reason:
        lines.append(f"- Likely reason: {fault.reason}")
    if fault.measures:
        lines += ["- What to do, in this order:", *(f"  {i}. {step}." for i, step in enumerate(fault.measures, 1))]
    return [*lines, ""]


def page() -> str:
    """Markdown of all vendor error codes."""
    beyond = [str(code) for code, fault in FAULTS.items() if fault.beyond_manual]
    lines = [_INTRO.format(manual=len(FAULTS) - len(beyond), beyond=" and ".join(beyond))]
    lines.append("| Code | Name | OCPP error code | Belongs to | Stops charging | Blocks a start | Gravity |")
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    lines += [*(_row(fault) for fault in FAULTS.values()), ""]
    for fault in FAULTS.values():
        lines += _section(fault)
    return "\n".join(lines).rstrip() + "\n"
