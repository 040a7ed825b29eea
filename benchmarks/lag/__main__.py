"""What Home Assistant feels while it learns: ``scripts/bench lag``.

10 rooms with 6 months of data retrain while 20 messages a second arrive. With
``--kill`` the learning process or Home Assistant is killed at random moments instead.
"""

import argparse
import json
from pathlib import Path
import subprocess
import sys

from benchmarks.figures import Figure, show

from .kill import kill_often

_ROOT = Path(__file__).parent.parent.parent
# Home Assistant has to be there before the benchmarks are, or they stand in for it.
_IN_HOME_ASSISTANT = """
import homeassistant, runpy
runpy.run_module("benchmarks.lag.measure", run_name="__main__", alter_sys=True)
"""
# Where the machine itself is worse than the bound, so may it be in this ratio.
_RATIO = 1.5


def _measured(rooms: int, days: int) -> dict[str, dict[str, float]]:
    result = subprocess.run(
        [
            *(sys.executable, "-c", _IN_HOME_ASSISTANT),
            *("--rooms", str(rooms), "--days", str(days)),
        ],
        cwd=_ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, dict[str, float]] = json.loads(result.stdout.splitlines()[-1])
    return measured


def _figures(measured: dict[str, dict[str, float]]) -> list[Figure]:
    quiet, busy, memory = measured["quiet"], measured["busy"], measured["memory"]
    figures = []
    for name, label, bound in (
        ("p50", "lag of the event loop, median", None),
        ("p99", "lag of the event loop, p99", 20.0),
        ("longest", "lag of the event loop, longest", 100.0),
        ("latest_forecast", "latest forecast after a change", 1000.0),
    ):
        most = None if bound is None else max(bound, _RATIO * quiet[name])
        figures.append(Figure(f"{label}, without a training", quiet[name], "ms"))
        figures.append(Figure("... while training", busy[name], "ms", most=most))
    return [
        *figures,
        Figure("forecasts after a change, without", quiet["forecasts"], "", least=10),
        Figure("... while training", busy["forecasts"], "", least=1),
        Figure("time of the training", busy["seconds"], "s"),
        Figure("memory of Home Assistant before", memory["before"], "MB"),
        Figure("... after, more by", memory["after"] - memory["before"], "MB", most=50),
        Figure("most memory of the learning process", busy["child"], "MB"),
    ]


def main() -> int:
    """Measure and compare."""
    parser = argparse.ArgumentParser(prog="scripts/bench lag", description=__doc__)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--days", type=int, default=182)
    parser.add_argument(
        "--kill",
        type=int,
        nargs="?",
        const=20,
        metavar="TIMES",
        help="kill the learning process or Home Assistant so many times (20)",
    )
    arguments = parser.parse_args()
    if arguments.kill:
        return show(kill_often(arguments.kill).figures())
    return show(_figures(_measured(arguments.rooms, arguments.days)))


if __name__ == "__main__":
    sys.exit(main())
