"""Tests of the actions, as a user calls them."""

from contextlib import closing
import json
from pathlib import Path
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import probatio as vol
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction import services
from custom_components.occupancy_prediction.const import (
    ARCHIVE_FILE,
    CONF_ACCURACY_THRESHOLD,
    DOMAIN,
)
from custom_components.occupancy_prediction.engine import LONGEST_REPORT
from custom_components.occupancy_prediction.scorekeeper import RETENTION

from .home import add_home, room, set_up
from .life import DAY, HOUR, NOW, START, settle, storage_folder
from .reported import fared, in_room, remember

EVIL = "<script>alert('1')</script> & \"Co\""


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Start a home with forecasts of which it is known how they fared."""
    freezer.move_to(START)
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=["binary_sensor.kitchen_motion"]),
        room(EVIL, room_id="room_evil", motion_sensors=["binary_sensor.evil_motion"]),
    )
    hass.config_entries.async_update_entry(entry, options={CONF_ACCURACY_THRESHOLD: 5})
    await set_up(hass, entry)
    await settle(hass)
    archive = entry.runtime_data.archive
    await hass.async_add_executor_job(
        remember,
        archive,
        # Errors of 10, -30 and 0 minutes; then one of -10 in another room, weeks ago
        # in the first.
        fared(NOW - 10 * HOUR, [20.0, 60.0, 30.0]),
        in_room("room_evil", fared(NOW - HOUR, [40.0], occupied=True, reliable=True)),
        fared(NOW - 20 * DAY, [130.0]),
    )
    return entry


async def ask(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action and return its response, which must be plain values."""
    response = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True
    )
    assert isinstance(response, dict)
    assert json.loads(json.dumps(response)) == response
    return response


async def test_accuracy(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """The figures of each room and direction, in minutes and percent."""
    response = await ask(hass, "get_accuracy", days=7)
    assert response["start"] == "2026-02-23T20:30:00+00:00"
    assert response["end"] == "2026-03-02T20:30:00+00:00"
    assert response["accepted_error"] == 5
    assert response.keys() == {"start", "end", "accepted_error", "home", "rooms"}
    evil, kitchen = response["rooms"]
    assert (evil["room"], evil["room_id"]) == (EVIL, "room_evil")
    assert (kitchen["room"], kitchen["room_id"]) == ("Kitchen", "room_kitchen")
    assert kitchen["both"] == kitchen["until_occupied"]
    assert kitchen["until_vacant"] == {"count": 0}
    assert kitchen["both"] | {"crps": 0.0} == {
        "count": 3,
        "mean_absolute_error": pytest.approx(13.3, abs=0.05),
        "late_share": 50.0,
        "within_accepted_error": pytest.approx(33.3, abs=0.05),
        "within_20": pytest.approx(66.7, abs=0.05),
        "crps": 0.0,
        "skill": 0.0,
        "coverage": 100.0,
        "reliable_share": 0.0,
    }
    assert evil["until_vacant"]["within_20_if_reliable"] == 100.0
    assert evil["until_vacant"]["error_if_reliable"] == 10.0
    assert response["home"]["both"]["count"] == 4


async def test_report(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """More than the figures: the confidence against what came, and the worst misses."""
    response = await ask(hass, "get_report", days=7)
    accuracy = await ask(hass, "get_accuracy", days=7)
    assert response["home"]["both"] == accuracy["home"]["both"]
    assert response["home"]["calibration"] == [
        {"stated": 70.0, "came_true": 75.0, "count": 4}
    ]
    assert sum(response["home"]["pit"]) == pytest.approx(100, abs=0.5)
    reliable, worst, other = response["worst_misses"]
    assert reliable == {
        "room": EVIL,
        "room_id": "room_evil",
        "issued_at": "2026-03-02T19:30:00+00:00",
        "type": "vacant",
        "reliable": True,
        "confidence": 70.0,
        "predicted_time": "2026-03-02T20:00:00+00:00",
        "actual_time": "2026-03-02T20:10:00+00:00",
        "error": -10.0,
    }
    assert (worst["room"], worst["error"], other["error"]) == ("Kitchen", -30.0, 10.0)
    assert "html" not in response


async def test_days(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """A month where nothing else is said, a year and more at most."""
    assert (await ask(hass, "get_report"))["home"]["both"]["count"] == 5
    assert (await ask(hass, "get_report", days=400))["home"]["both"]["count"] == 5
    for days in (0, 401, "many"):
        with pytest.raises(vol.Invalid):
            await ask(hass, "get_report", days=days)


def test_days_that_can_be_asked_for() -> None:
    """The form offers as many as scores are kept."""
    actions = load_yaml_dict(str(Path(services.__file__).with_name("services.yaml")))
    for action in actions.values():
        number = action["fields"]["days"]["selector"]["number"]
        assert number["max"] == LONGEST_REPORT == RETENTION / DAY


async def test_rooms_that_are_asked_for(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """One by its name, however it is written; the home is what was asked for."""
    response = await ask(hass, "get_report", rooms=" kitchen", days=7)
    assert [each["room"] for each in response["rooms"]] == ["Kitchen"]
    assert response["home"]["both"]["count"] == 3
    assert {miss["room"] for miss in response["worst_misses"]} == {"Kitchen"}
    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "get_accuracy", rooms=["Kitchen", "Attic"])
    assert refused.value.translation_key == "unknown_room"
    assert "Attic" in str(refused.value)
    assert "Kitchen" in str(refused.value)


async def test_nothing_scored(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A home that has just been set up has no figures, and a page that says so."""
    await set_up(hass, add_home(hass, room("Kitchen", motion_sensors=["x.y"])))
    response = await ask(hass, "get_report", include_html=True)
    assert response["rooms"] == response["worst_misses"] == []
    assert response["home"] == {"calibration": [], "pit": []}
    assert "of no forecast" in response["html"]


async def test_page(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """The page comes with the answer if asked for; names are text in it."""
    response = await ask(hass, "get_report", days=7, include_html=True)
    page = response["html"]
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp;" in page
    assert len(page) < 100_000


async def test_home_that_is_not_running(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """The action stays, and tells why it cannot answer."""
    assert await hass.config_entries.async_unload(home.entry_id)
    with pytest.raises(ServiceValidationError):
        await ask(hass, "get_report")
    assert await hass.config_entries.async_remove(home.entry_id)
    with pytest.raises(ServiceValidationError):
        await ask(hass, "get_accuracy")


async def test_actions_are_there_without_a_home(hass: HomeAssistant) -> None:
    """They are registered with the integration, not with a home."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.services.async_services()[DOMAIN].keys() == {
        "get_accuracy",
        "get_report",
    }


async def test_archive_that_cannot_be_read(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """The user is told in words; nothing else suffers."""

    def hide() -> None:
        path = storage_folder(hass) / ARCHIVE_FILE
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE scores RENAME TO hidden")

    await hass.async_add_executor_job(hide)
    with pytest.raises(HomeAssistantError) as failed:
        await ask(hass, "get_report")
    assert failed.value.translation_key == "archive_unreadable"
    assert not isinstance(failed.value, ServiceValidationError)
