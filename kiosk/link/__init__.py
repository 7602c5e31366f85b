"""The local link: JSON-RPC 2.0 both ways over one WebSocket on a Unix socket.

``messages`` is the contract (every method, its params and result, which door), ``peer`` the JSON-RPC rules without
I/O, ``client`` the reconnecting client of every face, ``rundir`` where the sockets are (``run.json``).
It must never know what a command does, and never let a frame through that the contract does not allow.

Decisions
- Strict decoding: an unknown field is an error, not a wish.
- Frames are limited (64 KiB of JSON from a face; 4 MB for the one binary frame of ``screen.grab``).
- Changes replace whole sections of the snapshot, so a face never patches and never drifts.
"""
