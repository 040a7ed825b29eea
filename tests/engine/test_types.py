"""Tests of the values that cross the engine's border."""

from dataclasses import FrozenInstanceError
import math

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.errors import (
    EngineError,
    ModelStateError,
    ModelVersionError,
    SpecificationError,
    TrainingCancelled,
)
from custom_components.occupancy_prediction.engine.surroundings import (
    ContextKind,
    ContextSpec,
    Place,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    Forecast,
    HomeForecast,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
    Transition,
)

MOTION = SensorSpec("motion", SensorKind.MOTION)
DOOR = SensorSpec("door", SensorKind.DOOR)


# --- what a home is -------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0.0, -1.0, math.nan, math.inf])
def test_vacancy_delay_must_be_a_time(delay: float) -> None:
    """With another delay there is no moment at which the room becomes vacant."""
    with pytest.raises(SpecificationError, match="vacancy delay of hall"):
        RoomSpec("hall", (MOTION,), vacancy_delay=delay)


@pytest.mark.parametrize(
    ("rooms", "complaint"),
    [
        ((RoomSpec("a", (MOTION,)), RoomSpec("b", (MOTION,))), "motion is in a and in"),
        ((RoomSpec("a", (MOTION, MOTION)),), "motion is in a and in a"),
        ((RoomSpec("a", (MOTION,)), RoomSpec("a", (DOOR,))), "room a is in a and in a"),
    ],
)
def test_contradictory_homes_are_refused(
    rooms: tuple[RoomSpec, ...], complaint: str
) -> None:
    """A sensor is in one room, and a room is there once."""
    with pytest.raises(SpecificationError, match=complaint):
        HomeSpec(rooms)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (("ann", "ann"), "ann is in the context and in the context"),
        (("ann", "motion"), "motion is in a and in the context"),
    ],
)
def test_a_source_is_there_once(names: tuple[str, ...], complaint: str) -> None:
    """Two of one name would be told apart by nobody."""
    context = tuple(ContextSpec(name, ContextKind.PERSON) for name in names)
    with pytest.raises(SpecificationError, match=complaint):
        HomeSpec((RoomSpec("a", (MOTION,)),), context=context)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(91.0, 0.0), (0.0, 181.0), (math.nan, 0.0), (0.0, math.inf), (1.0, None)],
)
def test_a_home_is_on_earth(latitude: float, longitude: float | None) -> None:
    """Half a place is none, either."""
    with pytest.raises(SpecificationError, match=r"earth|together"):
        HomeSpec((), latitude=latitude, longitude=longitude)


def test_a_home_names_its_sensors() -> None:
    """Those of the rooms and of the context."""
    context = (ContextSpec("ann", ContextKind.PERSON),)
    spec = HomeSpec(
        (RoomSpec("a", (MOTION, DOOR)),), context=context, latitude=-90, longitude=180
    )
    assert spec.sensor_ids == ("motion", "door", "ann")
    assert spec.place == Place(-90, 180)
    assert HomeSpec(()).place is None


def test_rooms_are_found_by_id() -> None:
    """A home without rooms is a home."""
    room = RoomSpec("a", (MOTION,))
    assert HomeSpec((room,)).room("a") is room
    with pytest.raises(KeyError):
        HomeSpec(()).room("a")


def test_errors_have_one_root() -> None:
    """Whoever catches the root catches all, and damage includes another version."""
    for error in (SpecificationError, ModelStateError, TrainingCancelled):
        assert issubclass(error, EngineError)
    assert issubclass(ModelVersionError, ModelStateError)


# --- observations ---------------------------------------------------------------------

OBSERVATIONS = st.lists(
    st.builds(
        Observation,
        st.integers(0, 8).map(float),
        st.sampled_from(["b", "a", "c"]),
        st.integers(0, 99).map(float),
    ),
    max_size=25,
)


@given(observations=OBSERVATIONS)
def test_table_is_ordered_and_keeps_the_order_of_a_moment(
    observations: list[Observation],
) -> None:
    """What was said first at a moment stays first."""
    table = ObservationTable.from_observations(observations)
    rows = [
        Observation(time, table.sensor_ids[sensor], value)
        for time, sensor, value in zip(
            table.timestamps.tolist(),
            table.sensors.tolist(),
            table.values.tolist(),
            strict=True,
        )
    ]
    assert rows == sorted(observations, key=lambda item: item.timestamp)
    assert len(table) == len(observations)
    assert list(table.sensor_ids) == sorted({item.sensor_id for item in observations})


@given(observations=OBSERVATIONS, moment=st.integers(-1, 10))
def test_table_is_cut_at_a_moment(observations: list[Observation], moment: int) -> None:
    """Each row is before the moment or since it, and none is both."""
    table = ObservationTable.from_observations(observations)
    before, since = table.before(moment), table.since(moment)
    assert len(before) + len(since) == len(table)
    assert (before.timestamps < moment).all()
    assert (since.timestamps >= moment).all()
    assert before.sensor_ids == since.sensor_ids == table.sensor_ids
    assert before.values.tolist() + since.values.tolist() == table.values.tolist()


def test_of_some_sensors_the_last_word_before_is_kept() -> None:
    """What they said holds until they say something else."""
    table = ObservationTable.from_observations(
        [
            Observation(1.0, "a", 1.0),
            Observation(1.0, "b", 2.0),
            Observation(2.0, "a", 3.0),
            Observation(2.0, "a", 4.0),
            Observation(5.0, "b", 5.0),
        ]
    )
    assert table.since(4.0, ("a",)).values.tolist() == [4.0, 5.0]
    assert table.since(4.0, ("b", "unheard")).values.tolist() == [2.0, 5.0]
    assert table.since(4.0, ("a", "b")).values.tolist() == [2.0, 4.0, 5.0]
    assert table.since(0.0, ("a", "b")).values.tolist() == table.values.tolist()
    assert len(ObservationTable.empty().since(0.0, ("a",))) == 0


def test_rows_of_no_moment_are_left_out() -> None:
    """A time that is no time would be sorted anywhere."""
    table = ObservationTable.from_columns(
        np.array([3.0, math.nan, math.inf, 1.0, -math.inf]),
        np.array([0, 0, 0, 0, 0]),
        np.array([3.0, 9.0, 9.0, math.nan, 9.0]),
        ("a",),
    )
    assert table.timestamps.tolist() == [1.0, 3.0]
    np.testing.assert_array_equal(table.values, [math.nan, 3.0])


def test_empty_table() -> None:
    """No rows, no sensors, and still a table."""
    table = ObservationTable.empty()
    assert len(table) == len(table.before(0)) == len(table.since(0)) == 0
    assert len(ObservationTable.from_observations([])) == 0


# --- forecasts ------------------------------------------------------------------------


def test_grid() -> None:
    """Fine at first, up to a day, and nobody can change it."""
    assert GRID[0] == 0 and GRID[-1] == HORIZON == 1440
    assert len(GRID) == BINS + 1 == 27
    assert (np.diff(GRID) > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        GRID[0] = 1


def test_forecast_without_anything_to_say() -> None:
    """What is not known is None, not zero."""
    forecast = Forecast("room", 0.0, None)
    assert forecast.probability_within(30) is None
    assert forecast.occupied_within(30) is None
    assert forecast.transition is None


def test_probability_within() -> None:
    """It lies on the line between the edges of the grid."""
    cdf = tuple((np.arange(BINS) + 1) / (2 * BINS))
    forecast = Forecast("room", 0.0, False, cdf=cdf)
    assert forecast.probability_within(0) == forecast.probability_within(-5) == 0
    assert forecast.probability_within(1) == pytest.approx(cdf[0])
    assert forecast.probability_within(4) == pytest.approx((cdf[2] + cdf[3]) / 2)
    assert forecast.probability_within(1440) == forecast.probability_within(1e9) == 0.5
    assert forecast.occupied_within(1) == pytest.approx(cdf[0])
    assert Forecast("room", 0.0, True, cdf=cdf).occupied_within(1) == 1
    assert Forecast("room", 0.0, False).occupied_within(1) is None
    # What was forecast was the vacancy that has come: no word of who comes next.
    left = Forecast("room", 0.0, False, transition=Transition.VACANT, cdf=cdf)
    assert left.occupied_within(1) == 1


def test_home_forecast_names_its_rooms() -> None:
    """For logs."""
    home = HomeForecast(0.0, {"a": Forecast("a", 0.0, None)})
    assert str(home) == "forecast of a"


def test_values_cannot_be_changed() -> None:
    """Whatever crosses the border is as it was made."""
    with pytest.raises(FrozenInstanceError):
        Observation(0.0, "a", 1.0).value = 2.0  # type: ignore[misc]
