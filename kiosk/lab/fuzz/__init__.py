"""Sends a station what no sane backend would, and judges that it lives and answers as the standard says.

``grammar`` makes frames (from the OCPP schemas, then bent), ``evil`` is the backend that sends them and counts the
answers, ``play`` one conversation with a core in this process and what must hold, ``run`` many with figures.

Decisions
- Hypothesis makes the conversations, so a finding comes as the shortest one that shows it.
- Answers are judged by the backend's judge with the JSON schemas themselves, not by the station's own types.
- Real frames over websockets on a virtual loop: minutes of talk cost milliseconds, and every run is the same.
"""
