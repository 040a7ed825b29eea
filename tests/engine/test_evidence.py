"""Tests of the evidence: what was said, and what came."""

from dataclasses import fields, replace

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import bin_masses
from custom_components.occupancy_prediction.engine.errors import ModelStateError
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.metrics import crps
from custom_components.occupancy_prediction.engine.samples import (
    SAMPLE_COLUMNS,
    Outcomes,
    Samples,
)
from custom_components.occupancy_prediction.engine.types import BINS, FloatArray

from .made import MONDAY, outcomes_of_minutes, random_rows, samples_of


def samples_every_quarter(count: int, start: float = 0.0) -> Samples:
    """Return samples with some features, a quarter of an hour apart."""
    generator = np.random.default_rng(count)
    samples = samples_of(
        count,
        occupied=(generator.random(count) < 0.5).tolist(),
        elapsed=generator.exponential(100, count),
        earliest=generator.uniform(0, 5, count),
        quiet=generator.exponential(30, count),
    )
    origin: FloatArray = MONDAY + start + 900.0 * np.arange(count, dtype=np.float64)
    return replace(
        samples,
        origin=origin,
        features=np.ones((count, 2), np.float32),
        reference=np.full((count, BINS), 0.1),
        names=("one", "two"),
    )


def outcomes(count: int) -> Outcomes:
    """Return what came, some of it not seen."""
    minutes = np.random.default_rng(count).exponential(100, count)
    return outcomes_of_minutes(minutes, np.arange(count) % 3 > 0)


def evidence_of(count: int, start: float = 0.0) -> Evidence:
    """Return what three members said, of which the last is silent."""
    silent = np.full((count, BINS), np.nan)
    said = [random_rows(1, count), random_rows(2, count), silent]
    return Evidence.of(said, samples_every_quarter(count, start), outcomes(count))


def check_same(first: Evidence, second: Evidence) -> None:
    """Check every number, with its type."""
    mine, other = first.to_arrays(), second.to_arrays()
    assert sorted(mine) == sorted(other)
    for name, array in mine.items():
        assert array.dtype == other[name].dtype
        np.testing.assert_array_equal(array, other[name], name)


def test_there_and_back() -> None:
    """What was saved and read again is the same, before and after."""
    evidence = evidence_of(40)
    restored = Evidence.from_arrays(evidence.to_arrays())
    check_same(evidence, restored)
    for part in ("samples", "outcomes"):
        mine, other = getattr(evidence, part), getattr(restored, part)
        for field in fields(mine):
            first, second = getattr(mine, field.name), getattr(other, field.name)
            np.testing.assert_array_equal(first, second, field.name)
    for mine, other in zip(evidence.forecasts(), restored.forecasts(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_only_numbers_are_saved() -> None:
    """Moments to the microsecond, durations and probabilities in fewer digits."""
    arrays = evidence_of(4).to_arrays()
    assert set(arrays) == {*SAMPLE_COLUMNS, "remaining", "observed", "masses"}
    assert arrays["origin"].dtype == np.float64
    assert arrays["elapsed"].dtype == arrays["remaining"].dtype == np.float32
    assert arrays["masses"].dtype == np.float16
    assert arrays["day"].dtype == np.int64
    assert arrays["observed"].dtype == arrays["occupied"].dtype == np.bool_
    # A month of quarters of an hour, ten members: half a megabyte before packing.
    size = sum(array.nbytes for array in evidence_of(100).to_arrays().values())
    assert size / 100 < 250


def test_features_are_not_kept() -> None:
    """They are large, and neither weights nor calibration look at them."""
    evidence = evidence_of(5)
    assert evidence.samples.features.shape == (5, 0)
    assert evidence.samples.reference.shape == (5, 0)
    assert evidence.samples.names == ()
    np.testing.assert_array_equal(
        evidence.samples.origin, samples_every_quarter(5).origin
    )


@given(seed=st.integers(0, 10_000))
def test_forecasts_come_back_nearly_as_they_were(seed: int) -> None:
    """Each bin to a thousandth of itself; never less than nothing, never over 1."""
    said = random_rows(seed, 8)
    evidence = Evidence.of([said], samples_of(8), outcomes(8))
    (told,) = evidence.forecasts()
    assert told.shape == said.shape
    assert told.dtype == np.float64
    np.testing.assert_allclose(told, said, atol=1e-3)
    assert (np.diff(told, axis=1) >= 0).all()
    assert ((told >= 0) & (told <= 1)).all()
    masses = bin_masses(said)[:, :BINS]
    # What is left out is less than one in ten million.
    np.testing.assert_allclose(evidence.masses[:, 0], masses, rtol=1e-3, atol=1e-7)


def test_scores_are_those_of_what_was_said() -> None:
    """Half precision is finer than any difference between members."""
    said, came = random_rows(5, 400), outcomes(400)
    (told,) = Evidence.of([said], samples_of(400), came).forecasts()

    def score(cdf: FloatArray) -> float:
        return float(crps(cdf, came.remaining, came.observed).mean())

    assert score(told) == pytest.approx(score(said), rel=1e-3)


def test_the_silent_stay_silent() -> None:
    """A member that said nothing is not taken to have said 0."""
    first, second, silent = evidence_of(6).forecasts()
    assert np.isfinite(first).all() and np.isfinite(second).all()
    assert np.isnan(silent).all()


def test_since_and_take() -> None:
    """Rows from a moment on, itself included, and any rows."""
    evidence = evidence_of(10)
    late = evidence.since(MONDAY + 4 * 900.0)
    check_same(late, evidence.take(np.arange(4, 10)))
    check_same(late, evidence.take(np.arange(10) >= 4))
    assert len(late) == 6
    assert not len(evidence.since(MONDAY + 1e6))
    assert len(evidence.since(0.0)) == 10
    some = evidence.take(np.array([7, 2]))
    assert some.samples.origin.tolist() == [MONDAY + 6300, MONDAY + 1800]
    np.testing.assert_array_equal(some.masses, evidence.masses[[7, 2]])
    np.testing.assert_array_equal(
        some.outcomes.remaining, evidence.outcomes.remaining[[7, 2]]
    )


def test_joined() -> None:
    """The rows of all parts, in their order."""
    first, second = evidence_of(3), evidence_of(5, start=3 * 900.0)
    whole = Evidence.joined([first, first.take(np.zeros(0, np.int64)), second])
    assert len(whole) == 8
    assert (np.diff(whole.samples.origin) == 900).all()
    check_same(whole.take(np.arange(3)), first)
    check_same(whole.take(np.arange(3, 8)), second)
    check_same(Evidence.joined([first]), first)


def test_nothing_was_said() -> None:
    """No rows are rows, too."""
    nothing = evidence_of(0)
    assert len(nothing) == 0
    assert [said.shape for said in nothing.forecasts()] == [(0, BINS)] * 3
    check_same(Evidence.from_arrays(nothing.to_arrays()), nothing)
    check_same(Evidence.joined([nothing, evidence_of(2)]), evidence_of(2))


@pytest.mark.parametrize("name", [*SAMPLE_COLUMNS, "remaining", "observed"])
def test_columns_of_several_lengths_are_refused(name: str) -> None:
    """They belong to nothing."""
    arrays = evidence_of(4).to_arrays()
    for wrong in (arrays[name][:3], arrays[name][:, None]):
        with pytest.raises(ModelStateError):
            Evidence.from_arrays({**arrays, name: wrong})
