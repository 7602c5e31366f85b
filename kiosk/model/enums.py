"""Words with a closed set of meanings. Members marked [stored] are written to disk: never rename them."""

from __future__ import annotations

from enum import StrEnum


class ConnectorType(StrEnum):
    """Charging standard of a connector (manual's spelling). [stored]"""

    CCS = "CCS"  # Combo 2, DC over powerline communication
    CHADEMO = "CHAdeMO"  # DC over CAN
    GBT = "GBT"  # GB/T 20234.3, DC over CAN
    CCS_AC = "CCS_AC"  # Type 2, AC three-phase, no stack behind it

    @property
    def is_dc(self) -> bool:
        """True where a power stack feeds the connector."""
        return self is not ConnectorType.CCS_AC

    @property
    def has_vehicle_id(self) -> bool:
        """True where the car tells its MAC address, so that Autocharge can work (facts.md section 5)."""
        return self is ConnectorType.CCS


class ChargePointStatus(StrEnum):
    """Status of a connector, OCPP 1.6 section 7.7. [stored]"""

    AVAILABLE = "Available"  # free, nothing plugged in, nobody authorized
    PREPARING = "Preparing"  # plugged, or authorized, or both, but no energy yet
    CHARGING = "Charging"  # contactor closed, the car may draw energy
    SUSPENDED_EVSE = "SuspendedEVSE"  # the station offers no energy (limit 0, sharing)
    SUSPENDED_EV = "SuspendedEV"  # the car takes none though it is offered
    FINISHING = "Finishing"  # session over, or nobody authorized in time; the plug is still in
    RESERVED = "Reserved"  # held for one tag
    UNAVAILABLE = "Unavailable"  # taken out of service by operator or backend
    FAULTED = "Faulted"  # a fault that stops charging is raised


class ChargePointErrorCode(StrEnum):
    """Error code of a StatusNotification, OCPP 1.6 section 7.6."""

    CONNECTOR_LOCK_FAILURE = "ConnectorLockFailure"
    EV_COMMUNICATION_ERROR = "EVCommunicationError"
    GROUND_FAILURE = "GroundFailure"
    HIGH_TEMPERATURE = "HighTemperature"
    INTERNAL_ERROR = "InternalError"
    LOCAL_LIST_CONFLICT = "LocalListConflict"
    NO_ERROR = "NoError"
    OTHER_ERROR = "OtherError"
    OVER_CURRENT_FAILURE = "OverCurrentFailure"
    OVER_VOLTAGE = "OverVoltage"
    POWER_METER_FAILURE = "PowerMeterFailure"
    POWER_SWITCH_FAILURE = "PowerSwitchFailure"
    READER_FAILURE = "ReaderFailure"
    RESET_FAILURE = "ResetFailure"
    UNDER_VOLTAGE = "UnderVoltage"
    WEAK_SIGNAL = "WeakSignal"


class StopReason(StrEnum):
    """Why a transaction ended, OCPP 1.6 section 7.36. [stored]"""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    EV_DISCONNECTED = "EVDisconnected"
    HARD_RESET = "HardReset"
    LOCAL = "Local"
    OTHER = "Other"
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    UNLOCK_COMMAND = "UnlockCommand"


class AuthorizationStatus(StrEnum):
    """Answer to an idTag, OCPP 1.6 section 7.2. [stored]"""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


class AuthorizationSource(StrEnum):
    """Who vouched for a session's idTag. [stored]"""

    KIOSK = "kiosk"  # kiosk mode: nobody was asked (decision 7)
    AUTOCHARGE = "autocharge"  # the car's own id (decision 9)
    WHITELIST = "whitelist"  # NFC whitelist of the web interface
    LOCAL_LIST = "local_list"  # OCPP local authorization list
    CACHE = "cache"  # earlier answer of the backend
    BACKEND = "backend"  # Authorize.conf
    REMOTE = "remote"  # RemoteStartTransaction
    OFFLINE = "offline"  # AllowOfflineTxForUnknownId


class RefusalReason(StrEnum):
    """Why a start or a stop was refused; each has a text on the screen and on the command line."""

    CARD_INVALID = "card_invalid"
    CARD_BLOCKED = "card_blocked"
    CARD_EXPIRED = "card_expired"
    CARD_CONCURRENT = "card_concurrent"  # this card charges elsewhere already
    BACKEND_OFFLINE = "backend_offline"  # nobody can be asked, and nobody local knows the card
    BACKEND_SILENT = "backend_silent"  # asked, no answer in time
    CARD_NEEDED = "card_needed"  # start without a tag though kiosk mode is off
    CONNECTOR_BUSY = "connector_busy"
    CONNECTOR_FAULTED = "connector_faulted"
    EMERGENCY_STOP = "emergency_stop"  # the station's button is pressed
    CONNECTOR_UNAVAILABLE = "connector_unavailable"
    CONNECTOR_RESERVED = "connector_reserved"
    NO_POWER_FREE = "no_power_free"  # decision 10
    NOT_THIS_CARD = "not_this_card"  # stop with another card than the one that started
    STOP_ONLY_REMOTE = "stop_only_remote"  # RemoteTxStoppableLocally is false
    STOP_NEEDS_CARD = "stop_needs_card"  # installation stop.needs_card
    STATION_STOPPING = "station_stopping"  # a reset or shutdown is under way


class Phase(StrEnum):
    """Where the hardware of one connector stands in a session (facts.md section 4).

    Order of a CCS session: UNPLUGGED, PLUGGED, SLAC, LINK, V2G, LOCK, CABLE_CHECK, PRECHARGE, ENERGY,
    STOPPING, ENDED, UNPLUGGED. CHAdeMO and GB/T have no SLAC; AC goes from LOCK to ENERGY.
    """

    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"  # plug seen, no communication asked for yet
    SLAC = "slac"
    LINK = "link"  # powerline link and SDP, or CAN alive
    V2G = "v2g"  # session set-up and charge parameters
    LOCK = "lock"
    CABLE_CHECK = "cable_check"  # isolation test
    PRECHARGE = "precharge"
    ENERGY = "energy"  # contactor closed
    SUSPENDED_EV = "suspended_ev"  # contactor closed, the car asks for nothing
    SUSPENDED_EVSE = "suspended_evse"  # the station offers nothing
    STOPPING = "stopping"  # current down, contactor opens, welding check, unlock
    ENDED = "ended"  # session over, plug still in, unlocked


class LimitReason(StrEnum):
    """What binds the power of a connector at the moment (decision 10)."""

    CAR = "car"
    CONNECTOR = "connector"
    STACK = "stack"
    DERATING = "derating"
    GRID = "grid"
    MODBUS = "modbus"
    FALLBACK = "fallback"
    PROFILE = "profile"
    AUTHORIZATION = "authorization"  # the backend refused the tag: no more energy than MaxEnergyOnInvalidId


class Provenance(StrEnum):
    """Who gave a configuration key its value. [stored]"""

    DEFAULT = "default"
    FILE = "file"  # installation file
    OPERATOR = "operator"  # web interface, command line, options of a start
    BACKEND = "backend"  # ChangeConfiguration


class RegistrationStatus(StrEnum):
    """Answer to BootNotification, OCPP 1.6 section 7.34."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class Page(StrEnum):
    """What the driver is being shown. The core's dialogue decides all but those marked [screen]."""

    STARTING = "starting"  # [screen] the core has not answered yet
    CORE_LOST = "core_lost"  # [screen] no tick for 1.5 s
    LANGUAGES = "languages"  # [screen] the 19 languages
    STANDBY = "standby"  # welcome images and slides
    OUT_OF_SERVICE = "out_of_service"  # every connector is unavailable or faulted, or the station as a whole
    SELECTION = "selection"
    CARD = "card"
    CARD_CHECKING = "card_checking"
    CARD_REFUSED = "card_refused"
    FREE = "free"  # kiosk mode: start on the screen
    PLUG_IN = "plug_in"
    PREPARING = "preparing"
    CHARGING = "charging"
    STOP_CONFIRM = "stop_confirm"
    STOP_REFUSED = "stop_refused"
    STOP_CARD = "stop_card"  # the card that started is asked for
    STOPPING = "stopping"
    FINISHED = "finished"
    FAULT = "fault"
    WHICH_SESSION = "which_session"  # one card, several running sessions (decision 22)


class Tap(StrEnum):
    """What a driver's tap means; the screen sends it, the dialogue decides."""

    WAKE = "wake"  # any touch; on standby it only wakes, elsewhere it restarts the time-out
    BEGIN = "begin"  # the call to touch on standby
    SELECT = "select"  # a connector card
    BACK = "back"
    OVERVIEW = "overview"  # all connectors
    START = "start"  # kiosk mode: start on this connector
    CANCEL = "cancel"  # give up an authorized start, or preparing
    STOP = "stop"  # ask to stop
    CONFIRM_STOP = "confirm_stop"
    KEEP = "keep"  # keep charging
    DONE = "done"


class Door(StrEnum):
    """The two doors of the core's local socket, told apart by file permission."""

    DRIVER = "driver"
    OPERATOR = "operator"


class ResetKind(StrEnum):
    """Reset.req type. Soft restarts the programs, hard the machine (web_interface.md, Reset). [stored]"""

    SOFT = "Soft"
    HARD = "Hard"


class SecurityEventType(StrEnum):
    """What the security log holds: OCA security white paper edition 3, section 8, "Security events". [stored]"""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    FAILED_TO_AUTHENTICATE = "FailedToAuthenticateAtCentralSystem"  # our key or certificate was refused
    BACKEND_FAILED_TO_AUTHENTICATE = "CentralSystemFailedToAuthenticate"
    SETTING_SYSTEM_TIME = "SettingSystemTime"
    STARTUP = "StartupOfTheDevice"
    RESET = "ResetOrReboot"
    LOG_CLEARED = "SecurityLogWasCleared"
    RECONFIGURATION = "ReconfigurationOfSecurityParameters"  # keys, certificates, security profile
    MEMORY_EXHAUSTION = "MemoryExhaustion"
    INVALID_MESSAGES = "InvalidMessages"
    REPLAY_ATTACK = "AttemptedReplayAttacks"
    TAMPER_DETECTION = "TamperDetectionActivated"
    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    INVALID_FIRMWARE_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    INVALID_BACKEND_CERTIFICATE = "InvalidCentralSystemCertificate"
    INVALID_STATION_CERTIFICATE = "InvalidChargePointCertificate"
    INVALID_TLS_VERSION = "InvalidTLSVersion"
    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"

    @property
    def critical(self) -> bool:
        """The white paper's table wants it pushed to the central system."""
        return self in _CRITICAL

    @property
    def told(self) -> bool:
        """Owed to the central system: critical, or a use case of the white paper ends with telling it."""
        return self in _CRITICAL or self in _TOLD_BY_USE_CASE


_CRITICAL = frozenset(
    {
        SecurityEventType.FIRMWARE_UPDATED,
        SecurityEventType.SETTING_SYSTEM_TIME,
        SecurityEventType.STARTUP,
        SecurityEventType.RESET,
        SecurityEventType.LOG_CLEARED,
        SecurityEventType.MEMORY_EXHAUSTION,
        SecurityEventType.TAMPER_DETECTION,
    }
)
_TOLD_BY_USE_CASE = frozenset(
    {
        SecurityEventType.FAILED_TO_AUTHENTICATE,
        SecurityEventType.INVALID_FIRMWARE_SIGNATURE,
        SecurityEventType.INVALID_FIRMWARE_CERTIFICATE,
        SecurityEventType.INVALID_BACKEND_CERTIFICATE,
        SecurityEventType.INVALID_STATION_CERTIFICATE,
        SecurityEventType.INVALID_TLS_VERSION,
        SecurityEventType.INVALID_TLS_CIPHER_SUITE,
    }
)
"""Failed connections are told on the next one that works; who attacks a link also attacks its news."""
