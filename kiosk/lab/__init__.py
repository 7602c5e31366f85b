"""Test benches that are part of the product: acceptance cases, kill runs, fuzzing.

``conformance`` plays the acceptance cases against a core on a virtual clock, ``torture`` kills real cores at bad
moments and audits the books, ``fuzz`` sends a core what no sane backend would, ``scenario`` plays days and weeks
of drivers, faults and limits, virtually or on a station that runs, and ``picture`` draws them. ``authority``
issues certificates and ``depot`` is a file server for them. This room must never be imported by the station or a
face, and must never share a decision with the core that it judges.

Decisions
- A bench reports figures and keeps its evidence; a breach is exit code 1, never a warning.
- Randomness comes from one seed that is printed, so that a finding can be asked for again.
"""
