"""The report on accuracy of a replayed home: ``scripts/bench report HOME.csv.gz``.

Every forecast of the test days is kept and scored by the code that does so in use, and
the page is the one that the action gives.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys

from custom_components.occupancy_prediction.engine import (
    AccuracyReport,
    EngineConfig,
    Forecast,
    Issued,
    build_timeline,
    judge,
    report_of,
)
from custom_components.occupancy_prediction.report.page import page
from custom_components.occupancy_prediction.report.text import text

from .events import EventsFile, EventsFileError, read_events
from .replay import Plan, live

# Of a room one forecast is kept in so many seconds.
_STEP = 300.0
_THRESHOLD = 15.0  # min
_DAY = 86400.0


def replayed_report(
    home: EventsFile, plan: Plan, config: EngineConfig
) -> AccuracyReport:
    """Replay a home and report on the forecasts of its test days."""
    said: dict[str, list[Forecast]] = {}
    end = home.start + (plan.start_day + plan.train_days) * _DAY
    for moment in live(home, plan, config):
        end = moment.origin
        for room_id, forecast in moment.forecasts.rooms.items():
            if forecast.cdf:
                said.setdefault(room_id, []).append(forecast)
        if end % _DAY < plan.step:
            sys.stderr.write(".")
            sys.stderr.flush()
    sys.stderr.write("\n")
    table = home.table.before(end)
    timeline = build_timeline(home.spec, table, config, end)
    issued = {room_id: Issued.of(forecasts) for room_id, forecasts in said.items()}
    _, scores = judge(issued, timeline, config.bridge)
    return report_of(scores, end, plan.test_days, _THRESHOLD)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench report", description=__doc__)
    parser.add_argument("home", type=Path, metavar="HOME.csv.gz")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="the report as a page"
    )
    plan = Plan()
    parser.add_argument("--train-days", type=int, default=plan.train_days)
    parser.add_argument("--test-days", type=int, default=plan.test_days)
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
        home = read_events(arguments.home).with_vacancy_delay(arguments.vacancy_delay)
    except (EventsFileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    plan = Plan(0, arguments.train_days, arguments.test_days, _STEP)
    report = replayed_report(home, plan, EngineConfig(tier=arguments.tier))
    names = {room.room_id: _name(room.room_id) for room in home.spec.rooms}
    sys.stdout.write(text(report, names, home.spec.time_zone))
    if arguments.html is not None:
        content = page(report, names, home.spec.time_zone)
        arguments.html.write_text(content, encoding="utf-8")
    return 0


def _name(room_id: str) -> str:
    return room_id.replace("_", " ").capitalize()


if __name__ == "__main__":
    sys.exit(main())
