"""Would another number have done better? One is tried a night, on kept forecasts.

What the members said of the last four weeks, before they had learned it, is kept. So
how the pool would have fared with another number needs no training: its weights of
each day are learned from what was known before that day, with the number in use and
with its neighbor on the ladder, and both forecast the day. Time is never turned round.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .config import EngineConfig
from .ensemble import default_weights, learn_weights, pooled_forecast
from .evidence import Evidence
from .metrics import crps
from .state import ModelState
from .training import learn_pool
from .tuning import LADDERS, Tuning, tuned
from .types import HORIZON, FloatArray

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Step:
    """One number with another value; ``is_back`` if that is closer to the default."""

    name: str
    old: float
    new: float
    is_back: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two values did on the same days; scores are mean CRPS in minutes.

    Attributes:
        days: that were forecast.
        old, new: score of the value in use, and of the other.
        error: standard error of the difference, by days.
    """

    days: int
    old: float
    new: float
    error: float

    def is_won(self, step: Step, config: EngineConfig) -> bool:
        """Tell whether the other value is to be used.

        The way out has to be clearly better, since a year has many nights; the way
        back need only be likely so.
        """
        gain = self.old - self.new
        if step.is_back:
            return gain > self.error
        clearly = max(config.search_errors * self.error, config.search_gain * self.old)
        return gain > clearly


def optimized(
    model: ModelState,
    config: EngineConfig,
    *,
    now: float,
    checkpoint: Callable[[float], None],
) -> ModelState:
    """Return a model with one number changed if that has proved better.

    ``config`` has the defaults; what the model has of its own comes on top of it.
    """
    values = model.tuning.values
    step = step_of(config, values, int(now // _DAY))
    if step is None:
        return model
    others = with_step(config, values, step)
    old, new = tuned(config, values), tuned(config, others)
    evidence = {
        room_id: model.memory.evidence(room_id, room.evidence)
        for room_id, room in model.rooms.items()
    }
    found = compare(evidence, old, new, now=now, checkpoint=checkpoint)
    if found is None:
        return model
    won = found.is_won(step, config)
    reason = (
        f"{step.name} {step.new:g} instead of {step.old:g} on {found.days} days: CRPS "
        f"{found.new:.2f} instead of {found.old:.2f} min (standard error "
        f"{found.error:.2f}), {'adopted' if won else 'not adopted'}"
    )
    if not won:
        return replace(model, tuning=Tuning(values, reason))
    weights, calibrations = learn_pool(evidence, new)
    rooms = {
        room_id: replace(
            room, weights=weights[room_id], calibration=calibrations[room_id]
        )
        if room_id in weights
        else room
        for room_id, room in model.rooms.items()
    }
    return replace(model, rooms=rooms, tuning=Tuning(others, reason))


def step_of(
    config: EngineConfig, values: Mapping[str, float], night: int
) -> Step | None:
    """Return what is tried in a night: all steps from where the home is, in turn.

    Every other night it is the way back, where there is one.
    """
    steps = []
    for name, ladder in LADDERS.items():
        default = getattr(config, name)
        current = values.get(name, default)
        if current not in ladder or default not in ladder:
            continue
        place, home = ladder.index(current), ladder.index(default)
        for other in (place - 1, place + 1):
            if 0 <= other < len(ladder):
                is_back = abs(other - home) < abs(place - home)
                steps.append(Step(name, current, ladder[other], is_back))
    back = [step for step in steps if step.is_back]
    out = [step for step in steps if not step.is_back]
    if back and night % 2:
        return back[night // 2 % len(back)]
    return out[night // (2 if back else 1) % len(out)] if out else None


def with_step(
    config: EngineConfig, values: Mapping[str, float], step: Step
) -> dict[str, float]:
    """Return what a home has of its own once a step is made."""
    others = {**values, step.name: step.new}
    if step.new == getattr(config, step.name):
        del others[step.name]
    return others


def compare(
    evidence: Mapping[str, Evidence],
    old: EngineConfig,
    new: EngineConfig,
    *,
    now: float,
    checkpoint: Callable[[float], None],
) -> Comparison | None:
    """Forecast each of the last days with weights of before it, in both ways.

    None where too little is kept.
    """
    first = min(
        (float(each.samples.origin.min()) for each in evidence.values() if len(each)),
        default=now,
    )
    days = int(min((now - first) / _DAY - old.search_record, old.search_days))
    scores: list[FloatArray] = []
    for number in range(days):
        checkpoint(number / days)
        start = now - (days - number) * _DAY
        day = day_scores(evidence.values(), (old, new), start)
        if len(day):
            scores.append(day.mean(0))
    if len(scores) < old.search_record:
        return None
    by_day = np.array(scores)
    gain = by_day[:, 0] - by_day[:, 1]
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    mean_old, mean_new = by_day.mean(0).tolist()
    return Comparison(len(scores), mean_old, mean_new, error)


def day_scores(
    evidence: Iterable[Evidence], configs: Sequence[EngineConfig], start: float
) -> FloatArray:
    """Return the CRPS of a day's forecasts, (n, configs).

    The weights are learned from what was known when it began (UTC s).
    """
    parts: list[FloatArray] = [np.zeros((0, len(configs)))]
    for room in evidence:
        outcomes, origin = room.outcomes, room.samples.origin
        known = room.take(origin + outcomes.remaining * 60 <= start)
        # Of others it cannot be said how good they were.
        is_whole = outcomes.observed | (outcomes.remaining >= HORIZON)
        asked = room.take((origin >= start) & (origin < start + _DAY) & is_whole)
        if len(asked):
            parts.append(_scores(known, asked, configs))
    return np.concatenate(parts)


def _scores(
    known: Evidence, asked: Evidence, configs: Sequence[EngineConfig]
) -> FloatArray:
    said, past, came = asked.forecasts(), known.forecasts(), asked.outcomes
    columns = []
    for config in configs:
        weights = learn_weights(
            past, known.samples, known.outcomes, config, default_weights()
        )
        cdf = pooled_forecast(said, weights, asked.samples, config)
        columns.append(crps(cdf, came.remaining, came.observed))
    return np.stack(columns, axis=1)
