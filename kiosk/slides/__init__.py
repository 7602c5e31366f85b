"""Rules of welcome images and slides: what a file must be, in which order they come, which one is next.

``check`` looks at one file and says every finding with its remedy, ``convert`` is that remedy, ``playlist`` is the
order and the schedule, ``show`` the decisions of a running slide show, ``folder`` reads a folder cheaply.
It must never know a screen, a socket or the time of day: ``now`` is an argument.

Decisions
- A file is judged by its first bytes wherever it is to be shown (no image library, microseconds per file, so that
  a folder may hold 10,000), and decoded in full only where it is taken in (web interface, command line).
- Names that begin with a dot are hidden, as everywhere on the system; uploads in flight use such names.
- The picture shown is looked at again every half second, all others when their turn comes; the folder itself is
  read again only when its time of change moves. So the cost of watching does not grow with the folder, and the
  threads of a file-watching library are not needed.
- 16 bits per channel count as RGB: decision 14 forbids alpha, palette and grey, and nothing else.
"""
