"""Day or night palette (decision 20): sunrise and sunset of the site, else seven to seven local time. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import Final

DAY_BEGINS: Final = time(7)
DAY_ENDS: Final = time(19)
_HORIZON_DEG: Final = -0.833
"""Height of the sun's centre when its upper edge touches the horizon, refraction included."""
_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)


def is_night(now: datetime, latitude: float | None, longitude: float | None) -> bool:
    """Whether the night palette is right at ``now`` (aware; its own zone is the station's local time).

    ``latitude``, ``longitude``: degrees, north and east positive; None = unknown, then by the clock.
    """
    if latitude is None or longitude is None:
        return not DAY_BEGINS <= now.time() < DAY_ENDS
    return sun_height_deg(now, latitude, longitude) < _HORIZON_DEG


def sun_height_deg(now: datetime, latitude: float, longitude: float) -> float:
    """Height of the sun's centre over the horizon in degrees, without refraction; good to about 0.1 degree.

    Low-precision solar coordinates of the Astronomical Almanac (page "Low-precision formulas for the Sun").
    """
    days = (now - _J2000) / timedelta(days=1)
    mean_longitude = math.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = mean_longitude + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * days)
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour_angle = sidereal - ascension
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))
