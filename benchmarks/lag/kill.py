"""Kills the learning process or Home Assistant at random moments, and looks.

Each time Home Assistant is started again on the same folder. It must come up without
an error, with all that was in the archive, and with a model that is not older than the
last one it had said was saved.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any

from benchmarks.figures import Figure

_ROOT = Path(__file__).parent.parent.parent
# Home Assistant has to be there before the benchmarks are, or they stand in for it.
_VICTIM = """
import homeassistant, runpy
runpy.run_module("benchmarks.lag.victim", run_name="__main__", alter_sys=True)
"""
_PREPARE = """
import homeassistant, pathlib, sys
from benchmarks.lag.home import small_home
from benchmarks.real_home import prepare_folder
prepare_folder(pathlib.Path(sys.argv[1]), small_home())
"""
# Longer (s) no start and no training takes, on a machine that is busy.
_PATIENCE = 600.0
# A learning process without parent ends within this time (s).
_ORPHAN_PATIENCE = 5.0
_SEED = 20261124


@dataclass
class Losses:
    """What went wrong, in so many restarts."""

    restarts: int = 0
    workers: int = 0
    errors: int = 0
    models: int = 0
    rows: int = 0
    orphans: int = 0
    unreported: int = 0
    leftovers: int = 0

    def figures(self) -> list[Figure]:
        """Return the numbers beside their bounds."""
        return [
            Figure("restarts after a kill", self.restarts, "", least=1),
            Figure("... of which the learning process was killed", self.workers, ""),
            Figure("errors at a restart", self.errors, "", most=0),
            Figure("models lost that had been saved", self.models, "", most=0),
            Figure("observations lost that had been archived", self.rows, "", most=0),
            Figure("learning processes left behind", self.orphans, "", most=0),
            Figure(
                "killed learning processes not told of", self.unreported, "", most=0
            ),
            Figure("half-written files left behind", self.leftovers, "", most=0),
        ]


class _Victim:
    """A Home Assistant of its own, and the lines it writes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)

    def wait_for(self, *events: str) -> dict[str, Any]:
        """Return the next of these events."""
        while True:
            told: dict[str, Any] = json.loads(self._lines.get(timeout=_PATIENCE))
            if told["event"] in events:
                return told

    def events(self) -> list[dict[str, Any]]:
        """Return what was told meanwhile."""
        found = []
        while not self._lines.empty():
            found.append(json.loads(self._lines.get()))
        return found

    def workers(self) -> list[int]:
        """Return the learning processes."""
        pid = self.process.pid
        found = []
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(each) for each in path.read_text(encoding="ascii").split()]
        return found


@contextmanager
def _victim(folder: Path) -> Iterator[_Victim]:
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(folder)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield _Victim(process)
        finally:
            process.kill()


def kill_often(times: int) -> Losses:
    """Kill so many times and count what is lost."""
    chance = random.Random(_SEED)
    losses = Losses()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-c", _PREPARE, name], cwd=_ROOT, check=True)
        saved, rows, cycle = 0.0, 0, 0.0
        for number in range(times + 1):
            with _victim(folder) as victim:
                ready = victim.wait_for("ready")
                losses.errors += ready["errors"]
                losses.models += ready["data_end"] < saved
                losses.rows += max(0, rows - ready["rows"])
                losses.leftovers += _half_written(folder)
                saved = max(saved, ready["data_end"])
                rows = ready["rows"]
                if number == times:
                    break
                if not cycle:
                    # How long a training takes here: within that time it is killed.
                    victim.wait_for("saved")
                    begun = time.monotonic()
                    saved = victim.wait_for("saved")["data_end"]
                    cycle = time.monotonic() - begun
                time.sleep(chance.uniform(0.0, 1.2 * cycle))
                told = victim.events()
                workers = victim.workers()
                if workers and number % 2:
                    losses.workers += 1
                    os.kill(workers[0], signal.SIGKILL)
                    # Killed before it could learn, a thread does it instead.
                    last = victim.wait_for("failed", "saved")
                    losses.unreported += last["event"] == "saved" and not _is_new(
                        last, told, saved
                    )
                    told.append(last)
                workers = victim.workers()
                victim.process.kill()
                victim.process.wait()
                told += victim.events()
                losses.orphans += sum(not _ends(worker) for worker in workers)
                losses.restarts += 1
                saved = max([saved, *(each.get("data_end", 0.0) for each in told)])
    return losses


def _is_new(last: dict[str, Any], told: list[dict[str, Any]], saved: float) -> bool:
    """Tell whether a model is another than those that were saved before the kill."""
    known = [saved, *(each.get("data_end", 0.0) for each in told)]
    return bool(last["data_end"] > max(known))


def _half_written(folder: Path) -> int:
    storage = folder / ".storage/occupancy_prediction"
    return len(list(storage.rglob(f"{tempfile.gettempprefix()}*")))


def _ends(process: int) -> bool:
    end = time.monotonic() + _ORPHAN_PATIENCE
    while time.monotonic() < end:
        if not Path(f"/proc/{process}").exists():
            return True
        time.sleep(0.05)
    return False
