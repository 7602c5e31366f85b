"""Cases of the Reservation profile."""

from __future__ import annotations

from typing import Any

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.csms import Heard
from kiosk.lab.conformance.registry import case

PROFILE = "Reservation"
NUMBER = 4711
FAULT = 50
"""A code that faults a connector as soon as a plug is in."""


async def _reserve(
    lab: Bench,
    connector_id: int = 1,
    *,
    status: str = "Accepted",
    parent: str | None = None,
    for_s: float = 1800,
) -> None:
    payload: dict[str, Any] = {
        "connectorId": connector_id,
        "expiryDate": lab.csms.time_in(for_s),
        "idTag": "TAG-1",
        "reservationId": NUMBER,
    }
    if parent is not None:
        payload["parentIdTag"] = parent
    await lab.csms.accepted("ReserveNow", payload, status=status)


async def _only_connector_1(lab: Bench) -> None:
    """Every other connector is out of service."""
    for unused in lab.connector_ids[1:]:
        await lab.csms.accepted("ChangeAvailability", {"connectorId": unused, "type": "Inoperative"})
        await lab.csms.status(unused, "Unavailable")


async def _begins(lab: Bench, id_tag: str) -> Heard:
    """The reservation is used up by a transaction of this tag."""
    started = await lab.csms.expect("StartTransaction", connectorId=1, idTag=id_tag)
    assert started.get("reservationId") == NUMBER, f"reservationId {started.get('reservationId')}"
    await lab.csms.status(1, "Charging", within_s=120)
    assert await lab.csms.status_or_code("CancelReservation", {"reservationId": NUMBER}) == "Rejected"
    return started


async def _faulted(lab: Bench, *connector_ids: int) -> None:
    for connector_id in connector_ids:
        lab.station.sim.fault(connector_id, FAULT)
        lab.driver.plug(connector_id)
        await lab.csms.status(connector_id, "Faulted", within_s=60)


@case("046_1", "Reservation of a connector, local start", profile=PROFILE)
async def tc_046_1(lab: Bench) -> None:
    await _only_connector_1(lab)
    await _reserve(lab)
    reserved = await lab.csms.status(1, "Reserved")
    lab.driver.card("TAG-2")
    await lab.csms.never("StatusNotification", for_s=10, connectorId=1)
    lab.driver.card("TAG-2", connector_id=1)
    await lab.csms.never("StatusNotification", for_s=10, connectorId=1)
    assert not lab.csms.since(reserved, "Authorize", idTag="TAG-2"), "a stranger's card was asked about"
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await _begins(lab, "TAG-1")


@case("046_2", "Reservation of a connector, remote start", profile=PROFILE)
async def tc_046_2(lab: Bench) -> None:
    await _reserve(lab)
    await lab.csms.status(1, "Reserved")
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-2", "connectorId": 1}, status="Rejected")
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await _begins(lab, "TAG-1")


@case("047", "Reservation expires", profile=PROFILE)
async def tc_047(lab: Bench) -> None:
    began = lab.csms.now()
    await _reserve(lab, for_s=60)
    await lab.csms.status(1, "Reserved")
    available = await lab.csms.status(1, "Available", within_s=90)
    held_s = (available.when - began).total_seconds()
    assert 60 <= held_s <= 62, f"held for {held_s:.1f} s instead of 60 s"
    assert await lab.csms.status_or_code("CancelReservation", {"reservationId": NUMBER}) == "Rejected"


@case("048_1", "Reservation of a faulted connector", profile=PROFILE)
async def tc_048_1(lab: Bench) -> None:
    await _faulted(lab, 1)
    await _reserve(lab, status="Faulted")


@case("048_2", "Reservation of an occupied connector", profile=PROFILE)
async def tc_048_2(lab: Bench) -> None:
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    await _reserve(lab, status="Occupied")
    lab.driver.card("TAG-2", connector_id=1)
    await lab.csms.status(1, "Charging", within_s=120)
    await _reserve(lab, status="Occupied")


@case("048_3", "Reservation of an unavailable connector", profile=PROFILE)
async def tc_048_3(lab: Bench) -> None:
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    await lab.csms.status(1, "Unavailable")
    await _reserve(lab, status="Unavailable")


@case(
    "048_4",
    "Reservation of a connector, rejected",
    profile=PROFILE,
    install=("reservation.connectors=false",),
)
async def tc_048_4(lab: Bench) -> None:
    assert PROFILE not in (await lab.csms.get_key("SupportedFeatureProfiles") or "").split(",")
    await _reserve(lab, status="Rejected")
    await lab.csms.never("StatusNotification", for_s=10, status="Reserved")


@case("049", "Reservation of the station", profile=PROFILE)
async def tc_049(lab: Bench) -> None:
    await _only_connector_1(lab)
    await _reserve(lab, 0)
    await lab.csms.status(1, "Reserved")
    lab.driver.card("TAG-2", connector_id=1)
    await lab.csms.never("StatusNotification", for_s=10, connectorId=1)
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await _begins(lab, "TAG-1")


@case("050_1", "Reservation of the station, faulted", profile=PROFILE)
async def tc_050_1(lab: Bench) -> None:
    await _faulted(lab, *lab.connector_ids)
    await _reserve(lab, 0, status="Faulted")


@case("050_2", "Reservation of the station, occupied", profile=PROFILE)
async def tc_050_2(lab: Bench) -> None:
    for connector_id in lab.connector_ids:
        lab.driver.plug(connector_id)
        await lab.csms.status(connector_id, "Preparing")
    await _reserve(lab, 0, status="Occupied")


@case("050_3", "Reservation of the station, unavailable", profile=PROFILE)
async def tc_050_3(lab: Bench) -> None:
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    await lab.csms.expect_all(
        *(("StatusNotification", {"connectorId": n, "status": "Unavailable"}) for n in (0, *lab.connector_ids))
    )
    await _reserve(lab, 0, status="Unavailable")


@case("050_4", "Reservation of the station, rejected", profile=PROFILE, install=("reservation.station=false",))
async def tc_050_4(lab: Bench) -> None:
    assert await lab.csms.get_key("ReserveConnectorZeroSupported") == "false"
    await _reserve(lab, 0, status="Rejected")
    await _reserve(lab, 1)


@case("051", "Cancel a reservation", profile=PROFILE)
async def tc_051(lab: Bench) -> None:
    await _reserve(lab)
    await lab.csms.status(1, "Reserved")
    await lab.csms.accepted("CancelReservation", {"reservationId": NUMBER})
    await lab.csms.status(1, "Available")
    lab.driver.card("TAG-2", connector_id=1)
    await lab.csms.status(1, "Preparing")


@case("052", "Cancel a reservation, rejected", profile=PROFILE)
async def tc_052(lab: Bench) -> None:
    await _reserve(lab)
    await lab.csms.status(1, "Reserved")
    await lab.csms.accepted("CancelReservation", {"reservationId": NUMBER + 1}, status="Rejected")
    await lab.csms.never("StatusNotification", for_s=10, connectorId=1)


async def _of_a_family(lab: Bench) -> None:
    """Connector 1 is reserved for TAG-1 and its family, and no other is in service."""
    lab.csms.tag("TAG-2", parent="FAMILY")
    await _only_connector_1(lab)
    await _reserve(lab, parent="FAMILY")
    await lab.csms.status(1, "Reserved")


@case("053_1", "Use a reserved connector with parentIdTag, local start", profile=PROFILE)
async def tc_053_1(lab: Bench) -> None:
    await _of_a_family(lab)
    lab.driver.card("TAG-3", connector_id=1)
    await lab.csms.never("StatusNotification", for_s=10, connectorId=1)
    lab.driver.card("TAG-2", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-2")
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await _begins(lab, "TAG-2")
    assert len(lab.csms.calls("Authorize", idTag="TAG-2")) == 1, "asked twice"


@case("053_2", "Use a reserved connector with parentIdTag, remote start", profile=PROFILE)
async def tc_053_2(lab: Bench) -> None:
    await _of_a_family(lab)
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-2", "connectorId": 1})
    await lab.csms.expect("Authorize", idTag="TAG-2")
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await _begins(lab, "TAG-2")
