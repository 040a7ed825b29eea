"""What forecasting and learning cost, beside what they may cost.

Times are processor time on one thread, medians of several runs: these do not
depend on what else the machine is doing.
"""

from dataclasses import replace
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    HomeTracker,
    ModelState,
    build_timeline,
    predict,
    train,
    update,
    update_start,
)
from custom_components.occupancy_prediction.engine.config import Tier
from custom_components.occupancy_prediction.engine.features import HomeScene, describe

from .figures import Figure, show
from .homes import SimulatedHome, simulated_home

_ROOMS, _DAYS = 10, 180
_DAY = 86400.0
_ROOT = Path(__file__).parent.parent
# Home Assistant has to be there before the benchmarks are, or they stand in for it.
_IN_HOME_ASSISTANT = """
import homeassistant, runpy
runpy.run_module("benchmarks.loop", run_name="__main__")
"""


class _Clock:
    """Processor time since it was made (s)."""

    def __init__(self) -> None:
        self._begun = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self._begun


def _forecast(home: SimulatedHome, state: ModelState, rooms: int) -> float:
    """Return milliseconds of a forecast of so many rooms, snapshot included."""
    config = EngineConfig()
    spec = HomeSpec(home.spec.rooms[:rooms], home.spec.time_zone)
    tracker = HomeTracker.replay(
        home.spec, config, home.table.since(home.end - 8 * _DAY)
    )
    taken = []
    for minute in range(30):
        now = home.end + minute * 60
        tracker.advance(now)
        clock = _Clock()
        predict(state, spec, tracker.timeline(now), config, now=now)
        taken.append(clock.seconds * 1000)
    return statistics.median(taken)


def _features(home: SimulatedHome) -> float:
    """Return milliseconds of the features of a room's last day, from messages on."""
    config = EngineConfig()
    recent = home.table.since(home.end - config.habit_look_back)
    steps = np.arange(_DAY // config.sample_step, dtype=np.float64)
    moments = home.end - config.sample_step * steps[::-1]
    taken = []
    for room in home.spec.rooms:
        clock = _Clock()
        timeline = build_timeline(home.spec, recent, config, home.end)
        describe(HomeScene(timeline, home.spec.time_zone), room.room_id, moments)
        taken.append(clock.seconds * 1000)
    return statistics.median(taken)


def _training(home: SimulatedHome, rooms: int, days: float, tier: Tier) -> float:
    """Return the seconds of a first training on the last days of a home."""
    config = replace(EngineConfig(), tier=tier)
    spec = HomeSpec(home.spec.rooms[:rooms], home.spec.time_zone)
    table = home.table.since(home.end - days * _DAY)
    clock = _Clock()
    train(spec, table, config, now=home.end, version=tier)
    return clock.seconds


def _engine() -> list[Figure]:
    config = EngineConfig()
    home = simulated_home(_ROOMS, _DAYS, climate=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    one_room = _training(home, 1, _DAYS, "full")
    clock = _Clock()
    state = train(home.spec, home.table, config, now=home.end - _DAY, version="all")
    all_rooms = clock.seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    base = _training(home, _ROOMS, _DAYS, "base")
    half = _training(home, _ROOMS, _DAYS / 2, "base")
    clock = _Clock()
    recent = home.table.since(update_start(state, config))
    update(state, home.spec, recent, config, now=home.end)
    updated = clock.seconds
    saved = state.to_bytes()
    clock = _Clock()
    ModelState.from_bytes(saved)
    loaded = clock.seconds
    return [
        Figure("forecast of one room", _forecast(home, state, 1), "ms", most=20),
        Figure("forecast of 10 rooms", _forecast(home, state, 10), "ms", most=100),
        Figure("features of a room from cold", _features(home), "ms", most=500),
        Figure("training of one room, 6 months", one_room, "s", most=30),
        Figure("training of 10 rooms, 6 months", all_rooms, "s", most=300),
        Figure("... in the base tier", base, "s", most=300),
        Figure("... as often as of 3 months", base / half, "x", most=2.2),
        Figure("memory added by training", peak, "MB", most=400),
        Figure("update of 10 rooms by a day", updated, "s", most=10),
        Figure("saved model of a room", len(saved) / 1e6 / _ROOMS, "MB", most=5),
        Figure("loading a model of 10 rooms", loaded, "s", most=2),
    ]


def _loop() -> list[Figure]:
    # In a process of its own: it needs Home Assistant, the engine does without.
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            _IN_HOME_ASSISTANT,
        ],
        cwd=_ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured = json.loads(result.stdout.splitlines()[-1])
    return [
        Figure(
            "longest callback of the loop, 10 rooms",
            measured["longest"] * 1000,
            "ms",
            most=10,
        ),
        Figure("... without the component", measured["longest_alone"] * 1000, "ms"),
        Figure(
            "slowest message of a sensor, 10 rooms",
            measured["slowest"] * 1000,
            "ms",
            most=10,
        ),
        Figure(
            "rooms with a forecast meanwhile", measured["rooms_forecast"], "", least=10
        ),
    ]


def main() -> int:
    """Measure everything."""
    return show([*_engine(), *_loop()])


if __name__ == "__main__":
    sys.exit(main())
