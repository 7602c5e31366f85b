"""Cases of the Core profile: configuration keys."""

from __future__ import annotations

from typing import Final

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

CORE: Final = {
    "AuthorizeRemoteTxRequests": "R or RW",
    "ClockAlignedDataInterval": "RW",
    "ConnectionTimeOut": "RW",
    "ConnectorPhaseRotation": "RW",
    "GetConfigurationMaxKeys": "R",
    "HeartbeatInterval": "RW",
    "LocalAuthorizeOffline": "RW",
    "LocalPreAuthorize": "RW",
    "MeterValuesAlignedData": "RW",
    "MeterValuesSampledData": "RW",
    "MeterValueSampleInterval": "RW",
    "NumberOfConnectors": "R",
    "ResetRetries": "RW",
    "StopTransactionOnEVSideDisconnect": "RW",
    "StopTransactionOnInvalidId": "RW",
    "StopTxnAlignedData": "RW",
    "StopTxnSampledData": "RW",
    "SupportedFeatureProfiles": "R",
    "TransactionMessageAttempts": "RW",
    "TransactionMessageRetryInterval": "RW",
    "UnlockConnectorOnEVSideDisconnect": "RW",
}
"""The keys that OCPP 1.6 section 9.1 requires, and their accessibility."""
OF_PROFILE: Final = {
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": "RW",
        "LocalAuthListMaxLength": "R",
        "SendLocalListMaxLength": "R",
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": "R",
        "ChargingScheduleAllowedChargingRateUnit": "R",
        "ChargingScheduleMaxPeriods": "R",
        "MaxChargingProfilesInstalled": "R",
    },
}
"""The keys that sections 9.2 to 9.4 require where the profile is supported."""
PROFILES: Final = {
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
}


@case("019", "Retrieve the configuration", profile="Core")
async def tc_019(lab: Bench) -> None:
    asked = await lab.csms.call("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    assert not asked.get("unknownKey"), asked
    profiles = set(asked["configurationKey"][0]["value"].replace(" ", "").split(","))
    assert "Core" in profiles, profiles
    assert profiles <= PROFILES, profiles
    wanted = CORE | {k: v for profile in profiles for k, v in OF_PROFILE.get(profile, {}).items()}
    everything = (await lab.csms.call("GetConfiguration"))["configurationKey"]
    found = {entry["key"]: entry for entry in everything}
    assert len(found) == len(everything), "a key is told twice"
    missing = sorted(set(wanted) - set(found))
    assert not missing, f"required keys are missing: {', '.join(missing)}"
    for key, access in wanted.items():
        if access != "R or RW":
            told = "R" if found[key]["readonly"] else "RW"
            assert told == access, f"{key} is {told}, not {access}"
    # secrets are never told, whatever is asked
    for secret in ("AuthorizationKey", "ApnPassword", "SimPin"):
        if secret in found:
            assert "value" not in found[secret], f"{secret} is told"
    some = await lab.csms.call("GetConfiguration", {"key": ["HeartbeatInterval", "Nonsense"]})
    assert [entry["key"] for entry in some["configurationKey"]] == ["HeartbeatInterval"]
    assert some["unknownKey"] == ["Nonsense"]


@case("021", "Change the configuration", profile="Core")
async def tc_021(lab: Bench) -> None:
    assert await lab.csms.get_key("MeterValueSampleInterval") != "33"
    await lab.csms.set_key("MeterValueSampleInterval", 33)
    assert await lab.csms.get_key("MeterValueSampleInterval") == "33"
    await lab.station.restart(kill=True)
    await lab.booted()
    assert await lab.csms.get_key("MeterValueSampleInterval") == "33", "the value did not survive a power cut"


@case("040_1", "Configuration key not supported", profile="Core")
async def tc_040_1(lab: Bench) -> None:
    answered = await lab.csms.call("ChangeConfiguration", {"key": "Testing", "value": "true"})
    assert answered["status"] == "NotSupported", answered


@case("040_2", "Configuration key, invalid value", profile="Core")
async def tc_040_2(lab: Bench) -> None:
    before = await lab.csms.get_key("MeterValueSampleInterval")
    for value in ("-1", "abc", "1.5", ""):
        answered = await lab.csms.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": value})
        assert answered["status"] == "Rejected", f"{value!r}: {answered}"
    assert await lab.csms.get_key("MeterValueSampleInterval") == before
