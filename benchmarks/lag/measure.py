"""The same load on a real Home Assistant, without and with a training under way.

A ticker asks to be woken every 5 ms and notes how much later that happens. Rooms are
entered and left in turn, each change is forecast, and the memory of the process is
read before and after.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import gc
import json
import os
from pathlib import Path
import sys
import tempfile
import time

import homeassistant  # noqa: F401 - before the benchmarks, see benchmarks/__init__
from homeassistant.core import HomeAssistant, callback

from benchmarks.homes import SimulatedHome, simulated_home
from benchmarks.real_home import home_assistant, prepare_folder, sensors_of, set_up
from custom_components.occupancy_prediction.coordinator import OccupancyCoordinator
from custom_components.occupancy_prediction.trainer import TrainingReason

_TICK = 0.005  # s
# Messages a second, all over the home.
_RATE = 20.0
# Seconds for which somebody is in a room, and after which it is vacant again: each
# room changes twice in every round.
_STAY, _VACANCY_DELAY = 5.0, 30.0
# The measurement without a training takes as long as the one with it, within these
# bounds (s).
_QUIET, _LONGEST_QUIET = 60.0, 300.0
# Learning what nobody has learned yet may take so long (s) on a busy machine.
_PATIENCE = 1800.0
# What was freed is given back after a while (s).
_SETTLE = 5.0
_CHILD_INTERVAL = 0.2  # s


@dataclass
class Felt:
    """What was felt: lags and delays in ms, memory in MB, times in s."""

    lags: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    seconds: float = 0.0
    child: float = 0.0

    def figures(self) -> dict[str, float]:
        """Return the numbers to compare."""
        ordered = sorted(self.lags)
        return {
            "ticks": len(ordered),
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[int(len(ordered) * 0.99)],
            "longest": ordered[-1],
            "forecasts": len(self.delays),
            "latest_forecast": max(self.delays, default=float("inf")),
            "seconds": self.seconds,
            "child": self.child,
        }


class _Forecasts:
    """Notes how long after each change of a room its forecast came (ms)."""

    def __init__(self, coordinator: OccupancyCoordinator, felt: Felt) -> None:
        self._coordinator = coordinator
        self._felt = felt
        # When a room came into its state, and when that was heard of: 0 once its
        # forecast has come.
        self._changed = {
            room_id: (room.since, 0.0)
            for room_id, room in coordinator.data.rooms.items()
        }

    @callback
    def heard(self) -> None:
        """Look at every room."""
        moment = time.perf_counter()
        for room_id, room in self._coordinator.data.rooms.items():
            since, at = self._changed[room_id]
            if room.since != since:
                self._changed[room_id] = (room.since, moment)
            elif at and room.since is not None and room.issued_at >= room.since:
                self._felt.delays.append((moment - at) * 1000)
                self._changed[room_id] = (since, 0.0)


@asynccontextmanager
async def _load(hass: HomeAssistant, home: SimulatedHome) -> AsyncIterator[Felt]:
    """Let sensors speak meanwhile, and feel it."""
    felt = Felt()
    tasks = [
        asyncio.create_task(_tick(felt)),
        asyncio.create_task(_speak(hass, home)),
        asyncio.create_task(_watch_child(felt)),
    ]
    begun = time.perf_counter()
    try:
        yield felt
    finally:
        felt.seconds = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick(felt: Felt) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(_TICK)
        felt.lags.append((time.perf_counter() - begun - _TICK) * 1000)


async def _speak(hass: HomeAssistant, home: SimulatedHome) -> None:
    """Let somebody go round the rooms; sensors of the room he is in speak most."""
    rooms = [sensors_of(room) for room in home.spec.rooms]
    number = 0
    while True:
        place = int(number / _RATE / _STAY) % len(rooms)
        sensors = rooms[place]
        # Off at last: the room is vacant once the delay is over.
        last = (number + 1) / _RATE / _STAY % 1 < 1 / _RATE / _STAY
        for sensor in sensors if last else [sensors[number % len(sensors)]]:
            turn = "off" if last or number // len(sensors) % 2 else "on"
            hass.states.async_set(sensor, turn)
        number += 1
        await asyncio.sleep(1 / _RATE)


async def _watch_child(felt: Felt) -> None:
    """Note the most memory that the learning process had (MB)."""
    while True:
        felt.child = max(felt.child, *map(_most_memory, _children()), 0.0)
        await asyncio.sleep(_CHILD_INTERVAL)


def _children() -> list[str]:
    """Return the processes that this thread has started."""
    thread = f"/proc/self/task/{os.getpid()}/children"
    return Path(thread).read_text(encoding="ascii").split()


def _most_memory(process: str) -> float:
    with suppress(OSError):
        return _memory(process, "VmHWM")
    return 0.0


def _memory(process: int | str, name: str = "VmRSS") -> float:
    """Return how much memory a process has (MB)."""
    text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _trained(coordinator: OccupancyCoordinator, after: float | None) -> None:
    """Wait until a model later than this one is in use and nothing goes on."""
    end = time.monotonic() + _PATIENCE
    while coordinator.status.last_trained == after or coordinator.status.progress:
        if time.monotonic() > end:
            raise RuntimeError("no model in time")
        await asyncio.sleep(0.1)


async def measure(folder: Path, home: SimulatedHome) -> dict[str, dict[str, float]]:
    """Measure without and with a training."""
    async with home_assistant(folder, home) as hass:
        entry = await set_up(hass, home, {"vacancy_delay": _VACANCY_DELAY})
        coordinator: OccupancyCoordinator = entry.runtime_data.coordinator
        await _trained(coordinator, None)
        await asyncio.sleep(_SETTLE)
        gc.collect()
        before = _memory("self")
        async with _load(hass, home) as busy:
            stop = coordinator.async_add_listener(_Forecasts(coordinator, busy).heard)
            last = coordinator.status.last_trained
            entry.runtime_data.trainer.async_request(TrainingReason.REQUEST)
            await _trained(coordinator, last)
            stop()
        await asyncio.sleep(_SETTLE)
        gc.collect()
        after = _memory("self")
        async with _load(hass, home) as quiet:
            stop = coordinator.async_add_listener(_Forecasts(coordinator, quiet).heard)
            # As long, or the longest lag would be found in fewer ticks.
            await asyncio.sleep(min(max(busy.seconds, _QUIET), _LONGEST_QUIET))
            stop()
    return {
        "quiet": quiet.figures(),
        "busy": busy.figures(),
        "memory": {"before": before, "after": after},
    }


def main() -> int:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--days", type=int, default=182)
    arguments = parser.parse_args()
    home = simulated_home(arguments.rooms, arguments.days)
    with tempfile.TemporaryDirectory() as name:
        prepare_folder(Path(name), home)
        print(json.dumps(asyncio.run(measure(Path(name), home))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
