"""Adapting against frozen, on recorded homes: is what was learned later worth it?"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from pathlib import Path

import numpy as np

from benchmarks.events import EventsFile, read_events
from benchmarks.figures import Figure
from custom_components.occupancy_prediction.engine import EngineConfig, train
from custom_components.occupancy_prediction.engine.adaptation import QUICK
from custom_components.occupancy_prediction.engine.types import FloatArray

from .lives import Life
from .policies import DAY, Adapting, Frozen, Log, Nightly, run

CONFIG = EngineConfig(tier="base", learned_samples=2000, holdout_folds=1)
# Half of a short home is learned first, of a long one three weeks (d).
LEARNED_FIRST = 21
# Where sensors die skill has to stay above this.
_DYING = "nears_0102_faulty"


@dataclass(frozen=True, slots=True)
class Prequential:
    """Skill of the same forecasts by how the model was kept, day after day.

    The baseline is time-of-week climatology that learns every hour.
    """

    home: str
    days: int
    frozen: float
    nightly: float
    adapting: float
    alarms: int

    @property
    def figures(self) -> list[Figure]:
        """Return the figures with their bounds."""
        found = [
            Figure(f"{self.home}: skill, frozen", self.frozen, ""),
            Figure(f"{self.home}: skill, nightly", self.nightly, ""),
            Figure(
                f"{self.home}: skill, adapting", self.adapting, "", least=self.frozen
            ),
        ]
        if self.home == _DYING:
            found.append(Figure(f"{self.home}: above 0", self.adapting, "", least=0.0))
        return found


def prequential(
    path: Path, most_days: int, progress: Callable[[float], None] = lambda _: None
) -> Prequential:
    """Live a recorded home on from its first weeks, at most so many days."""
    home = read_events(path).with_vacancy_delay(300.0)
    days = floor((home.end - home.start) / DAY)
    first = min(LEARNED_FIRST, days // 2)
    life = _life(home, min(days, first + most_days))
    start = life.start + first * DAY
    nightly = Nightly(
        train(
            life.spec,
            life.table.before(start),
            CONFIG,
            now=start,
            version="first",
            members=QUICK,
        )
    )
    adapting = Adapting(nightly.state, nightly)
    frozen = Frozen(nightly.state)
    run(life, [frozen, nightly, adapting], start, CONFIG, progress)
    skills = _skills(start, frozen.log, nightly.log, adapting.log)
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    lived = round((life.end - start) / DAY)
    return Prequential(name, lived, *skills, len(adapting.heard))


def _life(home: EventsFile, days: int) -> Life:
    end = home.start + days * DAY
    return Life(home.spec, home.table.before(end), home.start, end)


def _skills(start: float, *logs: Log) -> tuple[float, float, float]:
    """Return the skill of each log, on the moments that all of them forecast."""
    scores: list[FloatArray] = [np.zeros(len(logs) + 1)]
    for room_id in logs[0].rooms:
        rooms = [log.rooms[room_id] for log in logs]
        common = rooms[0].origin[rooms[0].origin >= start]
        for rows in rooms[1:]:
            common = np.intersect1d(common, rows.origin)
        columns = [rows.crps[np.isin(rows.origin, common)] for rows in rooms]
        reference = rooms[1].baseline[np.isin(rooms[1].origin, common)]
        scores.append(np.array([column.sum() for column in (*columns, reference)]))
    *sums, baseline = np.sum(scores, axis=0).tolist()
    frozen, nightly, adapting = (1 - each / baseline for each in sums)
    return frozen, nightly, adapting
