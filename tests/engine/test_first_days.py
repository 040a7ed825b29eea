"""A home from its first minute to its first season: it only gets better."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    HomeSpec,
    ModelState,
    Stage,
    predict,
    train,
)
from custom_components.occupancy_prediction.engine.calibration import NEVER
from custom_components.occupancy_prediction.engine.distribution import is_valid
from custom_components.occupancy_prediction.engine.ensemble import (
    member_forecasts,
    pooled_forecast,
)
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.metrics import crps
from custom_components.occupancy_prediction.engine.models import MEMBERS, PRIOR
from custom_components.occupancy_prediction.engine.newcomer import (
    known_or_newcomer,
    newcomer,
)
from custom_components.occupancy_prediction.engine.purpose import purpose_of
from custom_components.occupancy_prediction.engine.samples import outcomes_of
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import FloatArray

from .family import DAY, QUICK, home

CONFIG = replace(QUICK, learned_samples=400)
# Days learned, what the stage is then, and how much of the say is the prior's.
STAGES = {
    0: (Stage.COLLECTING, 1.0, 1.0),
    2: (Stage.COLLECTING, 0.1, 0.5),
    7: (Stage.EARLY, 0.0, 0.25),
    14: (Stage.GROWING, 0.0, 0.25),
    28: (Stage.ESTABLISHED, 0.0, 0.25),
    90: (Stage.ESTABLISHED, 0.0, 0.25),
}
LAST = max(STAGES)
ROOMS = ("kitchen", "living_room")
TESTED = 2.0


@cache
def rooms() -> HomeSpec:
    """Return two rooms of the family with what they are for."""
    spec = home(LAST + 4)[0]
    kept = [replace(spec.room(name), purpose=purpose_of(name)) for name in ROOMS]
    return HomeSpec(tuple(kept), spec.time_zone)


@cache
def known_after(days: int) -> tuple[ModelState | None, float]:
    """Return what the first days taught, and when they were over."""
    _, table, start, _ = home(LAST + 4)
    # By the evening of the first day each room has said a word.
    now = start + days * DAY + 23 * 3600
    if not days:
        return None, now
    return train(rooms(), table.before(now), CONFIG, now=now, version="v"), now


@cache
def scores(days: int) -> dict[str, float]:
    """Return the CRPS (min) of the next days of what is shown, and of others."""
    state, now = known_after(days)
    end = now + TESTED * DAY
    spec = rooms()
    line = build_timeline(spec, home(LAST + 4)[1], CONFIG, end + DAY)
    scene = HomeScene(line, spec.time_zone)
    moments: FloatArray = np.arange(now, end, 1200.0, np.float64)
    total: dict[str, list[FloatArray]] = {}
    for room in spec.rooms:
        samples = describe(scene, room.room_id, moments)
        came = outcomes_of(line.rooms[room.room_id], samples, end + DAY)
        known = came.observed | (came.remaining >= HORIZON)
        said = {"even": np.tile(GRID[1:] / (HORIZON + 60), (len(samples), 1))}
        for name, model in (
            ("shown", known_or_newcomer(state, room)),
            ("newcomer", newcomer(room.purpose)),
        ):
            parts = member_forecasts(model.members, samples, CONFIG)
            weights = model.weights_now(CONFIG)
            said[name] = pooled_forecast(parts, weights, samples, CONFIG)
            if name == "shown" and state is not None:
                said["climatology"] = parts[0]
        for name, cdf in said.items():
            assert is_valid(cdf).all()
            score = crps(cdf, came.remaining, came.observed)[known]
            total.setdefault(name, []).append(score)
    return {name: float(np.concatenate(each).mean()) for name, each in total.items()}


@pytest.mark.parametrize("days", STAGES)
def test_every_room_is_forecast_at_every_stage(days: int) -> None:
    """The stage is told, the prior gives way, and nothing is claimed too early."""
    state, now = known_after(days)
    spec, (stage, least, most) = rooms(), STAGES[days]
    timeline = build_timeline(spec, home(LAST + 4)[1], CONFIG, now)
    for room_id, forecast in predict(
        state, spec, timeline, CONFIG, now=now
    ).rooms.items():
        assert forecast.stage is stage
        assert forecast.transition is not None
        assert forecast.lower is not None
        assert 0 <= forecast.cdf[0] <= forecast.cdf[-1] < 1
        assert (np.diff(forecast.cdf) >= 0).all()
        assert least <= dict(forecast.member_weights)[PRIOR.name] <= most
        if days < 4:
            assert forecast.reliable is False
            if state is not None:
                assert (state.rooms[room_id].calibration.thresholds == NEVER).all()


def test_the_first_forecasts_are_better_than_none() -> None:
    """Every moment of a day is as likely as the next to who knows nothing at all."""
    told = scores(0)
    assert told["shown"] == told["newcomer"] < 0.5 * told["even"]


@pytest.mark.parametrize("days", [2, 7, 14, 28, 90])
def test_never_behind_climatology(days: int) -> None:
    """At most two percent, at any length of the record."""
    assert MEMBERS[0].name == "climatology"
    told = scores(days)
    assert told["shown"] < 1.02 * told["climatology"]
    if days >= 14:
        # The prior is made of such households: only a home's own weeks beat it here.
        assert told["shown"] < told["newcomer"]
