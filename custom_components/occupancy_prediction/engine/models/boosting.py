"""Boosted trees of the hazard in each bin, over all rooms of a home.

The rows of a discrete-time hazard (one per moment and bin reached), learned by
LightGBM (Ke et al. 2017) where that library can be imported; without it the member
is silent. Trees start from the reference forecast and learn only where it errs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import importlib
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..config import EngineConfig
from ..distribution import from_hazards
from ..samples import Samples, TrainingSet
from ..types import BINS, FloatArray
from .base import Arrays, FitContext
from .boosting_rows import Inputs, Table, at_risk, of_state, ranks
from .boosting_trees import LEAVES, Forest

# Few and shallow trees: more of them were worse on every home.
_ROUNDS = 120
# Rounds without a gain on the last days after which more are not tried.
_PATIENCE = 20
# Share of the days, the last ones, on which the number of rounds is found; with fewer
# days than this there is nothing to find it on, and half of the rounds are grown.
_LAST_DAYS = 0.2
_DAYS_LEAST = 4
# The search for that number looks at one in so many samples: it needs the shape of a
# curve.
_SEARCH_STRIDE = 3
# A leaf stands on that many rows: some dozen observations, not one busy evening.
_LEAF_ROWS = 400
# Rows answered at once: bounds memory to a few MB.
_CHUNK = 4096
_DAY = 86400.0  # s
_PARAMETERS: Mapping[str, object] = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": 0.05,
    "min_data_in_leaf": _LEAF_ROWS,
    "lambda_l2": 10.0,
    "max_bin": 63,
    # Each tree sees half of the columns: many of them say the same.
    "feature_fraction": 0.5,
    # What is missing is average, here and in a forecast.
    "use_missing": False,
    "deterministic": True,
    "force_row_wise": True,
    # The other cores are Home Assistant's.
    "num_threads": 1,
    "verbosity": -1,
}


class Boosting:
    """LightGBM hazard of all rooms together."""

    name: ClassVar[str] = "boosting"
    share: ClassVar[float] = 3.0
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Grow the trees of each state over all rooms."""
        library = None if context.config.tier == "base" else _library()
        if library is None or not rooms:
            return {}
        result: dict[str, Arrays] = {room_id: {} for room_id in rooms}
        for state in (0, 1):
            parts = of_state(list(rooms.values()), state)
            shared = _learn(parts, library, context, state / 2)
            for room_id, rank in zip(rooms, ranks(parts), strict=True):
                own = {**shared, "room": np.array([rank])}
                named = {f"{name}{state}": array for name, array in own.items()}
                result[room_id] = {**result[room_id], **named}
        return result

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Return the same: trees wait for a training."""
        return arrays

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the learned hazards."""
        hazards = np.zeros((len(samples), BINS))
        for state in (0, 1):
            chosen = np.flatnonzero(samples.occupied == bool(state))
            if len(chosen):
                learned = {
                    name.removesuffix(str(state)): array
                    for name, array in arrays.items()
                    if name.endswith(str(state))
                }
                hazards[chosen] = _hazards(learned, samples.take(chosen))
        return from_hazards(hazards)


def _library() -> ModuleType | None:
    """Return LightGBM, None where it is not installed or cannot be loaded."""
    try:
        return importlib.import_module("lightgbm")
    except ImportError, OSError:
        return None


def _hazards(arrays: Arrays, samples: Samples) -> FloatArray:
    """Return the hazards of samples of one state, (n, BINS)."""
    inputs = Inputs(
        tuple(str(name) for name in arrays["names"]), arrays["mean"], arrays["usual"]
    )
    forest = Forest.from_arrays(arrays)
    room = float(arrays["room"][0])
    rows, bins = np.nonzero(at_risk(samples))
    hazards = np.zeros((len(samples), BINS))
    for part in _chunks(len(rows)):
        start = inputs.start(samples, rows[part], bins[part])
        values = inputs.columns(samples, rows[part], bins[part], start, room)
        hazards[rows[part], bins[part]] = _logistic(start + forest.sum(values))
    return hazards


def _chunks(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, min(first + _CHUNK, count))


def _learn(
    parts: Sequence[TrainingSet], library: ModuleType, context: FitContext, done: float
) -> dict[str, np.ndarray]:
    """Return what is learned from all rooms about one state.

    ``done`` is the share of the work that is behind; the rest of it is half of all.
    """
    context.checkpoint(done)
    inputs = Inputs.of(parts)
    table = Table.of(parts, inputs)
    forest = Forest.empty()
    if table.labels.any():
        parameters = {**_PARAMETERS, "seed": context.seed}
        searching, growing = (
            _progress(context.checkpoint, done + first, done + first + 0.25)
            for first in (0.0, 0.25)
        )
        rounds = _rounds(table, library, parameters, searching)
        model = library.train(
            parameters, table.data(library), rounds, callbacks=[growing]
        )
        forest = Forest.of(model.dump_model())
    return {
        "names": np.array(inputs.names, np.str_),
        "mean": inputs.mean,
        "usual": inputs.usual,
        **forest.to_arrays(),
    }


def _rounds(
    table: Table,
    library: ModuleType,
    parameters: Mapping[str, object],
    progress: Callable[[Any], None],
) -> int:
    """Return the number of trees that did best on the last days.

    What is compared was known before these days began: of earlier moments only the
    bins that were over by then.
    """
    first, last = table.begun.min(), table.begun.max()
    if last - first < _DAYS_LEAST * _DAY:
        return _ROUNDS // 2
    split = last - max((last - first) * _LAST_DAYS, _DAY)
    compared = table.sample % _SEARCH_STRIDE == 0
    early = table.take(compared & (table.over <= split))
    late = table.take(compared & (table.begun > split))
    if not early.labels.any() or not late.labels.any():
        return _ROUNDS // 2
    data = early.data(library)
    model = library.train(
        {**parameters, "min_data_in_leaf": _LEAF_ROWS // _SEARCH_STRIDE},
        data,
        _ROUNDS,
        valid_sets=[late.data(library, data)],
        callbacks=[progress, library.early_stopping(_PATIENCE, verbose=False)],
    )
    return max(1, int(model.best_iteration))


def _progress(
    checkpoint: Callable[[float], None], first: float, last: float
) -> Callable[[Any], None]:
    """Return a callback that tells after each tree how far one has come."""

    def tell(progress: Any) -> None:
        rounds = progress.end_iteration - progress.begin_iteration
        checkpoint(first + (last - first) * (progress.iteration + 1) / rounds)

    return tell


def _logistic(value: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
