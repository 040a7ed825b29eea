"""A real Home Assistant that learns again and again, until it is killed.

It tells what it has, one line of JSON each: ``ready`` at the start, ``saved`` once a
new model is on disk, ``failed`` when learning failed.
"""

import argparse
import asyncio
import json
import logging
from pathlib import Path
import sys
from typing import override

import homeassistant  # noqa: F401 - before the benchmarks, see benchmarks/__init__

from benchmarks.homes import SimulatedHome
from benchmarks.lag.home import small_home
from benchmarks.real_home import home_assistant, sensors_of, set_up
from custom_components.occupancy_prediction.coordinator import RuntimeData
from custom_components.occupancy_prediction.trainer import TrainingReason

_INTERVAL = 0.05  # s


class _Errors(logging.Handler):
    """Counts what the component logs as an error."""

    count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Count it, and show it to who looks."""
        self.count += 1
        sys.stderr.write(f"{record.getMessage()}\n")


def _tell(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


async def _run(folder: Path, home: SimulatedHome) -> None:
    errors = _Errors(logging.ERROR)
    logging.getLogger("custom_components.occupancy_prediction").addHandler(errors)
    sensors = [sensor for room in home.spec.rooms for sensor in sensors_of(room)]
    async with home_assistant(folder, home) as hass:
        entry = await set_up(hass, home)
        runtime: RuntimeData = entry.runtime_data
        model = runtime.keeper.model
        rows = await hass.async_add_executor_job(runtime.archive.load, sensors)
        _tell(
            "ready",
            version=None if model is None else model.version,
            data_end=0.0 if model is None else model.data_end,
            rows=len(rows),
            unfinished=await runtime.keeper.async_unfinished(),
            errors=errors.count,
        )
        number = 0
        while True:
            hass.states.async_set(sensors[0], "on" if number % 2 else "off")
            number += 1
            await _learn_once(runtime, errors)


async def _learn_once(runtime: RuntimeData, errors: _Errors) -> None:
    """Ask for a training and wait for what becomes of it."""
    before, failed = runtime.keeper.model, errors.count
    noted = await runtime.keeper.async_records()
    runtime.trainer.async_request(TrainingReason.REQUEST)
    while True:
        await asyncio.sleep(_INTERVAL)
        if errors.count > failed:
            _tell("failed")
            return
        records = await runtime.keeper.async_records()
        model = runtime.keeper.model
        if model is None or model is before or not records:
            continue
        # A note is made once the model is on disk.
        if records[0].version == model.version and records != noted:
            _tell("saved", version=model.version, data_end=model.data_end)
            return


def main() -> int:
    """Learn until the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    asyncio.run(_run(parser.parse_args().folder, small_home()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
