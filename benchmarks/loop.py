"""How long the component keeps Home Assistant's event loop busy.

A real Home Assistant runs in this process with a home of simulated rooms and
weeks behind it. Sensors speak, rooms change and are forecast anew, while every
callback of the loop is timed by the processor time it took: what a noisy
machine does in between does not count.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import sys
import tempfile
import time
from unittest.mock import patch

import homeassistant  # noqa: F401 - before the benchmarks, see benchmarks/__init__
from homeassistant.core import HomeAssistant

from benchmarks.homes import SimulatedHome, simulated_home
from benchmarks.real_home import home_assistant, prepare_folder, sensors_of, set_up

# The load: messages a second, for so many seconds, all over the home.
RATE = 20.0
SECONDS = 20.0
# Callbacks that took longer (s) are told by name.
_WORTH_A_NAME = 0.005


@contextmanager
def timed_callbacks() -> Iterator[list[tuple[float, str]]]:
    """Time every callback of the loop; yield (seconds, what ran)."""
    taken: list[tuple[float, str]] = []
    handle = asyncio.events.Handle
    original = handle._run  # noqa: SLF001 - there is no other place

    def run(self: asyncio.Handle) -> None:
        begun = time.thread_time()
        original(self)
        spent = time.thread_time() - begun
        taken.append((spent, repr(self) if spent > _WORTH_A_NAME else ""))

    with patch.object(handle, "_run", run):
        yield taken


async def _measure(folder: Path, home: SimulatedHome) -> dict[str, float]:
    async with home_assistant(folder, home) as hass:
        sensors = [sensor for room in home.spec.rooms for sensor in sensors_of(room)]
        alone = await _load(hass, sensors)
        await set_up(hass, home)
        await _trained(hass)
        with_component = await _load(hass, sensors)
        forecasts = sum(
            state.state not in ("unknown", "unavailable")
            for state in hass.states.async_all("sensor")
            if state.entity_id.endswith("_next_transition")
        )
    return {
        "longest_alone": alone[0],
        "longest": with_component[0],
        "slowest": with_component[1],
        "rooms_forecast": forecasts,
    }


async def _trained(hass: HomeAssistant) -> None:
    """Wait for the first model and its forecasts."""
    for _ in range(1200):
        await asyncio.sleep(0.1)
        state = next(
            (
                s
                for s in hass.states.async_all("sensor")
                if "last_trained" in s.entity_id
            ),
            None,
        )
        if state is not None and state.state not in ("unknown", "unavailable"):
            await asyncio.sleep(2)
            return
    raise RuntimeError("no model within two minutes")


async def _load(hass: HomeAssistant, sensors: list[str]) -> tuple[float, float]:
    """Let sensors speak; return the longest callback and the slowest message (s)."""
    slowest = 0.0
    with timed_callbacks() as taken:
        for number in range(int(RATE * SECONDS)):
            # Rooms take turns, and each is left and entered again and again.
            sensor = sensors[(number * 7) % len(sensors)]
            begun = time.thread_time()
            hass.states.async_set(sensor, "on" if number // len(sensors) % 2 else "off")
            slowest = max(slowest, time.thread_time() - begun)
            await asyncio.sleep(1 / RATE)
    longest = max(taken, default=(0.0, ""))
    if longest[1]:
        sys.stderr.write(f"longest callback: {longest[1][:300]}\n")
    return longest[0], slowest


def main() -> int:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop")
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--days", type=int, default=28)
    arguments = parser.parse_args()
    home = simulated_home(arguments.rooms, arguments.days)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare_folder(folder, home)
        print(json.dumps(asyncio.run(_measure(folder, home))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
