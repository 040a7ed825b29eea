"""Tests of what a change of life leads to: how much of the past is learned from."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    Adaptation,
    Alarm,
    Decision,
    EngineConfig,
    HomeSpec,
    Memory,
    ModelState,
    ModelStateError,
    ObservationTable,
    Pattern,
    PatternKind,
    Progress,
    RoomMemory,
    RoomSpec,
    SensorKind,
    SensorSpec,
    Signal,
    TrainingJob,
    TrainingReport,
    train,
)
from custom_components.occupancy_prediction.engine.adaptation import (
    QUICK as QUICK_MEMBERS,
    changed_since,
    decided,
    recent_alarms,
    track_of,
)
from custom_components.occupancy_prediction.engine.scoring import Scores
from custom_components.occupancy_prediction.engine.timeline import Spans
from custom_components.occupancy_prediction.engine.types import FloatArray

from .family import QUICK
from .made import MONDAY

DAY = 86400.0
HERE = Spans(np.zeros(0), np.zeros(0))
CONFIG = replace(QUICK, trial_minimum=20, trial_record=1000.0)
ALL: Memory = Memory()
SHORT = Memory({"bath": RoomMemory(5 * DAY, 0.0), "hall": RoomMemory(5 * DAY, 0.0)})
THIN = Memory({"bath": RoomMemory(5 * DAY, 0.2), "hall": RoomMemory(5 * DAY, 0.2)})


def alarm(room_id: str, since: float, noticed: float) -> Alarm:
    """Return an alarm; times in days."""
    return Alarm(Signal.HABIT, room_id, since * DAY, noticed * DAY)


# --- memories -------------------------------------------------------------------------


def test_days_before_a_change_are_left_out_evenly() -> None:
    """About the share that was asked for, of every day of the week; newer ones stay."""
    days = np.arange(738_000, 738_000 + 700)
    newer = days >= days[600]
    kept = RoomMemory(0.0, 0.2).days_kept(days, newer)
    assert kept[600:].all()
    assert kept[:600].mean() == pytest.approx(0.2, abs=0.01)
    for weekday in range(7):
        same = (days[:600] - 1) % 7 == weekday
        assert kept[:600][same].mean() == pytest.approx(0.2, abs=0.04)
    assert not RoomMemory(0.0, 0.0).days_kept(days, newer)[:600].any()


def test_whole_local_days_are_left_out() -> None:
    """A day is learned from or it is not, by the clock on the wall."""
    moments = np.array([MONDAY + 3600.0 * hour for hour in range(480)])
    kept = Memory({"room": RoomMemory(MONDAY + 15 * DAY, 0.4)}).moments(
        "room", moments, "US/Pacific"
    )
    local = np.floor((kept - 7 * 3600 - MONDAY) / DAY)
    _, counts = np.unique(local, return_counts=True)
    # Of the last days the first and the last are parts.
    assert sorted(set(counts.tolist())) == [7, 17, 24] or set(counts[1:-1]) <= {24, 17}
    assert ALL.moments("room", moments, "US/Pacific") is moments


def test_memory_is_read_back() -> None:
    """And what is none is refused."""
    assert Memory.read(THIN.document()) == THIN
    with pytest.raises(ModelStateError):
        Memory.read({"bath": [float("nan"), 0.2]})


def test_evidence_of_the_old_life_gives_way() -> None:
    """Once there is enough of the new one."""
    evidence = model_of(None).rooms["room"].evidence
    late = float(evidence.samples.origin[-100])
    early = float(evidence.samples.origin[-200])
    few = Memory({"room": RoomMemory(late, 0.0)}).evidence("room", evidence)
    enough = Memory({"room": RoomMemory(early, 0.0)}).evidence("room", evidence)
    assert (len(few), len(enough)) == (len(evidence), 200)
    assert ALL.evidence("room", evidence) is evidence


# --- a life that changes --------------------------------------------------------------

SPEC = HomeSpec(
    (RoomSpec("room", (SensorSpec("motion", SensorKind.MOTION),), vacancy_delay=60.0),)
)
CHANGED, NOW = MONDAY + 28 * DAY, MONDAY + 39 * DAY


@cache
def changing_life() -> ObservationTable:
    """Return a room used at 8 every day, and from a day on at 20, for two hours."""
    generator = np.random.default_rng(1)
    rows: list[tuple[float, float]] = []
    for day in np.arange(MONDAY, NOW, DAY).tolist():
        start = day + (8 if day < CHANGED else 20) * 3600
        for burst in np.arange(start, start + 7200, 55.0):
            moment = float(burst + generator.uniform(0, 5))
            rows += [(moment, 1.0), (moment + 50, 0.0)]
    times, values = (np.array(column) for column in zip(*rows, strict=True))
    sensors = np.zeros(len(times), np.int64)
    return ObservationTable.from_columns(times, sensors, values, ("motion",))


@cache
def model_of(share: float | None) -> ModelState:
    """Return what the quick members learn of it, None from the whole past."""
    memory = ALL if share is None else Memory({"room": RoomMemory(CHANGED, share)})
    return train(
        SPEC,
        changing_life(),
        CONFIG,
        now=NOW,
        version="1",
        memory=memory,
        members=QUICK_MEMBERS,
    )


def test_whole_memory_changes_nothing() -> None:
    """Not a bit of a model."""
    plain = train(
        SPEC, changing_life(), CONFIG, now=NOW, version="1", members=QUICK_MEMBERS
    )
    assert plain.to_bytes() == model_of(None).to_bytes()


def test_short_memory_has_forgotten() -> None:
    """The old hour is not in the profile any more, the new one is; stages stay."""
    whole = model_of(None)
    short = model_of(0.0)

    def used(model: ModelState, hour: int) -> float:
        return float(
            model.rooms["room"].profile["occupied"][0, hour * 4 : hour * 4 + 4].sum()
        )

    common = 60.0
    assert used(whole, 8) > 10 * common
    assert used(short, 8) < common
    assert used(short, 20) == pytest.approx(used(whole, 20), rel=0.01)
    assert short.stage is whole.stage
    assert short.memory != whole.memory
    assert ModelState.from_bytes(short.to_bytes()).memory == short.memory


def run_job(previous: ModelState) -> tuple[ModelState, TrainingReport, list[Progress]]:
    """Train anew, through the bytes that cross the pipe."""
    progress: list[Progress] = []
    job = TrainingJob(SPEC, changing_life(), CONFIG, NOW, "2", previous)
    trained = TrainingJob.from_bytes(job.to_bytes()).run(progress.append)
    report = TrainingReport.from_bytes(trained.report.to_bytes())
    assert report == trained.report
    return trained.model, report, progress


def test_change_is_noticed_and_old_days_give_way() -> None:
    """In the training that follows; what was tried is told."""
    model, report, progress = run_job(model_of(None))
    adaptation = report.adaptation
    assert {each.room_id for each in adaptation.alarms} == {"room"}
    assert adaptation.since is not None
    assert abs(adaptation.since - CHANGED) <= DAY
    assert adaptation.decision in (Decision.SHORTENED, Decision.REWEIGHTED)
    assert model.memory == adaptation.memory
    assert model.memory.rooms.keys() == {"room"}
    scores = adaptation.scores["room"]
    assert min(scores.values()) < 0.8 * scores["all"]
    told = {(p.kind, p.start) for p in adaptation.patterns}
    assert told == {(PatternKind.VANISHED, 8), (PatternKind.NEW, 20)}
    shares = [each.share for each in progress]
    assert shares == sorted(shares)
    # The rest would be the comparison with the model in use.
    assert shares[-1] == pytest.approx(0.6)


# --- decisions ------------------------------------------------------------------------


def tried(
    errors: Mapping[str, Mapping[str, float]], in_use: Memory = ALL, days: int = 4
) -> Memory:
    """Return what is chosen where memories had these errors, every hour of some days."""
    moments: FloatArray = np.array([3600.0 * hour for hour in range(24 * days)])
    generator = np.random.default_rng(3)
    wobble: FloatArray = generator.normal(0, 1.0, len(moments))
    scores = {
        name: {room: (moments, error + wobble) for room, error in rooms.items()}
        for name, rooms in errors.items()
    }
    candidates = {"all": ALL, "0.2": THIN, "0": SHORT, "current": in_use}
    chosen = {name: memory for name, memory in candidates.items() if name in errors}
    return decided(chosen, scores, in_use, (), HERE, CONFIG).memory


def test_each_room_takes_what_came_closest() -> None:
    """A short memory where it helps, and the whole past where it does not."""
    memory = tried(
        {
            "all": {"bath": 40.0, "hall": 30.0},
            "0.2": {"bath": 30.0, "hall": 29.9},
            "0": {"bath": 20.0, "hall": 35.0},
        }
    )
    assert memory == Memory({"bath": SHORT.rooms["bath"]})


def test_memory_in_use_stays_while_it_is_better() -> None:
    """By however little; once it is not, the whole past is back."""
    errors = {"all": {"bath": 30.0}, "0.2": {"bath": 29.9}, "0": {"bath": 31.0}}
    assert tried(errors) == ALL
    in_use = Memory({"bath": THIN.rooms["bath"]})
    assert tried(errors, in_use) == in_use
    errors["0.2"] = {"bath": 30.1}
    assert tried(errors, in_use) == ALL


def test_absence_decides_nothing() -> None:
    """Where nobody was at home, the memory stays as it is."""
    moments: FloatArray = np.array([3600.0 * hour for hour in range(96)])
    scores = {
        name: {"bath": (moments, np.full(len(moments), error))}
        for name, error in (("all", 40.0), ("0", 1.0))
    }
    away = Spans(np.array([0.0]), np.array([np.inf]))
    candidates = {"all": ALL, "0": SHORT}
    assert decided(candidates, scores, ALL, (), away, CONFIG).memory == ALL
    in_use = Memory({"bath": RoomMemory(1.0, 0.2)})
    assert decided(candidates, scores, in_use, (), away, CONFIG).memory == in_use


def test_since_when_a_room_has_changed() -> None:
    """Its own alarm, else its memory, else what was noticed elsewhere."""
    alarms = [alarm("bath", 10, 13), alarm("bath", 20, 22), alarm("", 21, 24)]
    in_use = Memory({"hall": RoomMemory(7 * DAY, 0.0)})
    found = changed_since(["bath", "hall", "attic"], alarms, in_use)
    assert found == {"bath": 20 * DAY, "hall": 7 * DAY, "attic": 21 * DAY}
    assert changed_since(["bath"], [], ALL) == {}
    config = EngineConfig()
    assert recent_alarms(alarms, 50.5 * DAY, config) == tuple(alarms[2:])


def test_adaptation_is_written_down() -> None:
    """With its decision, and read back as it was."""
    adaptation = Adaptation(
        THIN,
        (alarm("bath", 10, 13),),
        {"bath": {"all": 40.0, "0.2": 30.0}},
        (Pattern("bath", PatternKind.NEW, (5, 6), 8, 12, "2026-05-03"),),
    )
    assert Adaptation.read(adaptation.document()) == adaptation
    assert adaptation.decision is Decision.REWEIGHTED
    assert adaptation.room_ids == ("bath", "hall")
    assert adaptation.since == 10 * DAY
    assert Adaptation(SHORT).decision is Decision.SHORTENED
    assert Adaptation(ALL, adaptation.alarms).decision is Decision.RETRAINED
    assert Adaptation().decision is Decision.NONE
    assert Adaptation().since is None


def test_track_has_one_forecast_of_each_spell() -> None:
    """And the skill of whole days."""
    issued: FloatArray = np.array([MONDAY + 900.0 * step for step in range(192)])
    count = len(issued)
    half_days = np.floor((issued - MONDAY) / (DAY / 2))
    ends = MONDAY + (half_days + 1) * DAY / 2
    zeros, no = np.zeros(count), np.zeros(count, np.bool_)
    scores = Scores(
        issued_at=issued,
        occupied=half_days % 2 == 0,
        reliable=no,
        confidence=zeros,
        remaining=(ends - issued) / 60,
        observed=~no,
        error=zeros,
        crps=np.full(count, 20.0),
        baseline_crps=np.full(count, 40.0),
        log_score=zeros,
        pit=np.linspace(0, 1, count),
        covered=no,
    )
    track = track_of({"room": scores}, "UTC")
    assert track.skill.tolist() == [0.5, 0.5]
    assert (track.rooms["room"].moments - MONDAY).tolist() == [
        0.0,
        DAY / 2,
        DAY,
        1.5 * DAY,
    ]
    assert len(track_of({}, "UTC").days) == 0
