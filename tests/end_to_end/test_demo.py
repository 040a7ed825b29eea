"""The demo as a visitor starts it."""

from pathlib import Path
import subprocess
import sys

import pytest

from benchmarks.demo.__main__ import FOLDER

TOP = Path(__file__).parents[2]
ROOMS = ("Living room", "Kitchen", "Bedroom", "Kids room", "Bathroom", "Hall")
# That it may take where everything is installed and other tests run beside it: learning
# is modest, it takes only what nobody else wants.
SECONDS = 400

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(2 * SECONDS)]


def test_once_prints_a_forecast_of_each_room(port: int) -> None:
    """The demo ends by itself, in time, with a forecast of all six rooms."""
    demo = subprocess.run(
        [sys.executable, "-m", "benchmarks.demo", "--once", "--port", str(port)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    lines = demo.stdout.splitlines()
    for room in ROOMS:
        (line,) = [line for line in lines if line.startswith(f"{room} ")]
        words = line.removeprefix(room).split()
        assert (words[0], words[1]) in {("vacant", "occupied"), ("occupied", "vacant")}
        assert "%" in words
    assert not (FOLDER / str(port)).exists()
