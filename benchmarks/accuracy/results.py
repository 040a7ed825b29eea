"""What the scores of one replay come to: figures, curves and how sure they are."""

from dataclasses import dataclass

import numpy as np

from benchmarks.replay import Plan
from custom_components.occupancy_prediction.engine.types import BoolArray, FloatArray

from .bootstrap import Bootstrap
from .evaluation import POOL, Evaluation
from .grid import DAY
from .scores import (
    ASKED,
    Scores,
    calibration_error,
    cell_means,
    crps_ratio,
    reliability,
    skill,
)

# Every skill is against this one where nothing else is said.
REFERENCE, ELAPSED = "time of week", "elapsed time"
TOLERANCE = 20.0  # min
# Bounds of the classes of predicted medians (min).
HORIZON_CLASSES = ((0.0, 15.0), (15.0, 60.0), (60.0, 240.0), (240.0, DAY))
_RISK_STEPS = 40

# Figures of one forecaster by name.
type Summary = dict[str, float]


@dataclass(frozen=True, slots=True)
class HorizonClass:
    """Forecasts whose median lay in a range (min); the last has no minute at all."""

    least: float
    most: float
    share: float
    within_20: float
    error: float
    coverage: float
    skill: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One room in one state; CRPS in minutes."""

    room: str
    occupied: bool
    count: int
    crps: float
    skill: float


@dataclass(frozen=True, slots=True)
class Result:
    """One home with one training length.

    Attributes:
        home, plan: what was replayed.
        forecasts, days: how many were scored, of how many days.
        agreement: share at which engine and events agree on the present state.
        members, spoke: the pool, and how often each member had something to say.
        summaries: figures by forecaster.
        skills: 95 % interval of the skill of each forecaster.
        intervals: 95 % intervals of figures of the pool.
        reliability: curves of (said, happened, count) by question.
        risk: (share, within 20 min, mean error) of the surest forecasts.
        horizons, cells: the pool by predicted median, and by room and state.
    """

    home: str
    plan: Plan
    forecasts: int
    days: int
    agreement: float
    members: tuple[str, ...]
    spoke: dict[str, float]
    summaries: dict[str, Summary]
    skills: dict[str, tuple[float, float]]
    intervals: dict[str, tuple[float, float]]
    reliability: dict[str, list[tuple[float, float, int]]]
    risk: list[tuple[float, float, float]]
    horizons: list[HorizonClass]
    cells: list[Cell]

    @property
    def pool(self) -> Summary:
        """Return the figures of what people see."""
        return self.summaries[POOL]

    @property
    def name(self) -> str:
        """Return how the replay is called: home, days learned + forecast."""
        plan = self.plan
        origin = f" from day {plan.start_day}" if plan.start_day else ""
        return f"{self.home} {plan.train_days}+{plan.test_days}{origin}"


def result_of(evaluation: Evaluation) -> Result:
    """Sum up the scores of one replay."""
    rows, scores = evaluation.rows, evaluation.scores
    bootstrap = Bootstrap.of(rows.day, rows.cell)
    summaries = {name: _summary(evaluation, each) for name, each in scores.items()}
    summaries[POOL] |= _reliable(evaluation)
    reference = scores[REFERENCE].crps
    return Result(
        home=evaluation.home,
        plan=evaluation.plan,
        forecasts=len(rows.time),
        days=len(np.unique(rows.day)),
        agreement=float(rows.agrees.mean()),
        members=evaluation.members,
        spoke=evaluation.spoke,
        summaries=summaries,
        skills={
            name: bootstrap.skill(each.crps, reference) for name, each in scores.items()
        },
        intervals=_intervals(evaluation, bootstrap),
        reliability=_reliability(evaluation),
        risk=_risk(evaluation),
        horizons=_horizons(evaluation),
        cells=_cells(evaluation),
    )


def _summary(evaluation: Evaluation, scores: Scores) -> Summary:
    rows = evaluation.rows
    reference, elapsed = (evaluation.scores[name] for name in (REFERENCE, ELAPSED))
    own = cell_means(scores.crps, rows.cell)
    error = np.abs(scores.error)
    figures = {
        "crps": scores.crps.mean(),
        "log_score": scores.log_score.mean(),
        "mae": error.mean(),
        "bias": scores.error.mean(),
        "within_15": (error <= 15).mean(),
        "within_20": (error <= TOLERANCE).mean(),
        "coverage": scores.covered.mean(),
        "skill": skill(own, cell_means(reference.crps, rows.cell)),
        "skill_elapsed": skill(own, cell_means(elapsed.crps, rows.cell)),
        "late": scores.late.mean(),
    }
    for state, name in ((False, "vacant"), (True, "occupied")):
        part = rows.occupied == state
        if part.any():
            figures[f"late_{name}"] = scores.late[part].mean()
    for column, minutes in enumerate(ASKED):
        came = rows.time <= minutes
        brier = ((scores.within[:, column] - came) ** 2).mean()
        usual = ((reference.within[:, column] - came) ** 2).mean()
        figures[f"brier_{minutes}"] = brier
        figures[f"brier_skill_{minutes}"] = 1 - brier / max(usual, 1e-12)
        figures[f"ece_{minutes}"] = calibration_error(
            scores.within[:, column], came, rows.cell
        )
    return {name: float(value) for name, value in figures.items()}


def _reliable(evaluation: Evaluation) -> Summary:
    """Return what became of the forecasts that were marked reliable."""
    marked = evaluation.rows.reliable
    scores = evaluation.scores[POOL]
    error = np.abs(scores.error[marked])
    figures: Summary = {"reliable_share": float(marked.mean())}
    if marked.any():
        figures["reliable_within_20"] = float((error <= TOLERANCE).mean())
        figures["reliable_mae"] = float(error.mean())
        figures["reliable_late"] = float(scores.late[marked].mean())
    return figures


def _intervals(
    evaluation: Evaluation, bootstrap: Bootstrap
) -> dict[str, tuple[float, float]]:
    rows, scores = evaluation.rows, evaluation.scores[POOL]
    error = np.abs(scores.error)
    everywhere = np.ones(len(error))
    hit = error <= TOLERANCE
    elapsed = evaluation.scores[ELAPSED].crps
    found = {
        "skill": bootstrap.skill(scores.crps, evaluation.scores[REFERENCE].crps),
        "skill_elapsed": bootstrap.skill(scores.crps, elapsed),
        "crps": bootstrap.mean(scores.crps, everywhere),
        "mae": bootstrap.mean(error, everywhere),
        "within_20": bootstrap.mean(hit, everywhere),
        "coverage": bootstrap.mean(scores.covered, everywhere),
        "reliable_share": bootstrap.mean(rows.reliable, everywhere),
    }
    for state, name in ((False, "vacant"), (True, "occupied")):
        part = rows.occupied == state
        if part.any():
            found[f"late_{name}"] = bootstrap.mean(scores.late, part)
    if rows.reliable.any():
        found["reliable_within_20"] = bootstrap.mean(hit, rows.reliable)
        found["reliable_mae"] = bootstrap.mean(error, rows.reliable)
    return found


def _reliability(evaluation: Evaluation) -> dict[str, list[tuple[float, float, int]]]:
    """Return curves of P(within minutes) by state, and of the confidence."""
    rows, scores = evaluation.rows, evaluation.scores[POOL]
    curves = {}
    for column, minutes in enumerate(ASKED):
        said, came = scores.within[:, column], rows.time <= minutes
        for state, name in ((False, "vacant"), (True, "occupied")):
            part = rows.occupied == state
            curves[f"{name} within {minutes}"] = reliability(said[part], came[part])
    hit: BoolArray = np.abs(scores.error) <= TOLERANCE
    # A forecast without a minute claims nothing.
    claimed = evaluation.median < DAY
    curves["confidence"] = reliability(rows.confidence[claimed], hit[claimed])
    return curves


def _risk(evaluation: Evaluation) -> list[tuple[float, float, float]]:
    """Return how good the surest forecasts are, by how many of them are kept."""
    error = np.abs(evaluation.scores[POOL].error)
    error = error[np.argsort(-evaluation.rows.confidence, kind="stable")]
    curve = []
    for share in np.arange(1, _RISK_STEPS + 1) / _RISK_STEPS:
        kept = error[: max(1, round(share * len(error)))]
        curve.append(
            (float(share), float((kept <= TOLERANCE).mean()), float(kept.mean()))
        )
    return curve


def _horizons(evaluation: Evaluation) -> list[HorizonClass]:
    median, scores = evaluation.median, evaluation.scores[POOL]
    reference = evaluation.scores[REFERENCE].crps
    classes = [
        (least, most, (median >= least) & (median < most))
        for least, most in HORIZON_CLASSES
    ]
    classes.append((DAY, np.inf, median >= DAY))
    return [
        HorizonClass(
            least,
            most,
            float(part.mean()),
            _mean(np.abs(scores.error) <= TOLERANCE, part),
            _mean(np.abs(scores.error), part),
            _mean(scores.covered, part),
            1 - _mean(scores.crps, part) / max(_mean(reference, part), 1e-12),
        )
        for least, most, part in classes
        if part.any()
    ]


def _mean(values: FloatArray | BoolArray, part: BoolArray) -> float:
    return float(values[part].mean())


def _cells(evaluation: Evaluation) -> list[Cell]:
    rows = evaluation.rows
    own = cell_means(evaluation.scores[POOL].crps, rows.cell)
    reference = cell_means(evaluation.scores[REFERENCE].crps, rows.cell)
    return [
        Cell(
            rows.rooms[cell // 2],
            bool(cell % 2),
            int((rows.cell == cell).sum()),
            float(own[place]),
            float(1 - crps_ratio(own, reference)[place]),
        )
        for place, cell in enumerate(np.unique(rows.cell).tolist())
    ]
