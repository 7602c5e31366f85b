"""A played scenario as a picture: what each connector drew, under which limit, and whose limit that was.

``palette`` (colour, pattern and letter of each reason), ``series`` (a recording cut into columns),
``axes`` and ``labels`` (ticks and where a label has room), ``layout`` (all of it as boxes and lines in picture
points) are pure; ``paint`` alone touches pixels. This room must never reckon power: it shows what was recorded.

Decisions
- Every reason has a colour, a pattern and a letter, so that the picture can be read without seeing colours.
- A column of pixels shows the mean of its time, and the reason that held longest in it.
- What has no room is left out by rank, never printed over something else; rare marks go first.
"""

from kiosk.lab.picture.paint import draw

__all__ = ["draw"]
