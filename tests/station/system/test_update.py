"""A firmware update as a state machine: its table, and a power cut after any step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.model.file_jobs import FirmwareStatus as S
from kiosk.station.system import update
from kiosk.station.system.firmware import Running
from kiosk.station.system.update import Due, Job, Outcome, Stage, Step, Work

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def job(stage: Stage = Stage.SCHEDULED, *, signed: bool = False, **more: object) -> Job:
    given: dict[str, object] = {
        "id": "j1",
        "location": "http://h/x",
        "retrieve_at": NOW,
        "tries": 2,
        "retry_interval_s": 60.0,
        "request_id": 7 if signed else None,
        "stage": stage,
    }
    return Job(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stage", "more", "busy", "due"),
    [
        (Stage.SCHEDULED, {}, False, Due(Work.DOWNLOAD)),
        (Stage.SCHEDULED, {"retrieve_at": LATER}, False, Due(Work.WAIT, LATER)),
        (Stage.DOWNLOADING, {}, True, Due(Work.DOWNLOAD)),
        (Stage.PAUSED, {"until": LATER}, False, Due(Work.WAIT, LATER)),
        (Stage.PAUSED, {"until": NOW}, False, Due(Work.DOWNLOAD)),
        (Stage.VERIFYING, {}, True, Due(Work.VERIFY)),
        (Stage.WAITING, {}, False, Due(Work.INSTALL)),
        (Stage.WAITING, {}, True, Due(Work.WAIT)),
        (Stage.WAITING, {"install_at": LATER}, False, Due(Work.WAIT, LATER)),
        (Stage.WAITING, {"install_at": NOW}, True, Due(Work.WAIT)),
        (Stage.INSTALLING, {}, False, Due(Work.INSTALL)),
        (Stage.REBOOTING, {}, False, Due(Work.RESET)),
        (Stage.OVER, {}, False, Due(Work.NOTHING)),
    ],
)
def test_what_is_due(stage: Stage, more: dict[str, object], busy: bool, due: Due) -> None:
    assert update.due(job(stage, **more), NOW, busy=busy) == due


@pytest.mark.parametrize(
    ("stage", "more", "held"),
    [
        (Stage.SCHEDULED, {}, False),
        (Stage.DOWNLOADING, {}, False),
        (Stage.PAUSED, {}, False),
        (Stage.VERIFYING, {}, False),
        (Stage.WAITING, {}, True),
        (Stage.WAITING, {"install_at": LATER}, False),
        (Stage.INSTALLING, {"install_at": LATER}, True),
        (Stage.REBOOTING, {}, True),
        (Stage.OVER, {}, False),
    ],
)
def test_when_new_sessions_must_wait(stage: Stage, more: dict[str, object], held: bool) -> None:
    assert update.holds(job(stage, **more), NOW) is held


def test_nothing_is_held_without_a_job() -> None:
    assert not update.holds(None, NOW)
    assert update.shown(None) is S.IDLE
    assert update.replaceable(None)


PLAIN_ROWS = [
    # stage, outcome, next stage, told
    (Stage.DOWNLOADING, Outcome.DONE, Stage.WAITING, (S.DOWNLOADED,)),
    (Stage.DOWNLOADING, Outcome.FAILED, Stage.PAUSED, ()),
    (Stage.DOWNLOADING, Outcome.BROKEN, Stage.OVER, (S.DOWNLOAD_FAILED,)),
    (Stage.INSTALLING, Outcome.DONE, Stage.REBOOTING, ()),
    (Stage.INSTALLING, Outcome.FAILED, Stage.OVER, (S.INSTALLATION_FAILED,)),
    (Stage.INSTALLING, Outcome.BROKEN, Stage.OVER, (S.INSTALLATION_FAILED,)),
    (Stage.REBOOTING, Outcome.FAILED, Stage.OVER, (S.INSTALLATION_FAILED,)),
]
SIGNED_ROWS = [
    (Stage.DOWNLOADING, Outcome.DONE, Stage.VERIFYING, (S.DOWNLOADED,)),
    (Stage.DOWNLOADING, Outcome.FAILED, Stage.PAUSED, (S.DOWNLOAD_PAUSED,)),
    (Stage.DOWNLOADING, Outcome.BROKEN, Stage.OVER, (S.DOWNLOAD_FAILED,)),
    (Stage.VERIFYING, Outcome.DONE, Stage.WAITING, (S.SIGNATURE_VERIFIED,)),
    (Stage.VERIFYING, Outcome.BROKEN, Stage.OVER, (S.INVALID_SIGNATURE,)),
    (Stage.VERIFYING, Outcome.FAILED, Stage.OVER, (S.INVALID_SIGNATURE,)),
    (Stage.INSTALLING, Outcome.DONE, Stage.REBOOTING, ()),
    (Stage.INSTALLING, Outcome.FAILED, Stage.OVER, (S.INSTALLATION_FAILED,)),
    (Stage.INSTALLING, Outcome.BROKEN, Stage.OVER, (S.INSTALL_VERIFICATION_FAILED,)),
    (Stage.REBOOTING, Outcome.FAILED, Stage.OVER, (S.INSTALLATION_FAILED,)),
]


@pytest.mark.parametrize(
    ("signed", "stage", "outcome", "next_stage", "told"),
    [(False, *row) for row in PLAIN_ROWS] + [(True, *row) for row in SIGNED_ROWS],
)
def test_what_an_outcome_means(
    signed: bool, stage: Stage, outcome: Outcome, next_stage: Stage, told: tuple[S, ...]
) -> None:
    step = update.after(job(stage, signed=signed), outcome, NOW, version="2.0")
    assert (step.job.stage, step.told) == (next_stage, told)


def test_the_last_try_is_the_last() -> None:
    first = update.after(job(Stage.DOWNLOADING), Outcome.FAILED, NOW)
    assert (first.job.stage, first.job.tried, first.job.until) == (Stage.PAUSED, 1, NOW + timedelta(seconds=60))
    again = update.entered(first.job, Due(Work.DOWNLOAD))
    last = update.after(again.job, Outcome.FAILED, NOW)
    assert (last.job.stage, last.told) == (Stage.OVER, (S.DOWNLOAD_FAILED,))


def test_an_unsigned_update_says_downloading_once() -> None:
    step = update.entered(job(), Due(Work.DOWNLOAD))
    assert step.told == (S.DOWNLOADING,)
    paused = update.after(step.job, Outcome.FAILED, NOW)
    assert update.entered(paused.job, Due(Work.DOWNLOAD)).told == ()


@pytest.mark.parametrize(
    ("stage", "due", "plain", "signed"),
    [
        (Stage.SCHEDULED, Due(Work.WAIT, LATER), (), (S.DOWNLOAD_SCHEDULED,)),
        (Stage.SCHEDULED, Due(Work.DOWNLOAD), (S.DOWNLOADING,), (S.DOWNLOADING,)),
        (Stage.PAUSED, Due(Work.WAIT, LATER), (), ()),
        (Stage.VERIFYING, Due(Work.VERIFY), (), ()),
        (Stage.WAITING, Due(Work.WAIT), (), (S.INSTALL_SCHEDULED,)),
        (Stage.WAITING, Due(Work.INSTALL), (S.INSTALLING,), (S.INSTALLING,)),
        (Stage.REBOOTING, Due(Work.RESET), (), (S.INSTALL_REBOOTING,)),
    ],
)
def test_what_is_told_when_work_begins(
    stage: Stage, due: Due, plain: tuple[S, ...], signed: tuple[S, ...]
) -> None:
    assert update.entered(job(stage), due).told == plain
    step = update.entered(job(stage, signed=True), due)
    assert step.told == signed
    assert update.entered(step.job, due).told == (), "once"


OURS, OLD = Running(version="2.0", job="j1"), Running(version="1.0", job="j0")


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("stage", "running", "next_stage", "status"),
    [
        (Stage.SCHEDULED, OLD, Stage.SCHEDULED, None),
        (Stage.DOWNLOADING, OLD, Stage.DOWNLOADING, None),
        (Stage.PAUSED, OLD, Stage.PAUSED, None),
        (Stage.VERIFYING, OLD, Stage.VERIFYING, None),
        (Stage.WAITING, OLD, Stage.WAITING, None),
        (Stage.INSTALLING, OLD, Stage.INSTALLING, None),  # done again
        (Stage.INSTALLING, OURS, Stage.OVER, S.INSTALLED),  # it was done, but not written down yet
        (Stage.REBOOTING, OURS, Stage.OVER, S.INSTALLED),
        (Stage.REBOOTING, OLD, Stage.OVER, S.INSTALLATION_FAILED),
        (Stage.REBOOTING, Running(), Stage.OVER, S.INSTALLATION_FAILED),
    ],
)
def test_after_a_restart(
    signed: bool, stage: Stage, running: Running, next_stage: Stage, status: S | None
) -> None:
    step = update.resumed(job(stage, signed=signed, status=S.DOWNLOADING), running)
    assert step.job.stage is next_stage
    assert step.told == (() if status is None else (status,))


def test_an_end_that_nobody_heard_is_told_again() -> None:
    over = job(Stage.OVER, status=S.INSTALLATION_FAILED)
    assert update.resumed(over, OLD) == Step(over, (S.INSTALLATION_FAILED,))


def test_every_signed_status_has_a_plain_neighbour() -> None:
    assert set(S) - update.UNSIGNED == set(update.PLAIN)
    assert set(update.PLAIN.values()) <= update.UNSIGNED


def test_only_the_restart_itself_cannot_be_replaced() -> None:
    assert [s for s in Stage if not update.replaceable(job(s))] == [Stage.REBOOTING]


# --- as a whole ----------------------------------------------------------------------------------------------


class World:
    """A machine that does what is due; the boot loader's slot is the only thing besides the stored job."""

    def __init__(self, first: Job) -> None:
        self.stored = msgspec.json.encode(first)
        self.now = NOW
        self.running = OLD
        self.next: Running | None = None
        self.told: list[S] = []
        self.busy = False

    @property
    def job(self) -> Job:
        return msgspec.json.decode(self.stored, type=Job)

    def take(self, step: Step) -> None:
        """Store, then tell."""
        self.stored = msgspec.json.encode(step.job)
        self.told.extend(step.told)

    def restart(self) -> None:
        if self.next is not None:
            self.running, self.next = self.next, None
        self.take(update.resumed(self.job, self.running))

    def step(self, outcome: Outcome, cut: int) -> None:
        """One round of the shell; ``cut``: after which of its four moments the power goes (4: not at all)."""
        due = update.due(self.job, self.now, busy=self.busy)
        self.take(update.entered(self.job, due))
        if cut == 0:
            self.restart()
            return
        match due.work:
            case Work.WAIT:
                self.now = due.until or self.now + timedelta(seconds=1)
                self.busy = False
                return
            case Work.NOTHING:
                return
            case Work.RESET:
                self.restart()
                return
            case Work.INSTALL if outcome is Outcome.DONE:
                self.next = Running(version="2.0", job=self.job.id)
        if cut == 1:
            self.restart()
            return
        self.take(update.after(self.job, outcome, self.now, version="2.0"))
        if cut == 2:
            self.restart()


FINAL = {
    S.INSTALLED,
    S.INSTALLATION_FAILED,
    S.DOWNLOAD_FAILED,
    S.INVALID_SIGNATURE,
    S.INSTALL_VERIFICATION_FAILED,
}
rounds = st.lists(st.tuples(st.sampled_from(Outcome), st.integers(0, 4), st.booleans()), max_size=25)


@given(rounds, st.booleans(), st.integers(0, 3), st.booleans())
def test_power_cuts_anywhere_it_ends_once_and_truly(
    plays: list[tuple[Outcome, int, bool]], signed: bool, tries: int, later: bool
) -> None:
    first = job(signed=signed, tries=max(1, tries), retrieve_at=LATER if later else NOW, install_at=LATER)
    world = World(first)
    for outcome, cut, busy in plays:
        world.busy = busy
        world.step(outcome, cut)
    for _ in range(30):  # from here on all goes well
        world.step(Outcome.DONE, 4)
    assert world.job.stage is Stage.OVER
    assert world.job.status in FINAL
    assert world.told
    assert world.told[-1] is world.job.status
    assert (world.job.status is S.INSTALLED) == (world.running.job == "j1"), "told is what is true"
    if not signed:
        assert set(world.told) <= update.UNSIGNED
    ends = [status for status in world.told if status in FINAL]
    assert len(set(ends)) == 1, "an end is told again, never another one"
    order = [S.DOWNLOADING, S.DOWNLOADED, S.SIGNATURE_VERIFIED, S.INSTALLING]
    begun = [world.told.index(status) for status in order if status in world.told]
    assert begun == sorted(begun)
