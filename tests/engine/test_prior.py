"""Tests of the member a room starts with, and of the table shipped for it."""

from dataclasses import replace
from pathlib import Path
import runpy

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.models import prior_table
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.models.phases import (
    GROUPS,
    HOURS,
    PHASES,
    SLOTS,
)
from custom_components.occupancy_prediction.engine.models.prior import SHIPPED, Prior
from custom_components.occupancy_prediction.engine.purpose import Purpose
from custom_components.occupancy_prediction.engine.samples import (
    TrainingSet,
    stays_of,
    training_set,
)
from custom_components.occupancy_prediction.engine.timeline import (
    RoomTimeline,
    Spans,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import (
    GRID,
    HomeSpec,
    ObservationTable,
    RoomSpec,
)

from .made import outcomes_of_minutes, samples_of

ROOT = Path(__file__).parents[2]
CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 5, lambda share: None)
MEMBER = Prior()
EMPTY = Spans(np.zeros(0), np.zeros(0))
NO_STAYS = stays_of(
    RoomTimeline("r", 300.0, np.zeros(0), np.zeros(0, np.int64), EMPTY, np.zeros(0)),
    0.0,
    "UTC",
)
NOTHING = TrainingSet(samples_of(0), outcomes_of_minutes([]), NO_STAYS)


def first_day(purpose: Purpose) -> Arrays:
    """Return what is known of a room in which nothing has happened yet."""
    return MEMBER.fit({"room": replace(NOTHING, purpose=purpose)}, CONTEXT)["room"]


# --- the shipped table ----------------------------------------------------------------


def test_table_is_complete() -> None:
    """Every purpose, phase, slot and hour, as possible hazards."""
    assert list(prior_table.USUAL) == list(prior_table.HOURS) == list(Purpose)
    for purpose, hazards in zip(Purpose, SHIPPED, strict=True):
        assert len(prior_table.USUAL[purpose]) == PHASES
        assert len(prior_table.HOURS[purpose]) == 2 * GROUPS
        assert hazards.shape == (PHASES, HOURS, SLOTS)
        assert ((hazards > 0) & (hazards < 1)).all()


def test_table_comes_from_the_script(tmp_path: Path) -> None:
    """One household of each kind makes much the same one, in the same form."""
    path = tmp_path / "table.py"
    program = runpy.run_path(str(ROOT / "scripts/make_prior.py"))
    assert program["main"](["--seeds", "1", "--out", str(path)]) == 0
    made = runpy.run_path(str(path))
    for name, shipped in (("USUAL", prior_table.USUAL), ("HOURS", prior_table.HOURS)):
        assert list(made[name]) == list(shipped)
        for purpose, rows in shipped.items():
            mine, theirs = (
                np.array([row.split() for row in table], np.int64)
                for table in (rows, made[name][purpose])
            )
            assert mine.shape == theirs.shape
            # Tenths of log-odds: most differ by less than a factor of two.
            assert np.median(np.abs(mine - theirs)) <= 7


# --- the first day --------------------------------------------------------------------


def test_a_room_starts_like_others_of_its_kind() -> None:
    """In the middle of the night nobody comes soon, at seven to the bathroom."""
    bathroom = first_day(Purpose.BATHROOM)
    asked = samples_of(2, elapsed=120.0, clock=np.array([120.0, 385.0]))
    night, morning = quantile(MEMBER.predict(bathroom, asked, CONFIG), 0.5)
    assert night > 2 * morning
    # Who sits in the living room in the evening stays there.
    evening = samples_of(1, occupied=True, elapsed=60.0, clock=1230.0, earliest=5.0)
    living, hall = (
        quantile(MEMBER.predict(first_day(purpose), evening, CONFIG), 0.5)[0]
        for purpose in (Purpose.LIVING, Purpose.HALL)
    )
    assert living > 2 * hall


@pytest.mark.parametrize("delay", [1.0, 5.0, 30.0])
def test_any_vacancy_delay(delay: float) -> None:
    """The table counts from the end of the delay, so it holds for each."""
    samples = samples_of(
        1, occupied=True, sensor_on=False, elapsed=60.0, earliest=delay, clock=700.0
    )
    cdf = MEMBER.predict(first_day(Purpose.LIVING), samples, CONFIG)
    assert (cdf[0, GRID[1:] < delay] == 0).all()
    assert cdf[0, GRID[1:] >= delay][0] > 0.05


# --- what the room does itself --------------------------------------------------------


def test_data_take_over() -> None:
    """The more days a room has done something else, the less the table says."""
    samples = samples_of(4000, elapsed=30.0, clock=720.0)
    expected = np.full(4000, 200.0)
    said = []
    for count in (0, 40, 400, 4000):
        rows = np.arange(count)
        known = TrainingSet(
            samples.take(rows),
            outcomes_of_minutes(expected[rows]),
            NO_STAYS,
            Purpose.KITCHEN,
        )
        arrays = MEMBER.fit({"room": known}, CONTEXT)["room"]
        cdf = MEMBER.predict(arrays, samples.take(np.arange(1)), CONFIG)
        said.append(quantile(cdf, 0.5)[0])
    assert said == sorted(said)
    assert said[0] < 100
    assert 180 <= said[-1] <= 240


def test_counts_are_bounded() -> None:
    """After many years the fullest cells stay full."""
    known = replace(
        NOTHING, samples=samples_of(9), outcomes=outcomes_of_minutes([5] * 9)
    )
    arrays = dict(MEMBER.fit({"room": known}, CONTEXT)["room"])
    arrays["looked"] = np.full_like(arrays["looked"], 65_535)
    grown = MEMBER.update(arrays, known, CONTEXT)
    np.testing.assert_array_equal(grown["looked"], arrays["looked"])


def test_what_a_room_is_for_reaches_the_member() -> None:
    """From its specification, through the timeline."""
    spec = HomeSpec((RoomSpec("hall", (), purpose=Purpose.HALL), RoomSpec("r", ())))
    timeline = build_timeline(spec, ObservationTable.empty(), CONFIG, 0.0)
    purposes = [
        training_set(room, np.zeros(0), 0.0, "UTC").purpose
        for room in timeline.rooms.values()
    ]
    assert purposes == [Purpose.HALL, Purpose.OTHER]
