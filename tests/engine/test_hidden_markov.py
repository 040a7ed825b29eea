"""Tests of the member that tells modes of the home apart."""

from dataclasses import replace
from itertools import product
import sys

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.models.base import FitContext
from custom_components.occupancy_prediction.engine.models.hidden_markov import (
    HiddenMarkov,
    observations,
    posterior,
)
from custom_components.occupancy_prediction.engine.models.hidden_markov_modes import (
    Modes,
    Step,
    fastest_step,
    fit_modes,
    hmmlearn_step,
    numpy_step,
    sequences,
)
from custom_components.occupancy_prediction.engine.samples import (
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.timeline import RoomTimeline, Spans
from custom_components.occupancy_prediction.engine.types import FloatArray

from .made import outcomes_of_minutes, samples_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 5, lambda share: None)
MEMBER = HiddenMarkov()
EMPTY = Spans(np.zeros(0), np.zeros(0))
NO_STAYS = stays_of(
    RoomTimeline("r", 300.0, np.zeros(0), np.zeros(0, np.int64), EMPTY, np.zeros(0)),
    0.0,
    "UTC",
)
steps = pytest.mark.parametrize("step", [numpy_step, hmmlearn_step()])


def random_modes(seed: int, count: int = 3, columns: int = 2) -> Modes:
    """Return modes of any kind."""
    generator = np.random.default_rng(seed)
    return Modes(
        generator.dirichlet(np.ones(count)),
        generator.dirichlet(np.ones(count), count),
        generator.normal(size=(count, columns)),
        generator.uniform(0.3, 2.0, (count, columns)),
    )


def random_values(seed: int, count: int, columns: int = 2) -> FloatArray:
    """Return observations of any kind."""
    return np.random.default_rng(seed).normal(size=(count, columns)) * 1.5


# --- the model ------------------------------------------------------------------------


def slow_likelihood(modes: Modes, values: FloatArray) -> float:
    """Return the likelihood of one sequence: every path through the modes."""
    total = 0.0
    for path in product(range(len(modes.start)), repeat=len(values)):
        chance = modes.start[path[0]]
        for time, mode in enumerate(path):
            if time:
                chance *= modes.transitions[path[time - 1], mode]
            for column, value in enumerate(values[time]):
                variance = modes.variances[mode, column]
                off = value - modes.means[mode, column]
                chance *= np.exp(-0.5 * off**2 / variance)
                chance /= np.sqrt(2 * np.pi * variance)
        total += chance
    return float(np.log(total))


@steps
def test_likelihood_is_that_of_every_path(step: Step) -> None:
    """Of three sequences of unlike length."""
    modes, values = random_modes(1), random_values(2, 11)
    parts = np.split(values, [5, 6])
    _, said = step(modes, values, np.array([5, 1, 5]))
    assert said == pytest.approx(sum(slow_likelihood(modes, part) for part in parts))


@pytest.mark.parametrize("seed", range(4))
def test_both_libraries_do_the_same(seed: int) -> None:
    """The same likelihood, and the same modes after a step."""
    modes, values = random_modes(seed, 4, 5), random_values(seed, 500, 5)
    lengths = np.array([288, 12, 200])
    mine, likelihood = numpy_step(modes, values, lengths)
    theirs, other = hmmlearn_step()(modes, values, lengths)
    assert likelihood == pytest.approx(other, abs=1e-6)
    for name in ("start", "transitions", "means", "variances"):
        np.testing.assert_allclose(
            getattr(mine, name), getattr(theirs, name), atol=1e-9
        )


@steps
def test_a_step_raises_the_likelihood(step: Step) -> None:
    """From anywhere; the priors are weak beside a thousand moments."""
    modes, values = random_modes(3), random_values(4, 1000)
    lengths = np.array([600, 400])
    said = []
    for _ in range(6):
        modes, likelihood = step(modes, values, lengths)
        said.append(likelihood)
    assert said == sorted(said)
    assert said[-1] > said[0] + 10


def test_modes_are_found_again() -> None:
    """Two modes that last and look different."""
    generator = np.random.default_rng(8)
    mode = np.cumsum(generator.random(2000) < 0.02) % 2
    values = generator.normal(size=(2000, 2)) * 0.5 + np.where(mode[:, None], 1.0, -1.0)
    modes = fit_modes(values, np.full(8, 250), 2, 1, numpy_step)
    assert np.sort(modes.means[:, 0]) == pytest.approx([-1.0, 1.0], abs=0.1)
    assert np.diag(modes.transitions) == pytest.approx([0.98, 0.98], abs=0.02)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hmmlearn is not installed NumPy does it."""
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    assert fastest_step() is numpy_step
    monkeypatch.undo()
    assert fastest_step() is not numpy_step


def test_sequences_end_at_gaps() -> None:
    """And after a day at the latest."""
    origin = np.r_[np.arange(300) * 300.0, 500_000.0, 500_300.0]
    lengths, spacing = sequences(origin)
    assert lengths.tolist() == [288, 12, 2]
    assert spacing == 5.0
    assert sequences(np.zeros(0))[0].sum() == 0


def test_what_was_not_observed_says_nothing() -> None:
    """A NaN is as if the column did not exist."""
    modes = random_modes(2)
    seen = np.array([[0.3, np.nan], [np.nan, np.nan]])
    fewer = Modes(modes.start, modes.transitions, modes.means[:, :1], modes.variances)
    fewer = replace(fewer, variances=modes.variances[:, :1])
    np.testing.assert_allclose(
        modes.log_density(seen)[0], fewer.log_density(seen[:1, :1])[0]
    )
    assert modes.log_density(seen)[1].tolist() == [0.0] * 3


# --- the member -----------------------------------------------------------------------

NAMES = (
    *("quiet_home", "home_activations_5", "home_activations_30"),
    *("home_activations_240", "rooms_occupied", "other_occupied@hall"),
)


def home_samples(clock: FloatArray, quiet: FloatArray, seed: int) -> Samples:
    """Return moments of a vacant room in a home that has been quiet for minutes."""
    samples = samples_of(len(clock), clock=clock, elapsed=15.0, quiet=quiet)
    generator = np.random.default_rng(seed)
    columns = [
        np.log1p(quiet),
        *(np.log1p(np.maximum(window - quiet, 0) / 2) for window in (5, 30, 240)),
        *[(quiet < 10) * generator.random(len(clock))] * 2,
    ]
    return replace(
        samples,
        origin=samples.origin + np.arange(len(clock)) * 300.0,
        features=np.stack(columns, axis=1),
        names=NAMES,
    )


def asleep_out_and_about() -> TrainingSet:
    """Return ten days: quiet from 23 to 7, from 8 to 16 on every other day."""
    clock = np.asarray(np.arange(2880) * 5.0 % 1440, np.float64)
    day = np.arange(2880) // 288
    asleep = (clock >= 1380) | (clock < 420)
    out = (clock >= 480) & (clock < 960) & (day % 2 == 0)
    quiet = np.full(2880, 1.0)
    for row in range(1, 2880):
        quiet[row] = quiet[row - 1] + 5 if asleep[row] or out[row] else 1.0
    samples = home_samples(clock, quiet, 3)
    back = np.where(asleep, (420 - clock) % 1440, 960 - clock)
    remaining = np.where(asleep | out, np.maximum(back, 1.0), 20.0)
    return TrainingSet(samples, outcomes_of_minutes(remaining), NO_STAYS)


def test_the_mode_decides_how_long() -> None:
    """At noon of a quiet home nobody comes for hours, of a busy one soon."""
    arrays = MEMBER.fit({"room": asleep_out_and_about()}, CONTEXT)["room"]
    asked = home_samples(np.array([720.0, 720.0]), np.array([240.0, 1.0]), 1)
    out, about = quantile(MEMBER.predict(arrays, asked, CONFIG), 0.5)
    assert out > 120
    assert about < 40
    share = posterior(arrays, asked)
    assert share.sum(1) == pytest.approx(1.0)
    assert np.abs(share[0] - share[1]).max() > 0.5


def slow_posterior(arrays: dict[str, np.ndarray], samples: Samples) -> FloatArray:
    """Return the modes of one moment, half-hour by half-hour since it grew quiet."""
    modes = Modes(
        *(arrays[f"modes_{name}"] for name in ("share", "lagged", "means", "variances"))
    )
    seen = observations(samples)[0]
    quiet, lag = float(samples.quiet[0]), float(arrays["modes_lag"])
    share = modes.start
    steps = min(24, int(quiet // lag))
    for back in range(steps, -1, -1):
        then = quiet - back * lag
        values = np.full(len(seen), np.nan)
        values[0] = np.log1p(then)
        for place, window in ((1, 5), (2, 30), (3, 240)):
            values[place] = 0.0 if then >= window else np.nan
        angle = 2 * np.pi * (float(samples.clock[0]) - back * lag) / 1440
        values[5:] = np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)
        if not back:
            values = seen
        scaled = (values - arrays["modes_center"]) / arrays["modes_spread"]
        share = share @ modes.transitions
        share = share * np.exp(modes.log_density(np.clip(scaled, -4, 4)))
        share = share / share.sum()
    return share


@pytest.mark.parametrize("quiet", [0.0, 29.0, 31.0, 200.0, 2000.0])
def test_forward_pass(quiet: float) -> None:
    """Fast and slow, with few, some and more quiet half-hours than are looked at."""
    arrays = dict(MEMBER.fit({"room": asleep_out_and_about()}, CONTEXT)["room"])
    asked = home_samples(np.array([600.0]), np.array([quiet]), 1)
    np.testing.assert_allclose(
        posterior(arrays, asked)[0], slow_posterior(arrays, asked), atol=1e-9
    )


def test_the_home_is_the_same_from_every_room() -> None:
    """The share of occupied rooms counts the room itself."""
    vacant = home_samples(np.array([0.0]), np.array([1.0]), 1)
    vacant.features[:, 4] = 1.0
    occupied = replace(vacant, occupied=np.array([True]))
    occupied = replace(occupied, features=vacant.features * (np.arange(6) != 4))
    assert observations(vacant)[0, 4] == observations(occupied)[0, 4] == 0.5


def test_an_unknown_home_is_told_by_the_clock() -> None:
    """Without features, as for a stay that has not begun."""
    arrays = MEMBER.fit({"room": asleep_out_and_about()}, CONTEXT)["room"]
    bare = samples_of(2, clock=np.array([180.0, 1140.0]), elapsed=15.0)
    night, evening = quantile(MEMBER.predict(arrays, bare, CONFIG), 0.5)
    assert night > evening


def test_both_tiers_forecast_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base tier does not ask for the library, and comes to the same."""
    training = asleep_out_and_about()
    full = MEMBER.fit({"room": training}, CONTEXT)["room"]
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    config = replace(CONFIG, tier="base")
    base = MEMBER.fit({"room": training}, replace(CONTEXT, config=config))["room"]
    asked = training.samples.take(np.arange(0, 2880, 97))
    np.testing.assert_allclose(
        MEMBER.predict(full, asked, CONFIG),
        MEMBER.predict(base, asked, CONFIG),
        atol=1e-3,
    )
    # Without the library the full tier is the base tier.
    without = MEMBER.fit({"room": training}, CONTEXT)["room"]
    for name, array in base.items():
        np.testing.assert_array_equal(without[name], array)
