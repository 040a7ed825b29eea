"""How good the forecasts are: ``scripts/bench accuracy HOME.csv.gz ...``.

Replays every home with several training lengths, scores the pool, each member and
simple baselines, prints the figures beside their bounds and writes
docs/accuracy.md and the table of the README. Without a home a simulated one is
taken, to try the benchmark itself.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
import os
from pathlib import Path
import sys
import tempfile

from benchmarks.events import EventsFile, EventsFileError
from benchmarks.figures import show
from benchmarks.household import HouseholdConfig, simulate, write_events

from .hindsight import hindsight_of
from .jobs import Job, home_name, load_home, run_all
from .plans import TEST_DAYS, figures, plans_of
from .report import printed, write, write_readme
from .results import Result

_ROOT = Path(__file__).parent.parent.parent
_STEP = 900.0  # s
# Enough to see that nothing is broken, in minutes.
_QUICK_LENGTH, _QUICK_TEST_DAYS, _QUICK_STEP = 14, 7, 1800.0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench accuracy", description=__doc__)
    parser.add_argument("homes", type=Path, nargs="*", metavar="HOME.csv.gz")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one training length, few days, no page unless --docs is given",
    )
    parser.add_argument(
        "--train-days",
        type=lambda words: [int(word) for word in words.split(",")],
        metavar="N,N,...",
        help="training lengths instead of the usual ones",
    )
    parser.add_argument("--test-days", type=int)
    parser.add_argument("--step", type=float, help="seconds between two forecasts")
    parser.add_argument("--vacancy-delay", type=float, default=300.0, help="seconds")
    parser.add_argument(
        "--docs", type=Path, help="folder for the page, also of a part of the whole"
    )
    parser.add_argument(
        "--recordings", type=Path, default=_ROOT / ".cache" / "accuracy"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args(argv)
    # A part of the whole is no reason to write the page anew.
    if arguments.homes and not arguments.quick and arguments.train_days is None:
        arguments.docs = arguments.docs or _ROOT / "docs"
    if arguments.quick and arguments.train_days is None:
        arguments.train_days = [_QUICK_LENGTH]
    if arguments.test_days is None:
        arguments.test_days = _QUICK_TEST_DAYS if arguments.quick else TEST_DAYS
    if arguments.step is None:
        arguments.step = _QUICK_STEP if arguments.quick else _STEP
    return arguments


@contextmanager
def _homes(paths: Sequence[Path], days: int) -> Iterator[Sequence[Path]]:
    """Yield events files: the given ones, or a simulated home of so many days."""
    if paths:
        yield paths
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simulated.csv.gz"
        write_events(simulate(HouseholdConfig(days=days)), path)
        yield [path]


def _jobs(homes: dict[Path, EventsFile], arguments: argparse.Namespace) -> list[Job]:
    return [
        Job(path, plan, arguments.vacancy_delay, arguments.recordings)
        for path, home in homes.items()
        for plan in plans_of(
            home_name(path),
            home,
            arguments.train_days,
            arguments.test_days,
            arguments.step,
        )
    ]


def _results(jobs: Sequence[Job], processes: int) -> list[Result]:
    """Run the jobs; return the results in the order of the jobs."""
    done: dict[Job, Result] = {}
    for job, result in run_all(jobs, processes):
        if result is None:
            print(f"{job.home} {job.plan}: nothing could be scored")
            continue
        done[job] = result
        print("\n".join(printed(result)), flush=True)
    return [done[job] for job in jobs if job in done]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 0 only when all bounds are kept."""
    arguments = _arguments(argv)
    longest = max(arguments.train_days or [2 * TEST_DAYS])
    with _homes(arguments.homes, longest + arguments.test_days) as paths:
        try:
            homes = {path: load_home(path, arguments.vacancy_delay) for path in paths}
        except (EventsFileError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
        jobs = _jobs(homes, arguments)
        results = _results(jobs, arguments.processes)
    if not results:
        return 1
    found = [figure for result in results for figure in figures(result)]
    status = show(found)
    if arguments.docs is not None:
        looked_back = {
            home_name(path): each
            for path, home in homes.items()
            if (each := hindsight_of(home)) is not None
        }
        folder = arguments.docs
        for file in write(
            folder, results, found, looked_back, datetime.now(UTC).date()
        ):
            print(f"wrote {file}")
        readme = folder.parent / "README.md"
        if write_readme(readme, results):
            print(f"wrote the table of {readme}")
        else:
            print(f"no markers for the table in {readme}")
    return status


if __name__ == "__main__":
    sys.exit(main())
