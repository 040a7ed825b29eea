"""Tests of the record of a room: what may be learned by a moment."""

from dataclasses import fields, replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.record import Resolved, RoomRecord
from custom_components.occupancy_prediction.engine.samples import TrainingSet
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import HORIZON, FloatArray

from .family import DAY, home
from .made import MONDAY
from .test_samples import room_of

CONFIG = EngineConfig()
DAY_MINUTES = 1440.0
# Two stays in a morning; between them the sensors were lost.
CHANGES = [
    *((0.0, VACANT), (100.0, OCCUPIED), (140.0, VACANT)),
    *((300.0, UNKNOWN), (400.0, VACANT), (500.0, OCCUPIED)),
]


def record_of(
    changes: list[tuple[float, int]],
    end: float,
    *,
    start: float = 0.0,
    config: EngineConfig = CONFIG,
    stride: int | None = None,
) -> RoomRecord:
    """Return the record of a home of one room; times in minutes."""
    timeline = HomeTimeline(MONDAY, MONDAY + end * 60, {"room": room_of(changes)})
    scene = HomeScene(timeline, "UTC")
    return RoomRecord(scene, "room", MONDAY + start * 60, config, stride=stride)


def minutes(moments: FloatArray | float) -> list[float]:
    """Return moments as minutes of that Monday."""
    return [(moment - MONDAY) / 60 for moment in np.atleast_1d(moments).tolist()]


def resolved(record: RoomRecord, end: float) -> Resolved:
    """Return what is known by a minute."""
    return record.resolve(MONDAY + end * 60)


# --- worked by hand -------------------------------------------------------------------


def test_moments_of_known_state_before_the_open_stay() -> None:
    """Every five minutes; of the stay that goes on it is not known how it ends."""
    known = resolved(record_of(CHANGES, 560), 560)
    asked = minutes(known.counted.samples.origin)
    assert asked == [*np.arange(0, 300, 5), *np.arange(400, 500, 5)]
    assert minutes(known.counted_until) == minutes(known.open_since) == [500]
    outcomes = known.counted.outcomes
    remaining = dict(zip(asked, outcomes.remaining.tolist(), strict=True))
    observed = dict(zip(asked, outcomes.observed.tolist(), strict=True))
    assert (remaining[0], observed[0]) == (100, True)
    assert (remaining[95], observed[95]) == (5, True)
    assert (remaining[135], observed[135]) == (5, True)
    assert (remaining[140], observed[140]) == (160, False)
    assert (remaining[495], observed[495]) == (5, True)
    # The entry of the first was not seen, the last is not over.
    assert minutes(known.counted.stays.entry) == [100, 140]
    assert known.counted.stays.observed.tolist() == [True, False]


@pytest.mark.parametrize(
    ("end", "until", "count"),
    [(99, 0, 0), (100, 100, 20), (120, 100, 20), (141, 140, 28), (350, 350, 60)],
)
def test_what_is_known_earlier_is_less(end: float, until: float, count: int) -> None:
    """Up to the stay that was open then; where nobody could tell, up to then."""
    known = resolved(record_of(CHANGES, 560), end)
    assert minutes(known.counted_until) == [until]
    assert len(known.counted.samples) == count
    assert (known.counted.samples.origin < known.counted_until).all()
    assert (known.counted.outcomes.remaining <= end).all()


def test_an_open_stay_counts_where_it_outlived_the_horizon() -> None:
    """Somebody away for three days was not back within a day, two days long."""
    end = 3 * DAY_MINUTES
    known = resolved(record_of([(0.0, VACANT)], end), end)
    assert minutes(known.counted_until) == [2 * DAY_MINUTES]
    assert minutes(known.open_since) == [0]
    assert len(known.counted.samples) == 2 * 288
    assert (known.counted.outcomes.remaining == HORIZON).all()
    assert not known.counted.outcomes.observed.any()
    assert not len(known.counted.stays.length)


def test_a_start_leaves_out_what_was_before() -> None:
    """Of the record, or of what is asked of it."""
    later = resolved(record_of(CHANGES, 560, start=132.0), 560)
    assert minutes(later.counted.samples.origin)[0] == 135
    record = record_of(CHANGES, 560)
    part = record.resolve(MONDAY + 560 * 60, start=MONDAY + 140 * 60)
    assert minutes(part.counted.samples.origin)[0] == 140
    assert minutes(part.issued.samples.origin)[0] == 150


def test_learned_and_issued_are_some_of_the_counted() -> None:
    """Every third moment to learn from, every quarter of an hour to compare."""
    config = replace(CONFIG, learned_samples=45)
    record = record_of(CHANGES, 560, config=config)
    # 92 moments have a state, and 45 may be learned from.
    assert record.stride == 3
    known = resolved(record, 560)
    step = CONFIG.sample_step
    places = np.round(known.learned.samples.origin / step).astype(int)
    assert (places % 3 == 0).all()
    assert len(places) in (26, 27)
    assert (known.issued.samples.origin % CONFIG.evidence_step == 0).all()
    assert len(known.issued.samples) == 27
    for part in (known.learned, known.issued):
        assert part.samples.features.shape[1] == len(part.samples.names) > 20
        rows = np.isin(known.counted.samples.origin, part.samples.origin)
        np.testing.assert_array_equal(
            part.outcomes.remaining, known.counted.outcomes.remaining[rows]
        )
    assert known.counted.samples.features.shape[1] == 0


def test_a_given_stride_is_kept() -> None:
    """New hours are learned from as densely as the days before them."""
    assert record_of(CHANGES, 560).stride == 1
    record = record_of(CHANGES, 560, stride=4)
    assert record.stride == 4
    origin = resolved(record, 560).learned.samples.origin
    # Wherever a record begins, it is the same moments.
    later = resolved(record_of(CHANGES, 560, start=35, stride=4), 560).learned
    assert np.isin(later.samples.origin, origin).all()
    assert len(later.samples) == int((origin >= MONDAY + 35 * 60).sum())


@pytest.mark.parametrize("changes", [[], [(0.0, UNKNOWN)]])
def test_nothing_known(changes: list[tuple[float, int]]) -> None:
    """No moments, no outcomes, no stays."""
    known = resolved(record_of(changes, 560), 560)
    for part in (known.counted, known.learned, known.issued):
        assert not len(part.samples)
        assert not len(part.outcomes.remaining)
        assert not len(part.stays.length)
    assert minutes(known.counted_until) == minutes(known.open_since) == [560]


# --- on the family --------------------------------------------------------------------


def check_same(first: TrainingSet, second: TrainingSet) -> None:
    """Check every number of two training sets."""
    for name in ("samples", "outcomes", "stays"):
        mine, other = getattr(first, name), getattr(second, name)
        for field in fields(mine):
            np.testing.assert_array_equal(
                getattr(mine, field.name), getattr(other, field.name), field.name
            )


@pytest.mark.parametrize("days", [0.3, 2.0, 5.37])
def test_what_was_known_then_is_what_a_record_up_to_then_says(days: float) -> None:
    """A look back into the middle of a record sees nothing of what came later."""
    spec, table, start, end = home()
    split = start + days * DAY
    config = replace(CONFIG, bridge=0.0)
    records = [
        RoomRecord(
            HomeScene(build_timeline(spec, table, config, moment), spec.time_zone),
            "bathroom",
            start,
            config,
            stride=2,
        )
        for moment in (end, split)
    ]
    looked_back, known = (record.resolve(split) for record in records)
    assert looked_back.counted_until == known.counted_until
    assert looked_back.open_since == known.open_since
    check_same(looked_back.counted, known.counted)
    check_same(looked_back.learned, known.learned)
    check_same(looked_back.issued, known.issued)


def test_features_are_those_of_a_forecast() -> None:
    """A model learns from the very columns that it will be asked about."""
    spec, table, start, end = home()
    scene = HomeScene(build_timeline(spec, table, CONFIG, end), spec.time_zone)
    learned = RoomRecord(scene, "kitchen", start, CONFIG).resolve(end).learned.samples
    rows = np.arange(3, len(learned), 97)
    asked = describe(scene, "kitchen", learned.origin[rows])
    assert asked.names == learned.names
    np.testing.assert_array_equal(asked.features, learned.features[rows])
    np.testing.assert_array_equal(asked.elapsed, learned.elapsed[rows])
