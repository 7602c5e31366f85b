"""The figures of a torture as a person reads them. Pure."""

from __future__ import annotations

from kiosk.lab.torture.run import Outcome

SHOWN_BREACHES = 20


def lines(outcome: Outcome) -> list[str]:
    """What is printed at the end, without the breaches."""
    f = outcome.figures
    rows = [
        ("seed", str(f.seed)),
        ("time", f"{f.seconds:.0f} s"),
        ("kills", f"{f.kills}, {f.power_cuts} of them with files spoilt as by a power cut"),
        ("resets carried out", str(f.resets)),
        ("frames at the backend", str(f.frames)),
        ("facts in the journal", str(f.facts)),
        ("sessions", f"{f.sessions} in the journal, {f.transactions} at the backend"),
        ("told again", f"{f.repeats} as no answer was committed, {f.repeated_starts} of them StartTransaction"),
        ("told again when refused", str(f.refused)),
        ("duplicates", str(f.duplicates)),
        ("losses", str(f.losses)),
        ("energy", f"{f.energy_wh} Wh sold, {f.difference_wh} Wh differ from the meters"),
        ("promises looked for", str(f.promises)),
        ("breaches", str(len(f.breaches))),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {value}" for name, value in rows]


def breaches(outcome: Outcome) -> list[str]:
    """The first of them, and where all evidence is."""
    found = outcome.figures.breaches
    if not found:
        return []
    more = [f"... and {len(found) - SHOWN_BREACHES} more"] if len(found) > SHOWN_BREACHES else []
    return [*found[:SHOWN_BREACHES], *more, f"evidence: {outcome.evidence}"]
