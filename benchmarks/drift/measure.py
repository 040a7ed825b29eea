"""Live a change with each way to keep a model, and compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
import math

import numpy as np

from custom_components.occupancy_prediction.engine import EngineConfig, train
from custom_components.occupancy_prediction.engine.adaptation import QUICK

from .lives import HOLIDAY_DAYS, NO_CHANGE, Life, Scenario
from .policies import DAY, Adapting, Frozen, Log, Nightly, run

# The cheap members, from fewer samples: six lives in some minutes.
CONFIG = EngineConfig(tier="base", learned_samples=800, holdout_folds=1)
DAYS_BEFORE = 42
# A week has every kind of day once (d).
WINDOW = 7
# Skill is back once the error is that near to the one of who always knew.
LEVEL = 0.9
MONTH = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change of life did to each way to keep a model.

    Attributes:
        scenario: the change.
        errors: mean CRPS (min) by the days since the change, of windows that begin then.
        days: days until skill is back, infinite if it never was.
        noticed: days from the change to the first alarm, None without one.
        false_alarms: alarms before the change.
        decisions: by days since the change, what was done.
    """

    scenario: Scenario
    errors: Mapping[str, tuple[float, ...]]
    days: Mapping[str, float]
    noticed: float | None
    false_alarms: int
    decisions: tuple[tuple[int, str], ...]


def live_through(
    scenario: Scenario, seed: int = 1, progress: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Live a change of life."""
    life = scenario.life(seed, DAYS_BEFORE)
    known = scenario.life(seed, DAYS_BEFORE, ever_since=True)
    changed = life.start + DAYS_BEFORE * DAY
    always = _first_model(known, changed)
    progress(f"{scenario.name}: knew it always")
    run(known, [always], changed, CONFIG)
    nightly = _first_model(life, changed)
    adapting = Adapting(nightly.state, nightly)
    frozen = Frozen(nightly.state)
    progress(f"{scenario.name}: finds it out")
    run(life, [frozen, nightly, adapting], changed, CONFIG)
    logs = {
        "always": always.log,
        "frozen": frozen.log,
        "nightly": nightly.log,
        "adapting": adapting.log,
    }
    errors = {
        name: _errors(log, changed, scenario.days_after) for name, log in logs.items()
    }
    noticed = [when for _, when in adapting.heard if when > changed]
    return Outcome(
        scenario,
        errors,
        {
            name: _days_until_back(errors[name], errors["always"])
            for name in ("frozen", "nightly", "adapting")
        },
        (min(noticed) - changed) / DAY if noticed else None,
        len(adapting.heard) - len(noticed),
        tuple(
            (round((now - changed) / DAY), each.decision.value)
            for now, each in adapting.decisions
        ),
    )


def _first_model(life: Life, now: float) -> Nightly:
    """Return a model of all days before a moment."""
    return Nightly(
        train(
            life.spec,
            life.table.before(now),
            CONFIG,
            now=now,
            version="first",
            members=QUICK,
        )
    )


def _errors(log: Log, changed: float, days: int) -> tuple[float, ...]:
    """Return the mean CRPS of the home in the window that begins on each day."""
    rooms = list(log.rooms.values())
    found = []
    for day in range(days - WINDOW + 1):
        start = changed + day * DAY
        means = [
            float(rows.crps[inside].mean()) if inside.any() else math.nan
            for rows in rooms
            for inside in [
                (rows.origin >= start) & (rows.origin < start + WINDOW * DAY)
            ]
        ]
        found.append(float(np.nanmean(means)))
    return tuple(found)


def _days_until_back(errors: tuple[float, ...], always: tuple[float, ...]) -> float:
    for day, (error, known) in enumerate(zip(errors, always, strict=True)):
        if error * LEVEL <= known:
            return float(day)
    return math.inf


@dataclass(frozen=True, slots=True)
class Homecoming:
    """Mean CRPS (min) in the week after a holiday, and of the same week without one."""

    adapting: float
    nightly: float
    without: float


def come_home(outcome: Outcome) -> Homecoming:
    """Return what the week after the holiday was like."""
    # They come home in the course of a day.
    first = HOLIDAY_DAYS + 1
    week = {name: errors[first] for name, errors in outcome.errors.items()}
    return Homecoming(week["adapting"], week["nightly"], week["always"])


def false_alarms(months: float, seed: int) -> tuple[int, float]:
    """Return the alarms of a home in which nothing changes, and the months of it."""
    days = round(months * MONTH)
    life = replace(NO_CHANGE, days_after=days).life(seed, DAYS_BEFORE)
    start = life.start + DAYS_BEFORE * DAY
    nightly = _first_model(life, start)
    adapting = Adapting(nightly.state, nightly)
    run(life, [nightly, adapting], start, CONFIG)
    return len(adapting.heard), days / MONTH
