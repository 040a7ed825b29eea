"""Write a simulated household to an events file."""

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
import sys

from . import HouseholdConfig, example_faults, simulate, write_events

HOLIDAY_AFTER = 2 / 3  # share of the span that is over when the holiday begins
HOLIDAY_DAYS = 7  # from leaving to coming home


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    default = HouseholdConfig()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.household", description=__doc__
    )
    parser.add_argument("path", type=Path, metavar="OUT.csv.gz")
    parser.add_argument("--days", type=int, default=default.days)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--start", type=date.fromisoformat, default=default.start)
    parser.add_argument("--time-zone", default=default.time_zone)
    for switch in ("pet", "guests", "holidays", "faults"):
        parser.add_argument(f"--{switch}", action="store_true")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate what the command line asks for and write it."""
    arguments = _arguments(argv)
    leaving = arguments.start + timedelta(days=int(arguments.days * HOLIDAY_AFTER))
    holiday = (leaving, leaving + timedelta(days=HOLIDAY_DAYS))
    household = simulate(
        HouseholdConfig(
            seed=arguments.seed,
            start=arguments.start,
            days=arguments.days,
            time_zone=arguments.time_zone,
            guests=arguments.guests,
            holidays=(holiday,) if arguments.holidays else (),
            pet=arguments.pet,
            faults=example_faults(arguments.days) if arguments.faults else (),
        )
    )
    write_events(household, arguments.path)
    sys.stdout.write(f"{len(household.events)} events in {arguments.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
