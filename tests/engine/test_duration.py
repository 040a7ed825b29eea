"""Tests of the length of stays, worked by hand."""

from datetime import UTC, datetime

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    probability_within,
    quantile,
)
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.models.duration import (
    LENGTHS,
    Duration,
)
from custom_components.occupancy_prediction.engine.samples import (
    Samples,
    Stays,
    TrainingSet,
)
from custom_components.occupancy_prediction.engine.types import (
    HORIZON,
    BoolArray,
    FloatArray,
)

from .made import outcomes_of_minutes, samples_of

CONFIG = EngineConfig()
MEMBER = Duration()
MANY = 3000
MONDAY = datetime(2026, 9, 7, tzinfo=UTC).toordinal()


def stays_of_lengths(
    length: FloatArray,
    *,
    observed: BoolArray | None = None,
    clock: float = 0.0,
    weekend: bool = False,
    occupied: bool = False,
) -> Stays:
    """Return stays that began at one time of day."""
    count = len(length)
    return Stays(
        occupied=np.full(count, occupied),
        entry=np.zeros(count),
        clock=np.full(count, clock),
        weekend=np.full(count, weekend),
        length=np.asarray(length, np.float64),
        observed=np.ones(count, np.bool_) if observed is None else observed,
    )


def fit(*stays: Stays) -> Arrays:
    """Return what is learned from stays."""
    nothing = TrainingSet(samples_of(0), outcomes_of_minutes([]), stays[0])
    context = FitContext(CONFIG, 0, lambda share: None)
    arrays = MEMBER.fit({"room": nothing}, context)["room"]
    for more in stays[1:]:
        training = TrainingSet(samples_of(0), outcomes_of_minutes([]), more)
        arrays = MEMBER.update(arrays, training, context)
    return arrays


def within(arrays: Arrays, samples: Samples, minutes: float) -> float:
    """Return P(within minutes) of the first sample."""
    cdf = MEMBER.predict(arrays, samples, CONFIG)
    return float(probability_within(cdf, np.full(len(cdf), minutes))[0])


def test_lengths() -> None:
    """From nothing to a week, ever coarser."""
    widths = np.diff(LENGTHS)
    assert LENGTHS[0] == 0
    assert LENGTHS[-1] == 7 * HORIZON
    assert (widths > 0).all()
    assert (np.diff(widths) >= 0).all()


def test_counts_by_hand() -> None:
    """Two that ended, one cut off, one that outlived a week."""
    stays = stays_of_lengths(
        np.array([0.5, 0.75, 1.0, 20_000.0]),
        observed=np.array([True, False, True, True]),
        clock=61.0,
    )
    arrays = fit(stays)
    ended, looked = arrays["ended"][0, 0, 1], arrays["looked"][0, 0, 1]
    assert ended[:4].tolist() == [1, 1, 0, 0]
    # The one cut off counts half in the interval it was cut off in.
    assert looked[:4].tolist() == [4, 2.5, 1, 1]
    # Whoever stays longer than a week was there all week and did not leave.
    assert looked[-1] == 1
    assert arrays["ended"].sum() == 2


def test_remaining_life_given_the_time_elapsed() -> None:
    """Half of the stays last ten minutes, half last two hours."""
    arrays = fit(stays_of_lengths(np.resize([9.9, 119.0], MANY)))
    assert within(arrays, samples_of(1, elapsed=0.0), 10) == pytest.approx(
        0.5, abs=0.02
    )
    after = samples_of(1, elapsed=15.0, clock=15.0)
    assert within(arrays, after, 60) < 0.05
    assert within(arrays, after, 120) > 0.95
    # Within the last interval of a stay it may end at any moment.
    assert within(arrays, samples_of(1, elapsed=118.0, clock=118.0), 10) > 0.9


def test_memoryless_stays_have_no_age() -> None:
    """Where the past teaches nothing, however long it took already."""
    lengths = -60 * np.log(1 - (np.arange(MANY) + 0.5) / MANY)
    arrays = fit(stays_of_lengths(lengths))
    for elapsed in (0.0, 7.3, 30.0, 90.0):
        cdf = MEMBER.predict(
            arrays, samples_of(1, elapsed=elapsed, clock=elapsed), CONFIG
        )
        assert quantile(cdf, 0.5)[0] == pytest.approx(60 * np.log(2), rel=0.1)


def test_hour_of_entry_is_what_counts() -> None:
    """At eight people leave for the day, at eleven for a moment."""
    arrays = fit(
        stays_of_lengths(np.full(MANY, 600.0), clock=480.0),
        stays_of_lengths(np.full(MANY, 10.0), clock=690.0),
    )
    since_eight = samples_of(1, clock=710.0, elapsed=230.0)
    since_eleven = samples_of(1, clock=691.0, elapsed=1.0)
    assert within(arrays, since_eight, 300) < 0.1
    assert within(arrays, since_eleven, 10) > 0.9


@pytest.mark.parametrize(
    ("day", "clock", "elapsed", "weekend"),
    [
        (4, 1380.0, 60.0, False),  # Friday, since Friday
        (5, 60.0, 180.0, False),  # Saturday, since Friday evening
        (5, 60.0, 30.0, True),  # Saturday, since Saturday
        (7, 60.0, 180.0, True),  # Monday, since Sunday evening
        (7, 600.0, 2 * 1440.0, True),  # Monday, since Saturday
    ],
)
def test_type_of_day_is_that_of_the_entry(
    day: int, clock: float, elapsed: float, weekend: bool
) -> None:
    """A stay that goes on past midnight remains one of its first day."""
    entry = (clock - elapsed) % 1440
    arrays = fit(
        stays_of_lengths(np.full(MANY, elapsed + 10), clock=entry, weekend=False),
        stays_of_lengths(np.full(MANY, elapsed + 1000), clock=entry, weekend=True),
    )
    samples = samples_of(1, clock=clock, elapsed=elapsed, day=MONDAY + day)
    # Of the other type of day 0.3 of each stay counts.
    expected = 0.3 / 1.3 if weekend else 1 / 1.3
    soon = within(arrays, samples, 480)
    assert soon == pytest.approx(expected, abs=0.1)


def test_states_do_not_mix() -> None:
    """What is known of absences says nothing of stays."""
    arrays = fit(stays_of_lengths(np.full(MANY, 5.0)))
    nothing = fit(stays_of_lengths(np.zeros(0)))
    occupied = samples_of(3, occupied=True, elapsed=np.array([0.0, 30, 500]))
    np.testing.assert_allclose(
        MEMBER.predict(arrays, occupied, CONFIG),
        MEMBER.predict(nothing, occupied, CONFIG),
    )


def test_longer_than_anything_seen() -> None:
    """It goes on for about as long as it has lasted, and never stops to say so."""
    arrays = fit(stays_of_lengths(np.full(200_000, 5.0)))
    for elapsed in (100.0, 400.0, 1000.0, 20_000.0, 1e6):
        cdf = MEMBER.predict(arrays, samples_of(1, elapsed=elapsed), CONFIG)
        assert 0 < cdf[0, -1] < 1
        if elapsed <= 1000:
            assert quantile(cdf, 0.5)[0] == pytest.approx(elapsed, rel=0.15)


def test_many_sharp_ends_leave_something_to_say() -> None:
    """Interval after interval in which all ended: the rest still has a chance."""
    lengths = np.repeat(LENGTHS[1:60], 20_000)
    arrays = fit(stays_of_lengths(lengths))
    for elapsed in (0.0, float(LENGTHS[59]) + 1, 5000.0):
        cdf = MEMBER.predict(arrays, samples_of(1, elapsed=elapsed), CONFIG)
        assert cdf[0, -1] > 0


def test_before_any_data() -> None:
    """As long again as it has lasted is as good a guess as any."""
    nothing = fit(stays_of_lengths(np.zeros(0)))
    elapsed = np.array([0.0, 60.0, 300.0, 5000.0])
    cdf = MEMBER.predict(nothing, samples_of(4, elapsed=elapsed), CONFIG)
    assert (np.diff(cdf, axis=1) > 0).all()
    medians = quantile(cdf, 0.5)
    assert medians[1:3] == pytest.approx(elapsed[1:3], rel=0.15)
    assert medians[3] == HORIZON
    # Even of a stay that has just begun it is not held to be certain that it ends.
    assert cdf[0, 0] < 0.6
