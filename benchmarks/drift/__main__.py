"""How fast skill is back when life changes: ``scripts/bench drift``.

Lives simulated changes of life with a frozen model, with nightly learning and with
adaptation, prints the figures beside their bounds and writes docs/drift.md. With
--homes it compares adapting with frozen on recorded homes.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
import multiprocessing
import os
from pathlib import Path
import sys

from benchmarks.figures import show

from .lives import SCENARIOS
from .measure import come_home, false_alarms, live_through
from .recorded import prequential
from .report import figures, page, printed

_ROOT = Path(__file__).parent.parent.parent
# Two processes on one core would only take twice as long.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# Homes in which nothing changes: another family each, for so long (months).
_QUIET_SEEDS, _QUIET_MONTHS = (2, 3), 2.0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench drift", description=__doc__)
    parser.add_argument(
        "--only",
        choices=[each.name for each in SCENARIOS],
        help="one change of life, and no page",
    )
    parser.add_argument(
        "--homes",
        type=Path,
        nargs="+",
        metavar="HOME.csv.gz",
        help="adapting against frozen on recorded homes, and no page",
    )
    parser.add_argument(
        "--days", type=int, default=28, help="days of a recorded home to forecast"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", type=Path, default=_ROOT / "docs")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 0 only when all bounds are kept."""
    arguments = _arguments(argv)
    if arguments.only:
        (scenario,) = (each for each in SCENARIOS if each.name == arguments.only)
        print("\n".join(printed(live_through(scenario, arguments.seed))))
        return 0
    if arguments.homes:
        lived_homes = [prequential(path, arguments.days) for path in arguments.homes]
        return show([figure for each in lived_homes for figure in each.figures])
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    # Started afresh, so that numpy reads the environment.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, arguments.processes), context) as pool:
        lived = [pool.submit(live_through, each, arguments.seed) for each in SCENARIOS]
        quiet = [
            pool.submit(false_alarms, _QUIET_MONTHS, seed) for seed in _QUIET_SEEDS
        ]
        outcomes = []
        for future in lived:
            outcomes.append(future.result())
            print("\n".join(printed(outcomes[-1])), flush=True)
        counted = [future.result() for future in quiet]
    alarms, months = (sum(column) for column in zip(*counted, strict=True))
    homecoming = come_home(next(each for each in outcomes if each.scenario.holiday))
    found = figures(outcomes, homecoming, int(alarms), months)
    status = show(found)
    today = datetime.now(UTC).date()
    written = arguments.docs / "drift.md"
    written.write_text(
        page(outcomes, homecoming, int(alarms), months, found, today), encoding="utf-8"
    )
    print(f"wrote {written}")
    return status


if __name__ == "__main__":
    sys.exit(main())
