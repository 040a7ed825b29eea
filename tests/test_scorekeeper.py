"""Tests of the score: what is remembered of forecasts, and what came of them."""

from contextlib import closing
from datetime import timedelta
from itertools import pairwise
import sqlite3

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.const import ARCHIVE_FILE
from custom_components.occupancy_prediction.engine import (
    HORIZON,
    Accuracy,
    Transition,
    Window,
)
from custom_components.occupancy_prediction.forecast_log import SLOT_SECONDS, slot_of
from custom_components.occupancy_prediction.scorekeeper import (
    RETENTION,
    SUMMARY_LONGEST,
    SUMMARY_SHORTEST,
)

from .home import set_up
from .life import DAY, HOUR, NOW, START, pass_time, settle, shown, storage_folder
from .scored import (
    BATH,
    KITCHEN,
    MOTION,
    accuracy_of,
    count_of,
    forecast_for,
    log_of,
    now,
    read_log,
    start_lived_home,
)

MEAN_ERROR = "sensor.kitchen_mean_absolute_error"


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Start a home that has been lived in for two days and is empty now."""
    return await start_lived_home(hass, freezer)


async def test_forecasts_are_remembered(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """One of each room and five minutes, with all that it says."""
    await forecast_for(hass, freezer, 20)
    waiting, scores = log_of(home)
    assert scores == {}
    assert waiting.keys() == {KITCHEN, BATH}
    kitchen = waiting[KITCHEN]
    assert [slot_of(moment) for moment in kitchen.issued_at] == [
        slot_of(NOW) + number for number in range(1, 5)
    ]
    shown_now = home.runtime_data.coordinator.data.rooms[KITCHEN]
    assert kitchen.issued_at[-1] == shown_now.issued_at
    assert set(kitchen.version.tolist()) == {shown_now.model_version}
    assert not kitchen.occupied.any()
    assert kitchen.cdf[-1] == pytest.approx(shown_now.cdf, rel=1e-6)
    assert kitchen.baseline[-1] == pytest.approx(shown_now.baseline, rel=1e-6)
    assert kitchen.confidence[-1] == pytest.approx(shown_now.confidence, rel=1e-6)


async def test_one_forecast_of_five_minutes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """However many are made, and however often the home starts anew."""
    await forecast_for(hass, freezer, 5)
    assert count_of(home) == (1, 0)
    for _ in range(3):
        await home.runtime_data.coordinator.async_refresh()
        await pass_time(hass, freezer, 3)
    assert count_of(home) == (1, 0)
    assert await hass.config_entries.async_reload(home.entry_id)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert count_of(home) == (1, 0)
    await forecast_for(hass, freezer, 5)
    assert count_of(home) == (2, 0)


async def test_change_is_the_truth(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """When somebody comes the forecasts are scored, of this room alone."""
    await forecast_for(hass, freezer, 20)
    waiting, _ = log_of(home)
    came = now()
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 3)
    open_then, scores = log_of(home)
    kitchen = scores[KITCHEN]
    assert scores.keys() == {KITCHEN}
    assert kitchen.issued_at.tolist() == waiting[KITCHEN].issued_at.tolist()
    assert kitchen.observed.all()
    assert kitchen.remaining == pytest.approx((came - kitchen.issued_at) / 60, abs=1e-4)
    assert (kitchen.baseline_crps > 0).all()
    assert len(open_then[BATH]) == 4

    # The figures follow a little later, and the entities with them.
    assert accuracy_of(home) == Accuracy()
    assert shown(hass, MEAN_ERROR) == "unknown"
    await pass_time(hass, freezer, SUMMARY_SHORTEST)
    accuracy = accuracy_of(home)
    assert accuracy.count == 4
    assert accuracy.mean_absolute_error == pytest.approx(abs(kitchen.error).mean())
    assert shown(hass, MEAN_ERROR) == str(round(abs(kitchen.error).mean()))
    of_home = home.runtime_data.coordinator.accuracy
    assert of_home.home.of(Window.MONTH, Transition.OCCUPIED).count == 4
    assert of_home.home.of(Window.MONTH, Transition.VACANT) == Accuracy()


async def test_leaving_is_the_truth(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The room is vacant when the delay is over: time alone brings the truth."""
    hass.states.async_set(MOTION, "on")
    await forecast_for(hass, freezer, 10)
    hass.states.async_set(MOTION, "off")
    left = now()
    await pass_time(hass, freezer, 299)
    assert count_of(home) == (2, 0)
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 3)
    _, scores = log_of(home)
    kitchen = scores[KITCHEN]
    assert kitchen.occupied.all()
    ends = kitchen.issued_at + kitchen.remaining * 60
    assert ends == pytest.approx(left + 300, abs=0.01)
    assert count_of(home) == (0, 3)


async def test_figures_are_not_taken_all_the_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """At most every five minutes, at least every hour."""
    taken = [home.runtime_data.coordinator.accuracy.computed_at]
    assert taken == [pytest.approx(NOW)]
    for minute in range(90):
        if minute < 30:
            hass.states.async_set(MOTION, "on" if minute % 20 < 10 else "off")
        await pass_time(hass, freezer, 60)
        computed_at = home.runtime_data.coordinator.accuracy.computed_at
        if computed_at != taken[-1]:
            taken.append(computed_at)
    steps = [later - sooner for sooner, later in pairwise(taken)]
    assert min(steps) >= SUMMARY_SHORTEST
    assert max(steps) <= SUMMARY_LONGEST
    assert 3 <= len(taken) <= 8


async def test_nothing_came_for_a_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """That is an outcome too: neither late nor early where it was foretold."""
    await forecast_for(hass, freezer, 10)
    await pass_time(hass, freezer, DAY - 700)
    await pass_time(hass, freezer, 3)
    assert count_of(home) == (3, 0)
    await forecast_for(hass, freezer, 15)
    _, scores = log_of(home)
    kitchen = scores[KITCHEN]
    assert len(kitchen) == 2
    assert not kitchen.observed.any()
    assert kitchen.remaining.tolist() == [HORIZON, HORIZON]


async def test_lost_sensors_are_no_miss(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A stay nobody saw the end of says nothing about its forecasts."""
    await forecast_for(hass, freezer, 10)
    hass.states.async_set(MOTION, "unavailable")
    await forecast_for(hass, freezer, 30)
    hass.states.async_set(MOTION, "on")
    await forecast_for(hass, freezer, 10)
    waiting, scores = log_of(home)
    assert KITCHEN not in scores
    assert waiting[KITCHEN].occupied.tolist() == [False] * 2 + [True] * 3
    # A day later as well.
    await pass_time(hass, freezer, DAY + HOUR)
    _, scores = log_of(home)
    assert scores.get(KITCHEN) is None or scores[KITCHEN].occupied.all()


async def test_clock_set_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Forecasts of times that never were are forgotten, the others go on."""
    await forecast_for(hass, freezer, 60)
    assert count_of(home) == (12, 0)
    freezer.move_to(START + timedelta(minutes=31))
    await home.runtime_data.coordinator.async_refresh()
    await settle(hass)
    await pass_time(hass, freezer, 3)
    assert count_of(home) == (6, 0)
    for _ in range(2):
        # The timers of the test wait for the time that has gone.
        freezer.tick(300)
        await home.runtime_data.coordinator.async_refresh()
        await settle(hass)
        await pass_time(hass, freezer, 3)
    waiting, scores = log_of(home)
    assert scores == {}
    slots = [slot_of(moment) for moment in waiting[KITCHEN].issued_at]
    assert slots == sorted(set(slots))
    assert [slot - slot_of(NOW) for slot in slots] == list(range(1, 9))
    assert waiting[KITCHEN].issued_at.max() <= now()
    hass.states.async_set(MOTION, "on")
    came = now()
    await home.runtime_data.coordinator.async_refresh()
    await settle(hass)
    await pass_time(hass, freezer, 3)
    _, scores = log_of(home)
    ends = scores[KITCHEN].issued_at + scores[KITCHEN].remaining * 60
    assert ends == pytest.approx([came] * 8, abs=0.01)


async def test_clock_set_back_while_down(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """What was open of a time that has not come yet is forgotten."""
    await forecast_for(hass, freezer, 60)
    assert await hass.config_entries.async_unload(home.entry_id)
    freezer.move_to(START + timedelta(minutes=31))
    await set_up(hass, home)
    await settle(hass)
    await pass_time(hass, freezer, 3)
    waiting, scores = log_of(home)
    assert scores == {}
    assert (waiting[KITCHEN].issued_at <= NOW + 31 * 60).all()
    assert len(waiting[KITCHEN]) == 6


async def test_removed_room(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Its forecasts are gone with it."""
    await forecast_for(hass, freezer, 10)
    hass.config_entries.async_remove_subentry(home, BATH)
    await settle(hass)
    await forecast_for(hass, freezer, 10)
    waiting, _ = log_of(home)
    assert waiting.keys() == {KITCHEN}


async def test_old_scores_are_forgotten(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """After four hundred days, with whatever was never scored long before."""
    # Nothing is to be learned of so long a silence.
    await home.runtime_data.trainer.async_stop()
    await forecast_for(hass, freezer, 10)
    hass.states.async_set(MOTION, "on")
    await forecast_for(hass, freezer, 10)
    assert count_of(home) == (2, 2)
    await pass_time(hass, freezer, 31 * DAY)
    await pass_time(hass, freezer, SUMMARY_LONGEST)
    waiting, scores = log_of(home)
    assert (waiting[KITCHEN].issued_at > NOW + DAY).all()
    assert len(scores[KITCHEN]) >= 2
    assert accuracy_of(home) == Accuracy()
    freezer.tick(RETENTION)
    await pass_time(hass, freezer, SUMMARY_LONGEST)
    _, scores = log_of(home)
    assert KITCHEN not in scores or (scores[KITCHEN].issued_at > NOW + DAY).all()


async def test_file_that_cannot_be_read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told once; rooms go on, and so does scoring when it can be read again."""
    await forecast_for(hass, freezer, 10)
    assert await hass.config_entries.async_unload(home.entry_id)
    path = storage_folder(hass) / ARCHIVE_FILE
    await set_up(hass, home)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE rooms RENAME TO hidden")
        await home.runtime_data.coordinator.async_refresh()
        home.runtime_data.scorekeeper.async_archive_filled()
        await settle(hass)
        await pass_time(hass, freezer, SUMMARY_LONGEST)
        assert caplog.text.count("Forecasts are not scored for now") == 1
        assert shown(hass, "binary_sensor.kitchen_occupancy") == "off"
        connection.execute("ALTER TABLE hidden RENAME TO rooms")
    await forecast_for(hass, freezer, 10)
    assert caplog.text.count("Forecasts are not scored for now") == 1
    assert caplog.text.count("Forecasts are scored again") == 1
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 300)
    assert count_of(home)[1] >= 4


async def test_nothing_is_taken_after_the_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A home that was unloaded scores nothing and waits for nothing."""
    await forecast_for(hass, freezer, 10)
    runtime = home.runtime_data
    assert await hass.config_entries.async_unload(home.entry_id)
    runtime.scorekeeper.async_archive_filled()
    runtime.scorekeeper.async_take(None, ())
    await pass_time(hass, freezer, SUMMARY_LONGEST + SLOT_SECONDS)
    waiting, scores = await read_log(hass)
    assert (len(waiting[KITCHEN]), scores) == (2, {})
