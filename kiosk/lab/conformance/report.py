"""Outcomes as people and programs read them: text, JSON, JUnit XML, a page, a trace. Pure."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from xml.etree import ElementTree

import msgspec

from kiosk import __version__
from kiosk.lab.conformance.registry import Case, listed
from kiosk.lab.conformance.runner import Outcome, Verdict

DISCLAIMER: Final = "runs the public case list; this is no certification"
WIDTH: Final = 100
"""Payloads that are longer than this on one line are told over several."""


def line(outcome: Outcome) -> str:
    """One line of the report."""
    head = f"{outcome.verdict.value:<14} {outcome.id:<6} {outcome.title}"
    times = f"{outcome.took_s:.2f} s"
    if outcome.virtual_s:
        times += f", {_span(outcome.virtual_s)} of the station's time"
    reason = f"\n{'':<22}{outcome.reason}" if outcome.reason else ""
    return f"{head}  ({times}){reason}"


def summary(outcomes: Sequence[Outcome]) -> str:
    counted = Counter(o.verdict for o in outcomes)
    took_s = sum(o.took_s for o in outcomes)
    words = ", ".join(f"{counted[v]} {v.value}" for v in Verdict if counted[v] or v is Verdict.PASS)
    frames = sum(len(o.frames) for o in outcomes)
    cases = "1 case" if len(outcomes) == 1 else f"{len(outcomes)} cases"
    return f"{cases}: {words}; {frames} frames judged in {took_s:.0f} s ({DISCLAIMER})"


def text(outcomes: Sequence[Outcome]) -> str:
    return "\n".join([*(line(o) for o in outcomes), "", summary(outcomes)]) + "\n"


def as_json(outcomes: Sequence[Outcome]) -> str:
    rows = [
        {
            "id": o.id,
            "title": o.title,
            "profile": o.profile,
            "verdict": o.verdict.value,
            "reason": o.reason,
            "seconds": round(o.took_s, 3),
            "virtual_seconds": round(o.virtual_s, 3),
            "frames": len(o.frames),
            "breaches": [{"rule": b.rule, "text": b.text, "frame": b.seq} for b in o.breaches],
        }
        for o in outcomes
    ]
    told = {"version": __version__, "note": DISCLAIMER, "cases": rows}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def junit(outcomes: Sequence[Outcome]) -> str:
    """JUnit XML, as build servers read it."""
    counted = Counter(o.verdict for o in outcomes)
    suite = ElementTree.Element(
        "testsuite",
        name="OCPP 1.6 conformance",
        tests=str(len(outcomes)),
        failures=str(counted[Verdict.FAILED]),
        skipped=str(counted[Verdict.NOT_APPLICABLE]),
        errors="0",
        time=f"{sum(o.took_s for o in outcomes):.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("note", DISCLAIMER), ("version", __version__), ("python", platform.python_version())):
        ElementTree.SubElement(properties, "property", name=name, value=value)
    for o in outcomes:
        row = ElementTree.SubElement(
            suite, "testcase", classname=f"ocpp16.{o.profile}", name=f"{o.id} {o.title}", time=f"{o.took_s:.3f}"
        )
        if o.verdict is Verdict.FAILED:
            ElementTree.SubElement(row, "failure", message=_xml(o.reason)).text = _xml(o.detail)
        elif o.verdict is Verdict.NOT_APPLICABLE:
            ElementTree.SubElement(row, "skipped", message=_xml(o.reason))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _xml(words: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in words if c in "\n\t" or c.isprintable())


def catalogue(cases: Mapping[str, Case]) -> str:
    """What ``--list`` shows."""
    return "".join(f"{c.id:<6} {c.profile:<24} {c.title}\n" for c in cases.values())


def page(verdicts: Mapping[str, tuple[Verdict, str]]) -> str:
    """The reference page: ids, titles, verdicts and nothing that changes from run to run."""
    counted = Counter(verdict for verdict, _ in verdicts.values())
    lines = [
        "# OCPP 1.6 conformance",
        "",
        "The public list of acceptance cases for charging stations, played against this station by",
        "`kiosk conformance`: the whole core in one process on virtual time, with real WebSocket frames, against",
        "a central system that validates every frame on its own. This is no certification.",
        "",
        "`kiosk conformance 004_1 036` runs two of them; `kiosk conformance --trace 036` prints a conversation.",
        "",
        f"{len(verdicts)} cases: " + ", ".join(f"{counted[v]} {v.value}" for v in Verdict if counted[v]) + ".",
    ]
    profiles = dict.fromkeys(row.profile for row in listed())
    for profile in profiles:
        lines += ["", f"## {profile}", "", "| case | what it is about | verdict |", "|---|---|---|"]
        for row in listed():
            if row.profile == profile and row.id in verdicts:
                verdict, reason = verdicts[row.id]
                told = f"{verdict.value}: {reason}" if verdict is Verdict.NOT_APPLICABLE else verdict.value
                lines.append(f"| {row.id} | {row.title} | {told} |")
    return "\n".join(lines) + "\n"


# --- the trace ------------------------------------------------------------------------------------------------


def trace(outcome: Outcome) -> str:
    """The conversation, frame by frame, with what happened in the world between."""
    breaches: dict[int, list[str]] = {}
    for breach in outcome.breaches:
        breaches.setdefault(breach.seq, []).append(str(breach))
    lines = [f"{outcome.id} {outcome.title}", "times are the central system's; → from the station, ← to it", ""]
    entries: list[tuple[int, int, list[str]]] = [
        (after, 1, [f"{_clock(at)}  · {words}"]) for after, at, words in outcome.notes
    ]
    for frame in outcome.frames:
        arrow = "←" if frame.to_station else "→"
        word = {"call": "", "result": ".conf", "error": " CALLERROR", "broken": "not OCPP"}[frame.kind]
        head = f"{_clock(frame.at)} {arrow} {frame.action}{word}"
        shown = frame.raw if frame.kind == "broken" else frame.payload
        told = [*_laid_out(head, shown), *(f"{'':<15}!! {b}" for b in breaches.get(frame.seq, ()))]
        entries.append((frame.seq, 0, told))
    for _, _, told in sorted(entries, key=lambda entry: entry[:2]):
        lines += told
    return "\n".join([*lines, "", line(outcome)]) + "\n"


def _laid_out(head: str, payload: Any) -> Iterator[str]:
    """The payload behind the head where it fits, else below it, one field a line."""
    short = json.dumps(payload, ensure_ascii=False)
    if not isinstance(payload, dict) or len(head) + len(short) <= WIDTH:
        yield f"{head} {short}"
        return
    yield head
    for name, value in payload.items():
        yield f"{'':<17}{name}: {json.dumps(value, ensure_ascii=False)}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
