"""Replays in parallel processes, each kept on disk once it is done."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
import hashlib
from importlib.metadata import PackageNotFoundError, version
import multiprocessing
import os
from pathlib import Path
import sys
import time

from benchmarks.events import EventsFile, read_events
from benchmarks.replay import Plan
from custom_components.occupancy_prediction.engine import EngineConfig

from .evaluation import evaluate
from .recording import Recording, record
from .results import Result, result_of

_ROOT = Path(__file__).parent.parent.parent
_ENGINE = _ROOT / "custom_components" / "occupancy_prediction" / "engine"
# What a recording depends on besides the events: the engine, the libraries it uses,
# and how it is recorded.
_SOURCES = (
    *sorted(_ENGINE.rglob("*.py")),
    Path(__file__).with_name("recording.py"),
    Path(__file__).parent.parent / "replay.py",
    Path(__file__).parent.parent / "events.py",
)
_LIBRARIES = ("numpy", "lightgbm", "scikit-learn", "hmmlearn")
# Two processes on one core would only take twice as long.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_DAY = 86400.0


@cache
def fingerprint() -> str:
    """Return what tells this engine and its libraries from others.

    Once per process: a file that is edited during a replay has no part in it.
    """
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(source.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {_version(library)}".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Job:
    """One replay of an events file; its recording is kept in a folder."""

    path: Path
    plan: Plan
    vacancy_delay: float
    folder: Path
    fingerprint: str = field(default_factory=fingerprint)

    @property
    def home(self) -> str:
        """Return the name of the home."""
        return home_name(self.path)

    @property
    def cost(self) -> float:
        """Return a number that grows with the time it takes."""
        return float((self.plan.train_days + self.plan.test_days) * self.plan.test_days)

    @property
    def recording(self) -> Path:
        """Return where its recording is kept; another engine has another place."""
        digest = hashlib.sha256(self.path.read_bytes())
        words = f"{self.plan} {self.vacancy_delay} {self.fingerprint}"
        digest.update(words.encode())
        return self.folder / f"{self.home}-{digest.hexdigest()[:16]}.npz"


def home_name(path: Path) -> str:
    """Return what an events file calls its home."""
    return path.name.removesuffix(".gz").removesuffix(".csv")


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def load_home(path: Path, vacancy_delay: float) -> EventsFile:
    """Read an events file, with the vacancy delay in every room."""
    return read_events(path).with_vacancy_delay(vacancy_delay)


def run(job: Job) -> Result | None:
    """Replay, unless that was done before, and sum up; None if nothing can be scored."""
    home = load_home(job.path, job.vacancy_delay)
    config = EngineConfig()
    kept = job.recording
    if kept.exists():
        recording = Recording.load(kept)
    else:
        recording = record(home, job.plan, config, _Progress(job, home))
        kept.parent.mkdir(parents=True, exist_ok=True)
        recording.save(kept)
    evaluation = evaluate(job.home, home, job.plan, recording, config)
    return None if evaluation is None else result_of(evaluation)


def run_all(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Result | None]]:
    """Run jobs side by side, the long ones first; yield each as it is done."""
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    # Started afresh, so that numpy reads the environment.
    context = multiprocessing.get_context("spawn")
    workers = max(1, min(processes, os.cpu_count() or 1, len(jobs)))
    with ProcessPoolExecutor(workers, context) as pool:
        waiting = {
            pool.submit(run, job): job for job in sorted(jobs, key=lambda j: -j.cost)
        }
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


class _Progress:
    """Tells after each day how far a replay is and what it cost."""

    def __init__(self, job: Job, home: EventsFile) -> None:
        """Begin with the first test day."""
        plan = job.plan
        self._job = job
        self._first = home.start + (plan.start_day + plan.train_days) * _DAY
        self._told = 0

    def __call__(self, moment: float) -> None:
        """Say so when another day has begun."""
        day = int((moment - self._first) // _DAY)
        if day >= self._told:
            plan = self._job.plan
            sys.stderr.write(
                f"{self._job.home} {plan.train_days}+{plan.test_days}: learned, "
                f"forecasting day {day + 1} ({time.process_time():.0f} s)\n"
            )
            self._told = day + 1
