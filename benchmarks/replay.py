"""Replay a home as production would live it, and write down every forecast.

The events come in order; forecasts are made every step with what was known
then; the model is updated every hour and trained anew every night. Nothing
looks ahead: cutting the events off changes no earlier row.
"""

import argparse
from collections.abc import Iterator, Sequence
import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import sys
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.occupancy_prediction.engine import (
    HORIZON,
    EngineConfig,
    Forecast,
    HomeForecast,
    HomeTimeline,
    HomeTracker,
    ModelState,
    Observation,
    ObservationTable,
    predict,
    train,
    update,
    update_start,
)

from .events import EventsFile, EventsFileError, read_events

HORIZONS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)
HEADER = (
    "origin",
    "room_id",
    "state",
    *(f"p{minutes}" for minutes in HORIZONS),
    "median_min",
    "lower_min",
    "upper_min",
    "confidence",
    "reliable",
)
_DAY = 86400.0
_UPDATE = 3600.0  # s between two incremental updates


@dataclass(frozen=True, slots=True)
class Plan:
    """Which days are learned and which are forecast, counted from the first."""

    start_day: int = 0
    train_days: int = 21
    test_days: int = 14
    step: float = 900.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What production would know and say at one issue time (UTC s)."""

    origin: float
    state: ModelState
    timeline: HomeTimeline
    forecasts: HomeForecast


def replay(
    home: EventsFile, plan: Plan, config: EngineConfig
) -> Iterator[tuple[float, Forecast]]:
    """Yield (issue time, forecast) of every room at each step of the test days."""
    for moment in live(home, plan, config):
        for forecast in moment.forecasts.rooms.values():
            yield moment.origin, forecast


def live(home: EventsFile, plan: Plan, config: EngineConfig) -> Iterator[Moment]:
    """Yield each step of the test days, with the model in use."""
    start = home.start + plan.start_day * _DAY
    first = start + plan.train_days * _DAY
    last = min(first + plan.test_days * _DAY, home.end)
    table = home.table.since(start)
    messages = _messages(table, first)
    tracker = HomeTracker.replay(home.spec, config, table.before(first))
    state = train(home.spec, table, config, now=first, version="0")
    night = first + _DAY
    updated = first
    for origin in np.arange(first, last, plan.step).tolist():
        while messages[-1].timestamp <= origin:
            tracker.observe(messages.pop())
        tracker.advance(origin)
        if origin >= night:
            state = train(
                home.spec,
                table,
                config,
                now=night,
                version=f"{night:.0f}",
                previous=state,
            )
            updated, night = night, night + _DAY
        elif origin >= updated + _UPDATE:
            updated += _UPDATE
            state = _updated(state, home, table, config, updated)
        timeline = tracker.timeline(origin)
        forecasts = predict(state, home.spec, timeline, config, now=origin)
        yield Moment(origin, state, timeline, forecasts)


def _updated(
    state: ModelState,
    home: EventsFile,
    table: ObservationTable,
    config: EngineConfig,
    now: float,
) -> ModelState:
    recent = table.since(update_start(state, config))
    return update(state, home.spec, recent, config, now=now)


def _messages(table: ObservationTable, first: float) -> list[Observation]:
    """Return the messages from a moment on, the next one last, and an end."""
    ahead = table.since(first)
    messages = [
        Observation(timestamp, ahead.sensor_ids[sensor], value)
        for timestamp, sensor, value in zip(
            ahead.timestamps.tolist(),
            ahead.sensors.tolist(),
            ahead.values.tolist(),
            strict=True,
        )
    ]
    messages.append(Observation(np.inf, "", 0.0))
    return messages[::-1]


def row(origin: float, forecast: Forecast, time_zone: str) -> list[str]:
    """Return a line of the forecasts file; the origin is local."""
    local = datetime.fromtimestamp(origin, ZoneInfo(time_zone)).replace(tzinfo=None)

    def minutes(moment: float | None) -> float:
        return HORIZON if moment is None else (moment - origin) / 60

    probabilities = [forecast.probability_within(float(m)) for m in HORIZONS]
    numbers = [
        *(
            m / HORIZON if p is None else p
            for m, p in zip(HORIZONS, probabilities, strict=True)
        ),
        minutes(forecast.predicted_time),
        0.0 if not forecast.cdf else minutes(forecast.lower),
        minutes(forecast.upper),
        forecast.confidence or 0.0,
    ]
    return [
        local.isoformat(),
        forecast.room_id,
        "on" if forecast.occupied else "off",
        *(f"{number:.5g}" for number in numbers),
        str(int(forecast.reliable)),
    ]


def write_forecasts(
    rows: Iterator[tuple[float, Forecast]], path: Path, time_zone: str
) -> int:
    """Write the forecasts of rooms whose state is known; return their number."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for origin, forecast in rows:
            if forecast.occupied is not None:
                table.writerow(row(origin, forecast, time_zone))
                count += 1
    return count


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description=__doc__
    )
    parser.add_argument("home", type=Path, metavar="HOME.csv.gz")
    parser.add_argument("--out", type=Path, required=True, metavar="F.csv")
    plan = Plan()
    parser.add_argument("--start-day", type=int, default=plan.start_day)
    parser.add_argument("--train-days", type=int, default=plan.train_days)
    parser.add_argument("--test-days", type=int, default=plan.test_days)
    parser.add_argument("--step", type=float, default=plan.step, help="seconds")
    parser.add_argument("--vacancy-delay", type=float, default=300.0, help="seconds")
    parser.add_argument(
        "--tier",
        choices=("base", "full"),
        default="base",
        help="whether members that need an optional library learn too",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Replay what the command line asks for."""
    arguments = _arguments(argv)
    try:
        home = read_events(arguments.home)
    except (EventsFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for example in home.examples:
        sys.stderr.write(f"skipped, for example {example}\n")
    home = home.with_vacancy_delay(arguments.vacancy_delay)
    plan = Plan(
        arguments.start_day, arguments.train_days, arguments.test_days, arguments.step
    )
    began = datetime.now(UTC)
    count = write_forecasts(
        replay(home, plan, EngineConfig(tier=arguments.tier)),
        arguments.out,
        home.spec.time_zone,
    )
    seconds = (datetime.now(UTC) - began).total_seconds()
    sys.stdout.write(f"{count} forecasts in {arguments.out}, {seconds:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
