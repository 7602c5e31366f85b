"""``kiosk sim``: the simulated world. Refused where the hardware is real."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from kiosk.cli import common
from kiosk.cli.common import Connector, Data, Json
from kiosk.model.errors import LinkClosed

app = typer.Typer(no_args_is_help=True, help="The simulated world: cars, cards, faults, touches, a power cut.")
Fault = Annotated[int, typer.Argument(metavar="CODE", help="Vendor error code.")]
Place = Annotated[int, typer.Argument(metavar="N", help="Connector, from 1; 0 is the station.")]


class Mains(StrEnum):
    ON = "on"
    OFF = "off"


class DoorState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ButtonState(StrEnum):
    PRESSED = "pressed"
    RELEASED = "released"


class MeterState(StrEnum):
    OK = "ok"
    STUCK = "stuck"
    JUMP = "jump"
    BACK = "back"
    SILENT = "silent"


@app.command("plug")
def plug(
    data: Data,
    connector_id: Connector,
    car: Annotated[str | None, typer.Option("--car", metavar="NAME", help="Which car; `kiosk sim cars`.")] = None,
    soc: Annotated[
        int | None, typer.Option("--soc", metavar="PCT", min=0, max=100, help="State of charge it comes with.")
    ] = None,
    halfway: Annotated[bool, typer.Option("--halfway", help="Not all the way in: it cannot be locked.")] = False,
) -> None:
    """Plug a car in at connector N.

    Example: kiosk sim plug 1 --soc 20
    """
    from kiosk.link.messages import Nothing, SimPlug

    plug_in = SimPlug(connector_id=connector_id, car=car, soc_percent=soc, seated=not halfway)
    common.ask(data, "sim.plug", plug_in, Nothing)


@app.command("unplug")
def unplug(data: Data, connector_id: Connector) -> None:
    """Pull the plug at connector N, whatever is going on."""
    from kiosk.link.messages import ConnectorParams, Nothing

    common.ask(data, "sim.unplug", ConnectorParams(connector_id=connector_id), Nothing)


@app.command("card")
def card(
    data: Data, uid: Annotated[str, typer.Argument(metavar="UID", help="The card's UID, hex digits.")]
) -> None:
    """Hold a card to the reader."""
    from kiosk.link.messages import Nothing, SimCard

    common.ask(data, "sim.card", SimCard(uid=uid), Nothing)


@app.command("fault")
def fault(
    data: Data,
    connector_id: Place,
    code: Fault,
    frees_after: Annotated[
        int | None,
        typer.Option("--frees-after", metavar="N", min=1, help="A stuck lock comes free at the Nth try."),
    ] = None,
) -> None:
    """Raise a fault, in the phase in which it happens.

    Example: kiosk sim fault 1 18
    """
    from kiosk.link.messages import Nothing, SimFault

    common.ask(data, "sim.fault", SimFault(connector_id=connector_id, code=code, frees_after=frees_after), Nothing)


@app.command("clear")
def clear(data: Data, connector_id: Place, code: Fault) -> None:
    """Clear a fault."""
    from kiosk.link.messages import Nothing, SimFault

    common.ask(data, "sim.clear", SimFault(connector_id=connector_id, code=code), Nothing)


@app.command("door")
def door(data: Data, state: Annotated[DoorState, typer.Argument(help="What the service door does.")]) -> None:
    """Open or close the service door."""
    from kiosk.link.messages import Nothing, SimDoor

    common.ask(data, "sim.door", SimDoor(open=state is DoorState.OPEN), Nothing)


@app.command("emergency")
def emergency(
    data: Data, state: Annotated[ButtonState, typer.Argument(help="What somebody does to the emergency stop.")]
) -> None:
    """Press or release the emergency stop: every contactor opens, nothing begins while it is pressed.

    Example: kiosk sim emergency pressed
    """
    from kiosk.link.messages import Nothing, SimEmergency

    common.ask(data, "sim.emergency", SimEmergency(pressed=state is ButtonState.PRESSED), Nothing)


@app.command("touch")
def touch(
    data: Data,
    x: Annotated[int, typer.Argument(metavar="X", min=0, help="Pixels from the left edge, 0 to 1365.")],
    y: Annotated[int, typer.Argument(metavar="Y", min=0, help="Pixels from the top edge, 0 to 767.")],
) -> None:
    """Touch the driver's screen."""
    from kiosk.link.messages import Nothing, TapAt

    common.ask(data, "screen.tap", TapAt(x=x, y=y), Nothing)


@app.command("heat", context_settings={"ignore_unknown_options": True})  # so that -10 is a number
def heat(
    data: Data,
    celsius: Annotated[
        float | None, typer.Argument(metavar="[C]", help="Degrees Celsius; left out: the usual ones again.")
    ] = None,
) -> None:
    """Heat or cool the air inside the cabinet: above 50 degrees the stacks give less, at 75 nothing.

    Example: kiosk sim heat 60
    """
    from kiosk.link.messages import Nothing, SimHeat

    common.ask(data, "sim.heat", SimHeat(celsius=celsius), Nothing)


@app.command("meter")
def meter(
    data: Data,
    connector_id: Connector,
    state: Annotated[MeterState, typer.Argument(help="What the meter does from now on.")],
) -> None:
    """The energy meter stands still, tells 5 kWh more or less, tells nothing, or is right again (ok).

    Example: kiosk sim meter 1 stuck
    """
    from kiosk.link.messages import Nothing, SimMeter

    common.ask(data, "sim.meter", SimMeter(connector_id=connector_id, lie=state.value), Nothing)


@app.command("mains")
def mains(data: Data, state: Annotated[Mains, typer.Argument(help="What the grid gives.")]) -> None:
    """The mains fail, or are back, at a station with a back-up supply (hardware.backup_supply_s).

    The core ends its sessions while the back-up supply lasts; then it dies. Under `kiosk run` it comes back.
    """
    from kiosk.link.messages import Nothing, SimMains

    common.ask(data, "sim.mains", SimMains(on=state is Mains.ON), Nothing)


@app.command("powercut")
def powercut(data: Data) -> None:
    """The core dies at once, as with SIGKILL. Under `kiosk run` it comes back."""
    from kiosk.link.messages import Nothing

    with contextlib.suppress(LinkClosed):  # nobody is left to answer: it worked
        common.ask(data, "sim.powercut", None, Nothing)
    common.say("the power is gone")


@app.command("cars")
def cars(data: Data, as_json: Json = False) -> None:
    """The cars there are."""
    from kiosk.link.messages import SimCars

    found = common.ask(data, "sim.cars", None, SimCars).cars
    if as_json:
        common.print_json(found)
        return
    table = common.table("Name", "Inlets", "Battery", "At most", "MAC", "", right=("Battery", "At most"))
    for car in found:
        table.add_row(
            car.name,
            ", ".join(car.inlets),
            f"{car.battery_wh / 1000:.0f} kWh",
            f"{car.max_power_w / 1000:.0f} kW",
            car.vehicle_id,
            car.description,
        )
    common.console().print(table)


@app.command("state")
def state(data: Data, as_json: Json = False) -> None:
    """What only the simulated world knows: cars, stacks, contactors, LED rings.

    Example: kiosk sim state --json
    """
    from kiosk.cli.rings import ring
    from kiosk.link.messages import SimState

    found = common.ask(data, "sim.state", None, SimState)
    if as_json:
        common.print_json(found)
        return
    figures = ("SoC", "Power", "Limit", "Stacks")
    table = common.table(
        "", "Type", "Car", "SoC", "Phase", "Power", "Limit", "Stacks", "Ring", "Faults", right=figures
    )
    for each in found.connectors:
        table.add_row(
            str(each["id"]),
            each["type"],
            each["car"] or "-",
            "-" if each["soc_percent"] is None else f"{each['soc_percent']:.0f} %",
            each["phase"],
            "-" if each["power_w"] is None else f"{each['power_w'] / 1000:.1f} kW",
            f"{each['limit_w'] / 1000:.1f} kW",
            str(each["stacks"]),
            ring(each["led_rgb"], each["led_percent"], each["led_flashes"]),
            ", ".join(map(str, each["faults"])) or "-",
        )
    common.console().print(table)
    if found.cabinet_c is not None:
        common.say(f"{found.cabinet_c:.1f} degrees Celsius inside the cabinet")


@app.command("watch")
def watch(data: Data) -> None:
    """Connectors, cars, power, limits, faults and LED rings as they move, until q or Ctrl-C.

    Where the terminal cannot move its cursor, or there is none: a line whenever something changes.
    """
    from kiosk.cli import watch as live

    live.watch(data, common.console())
