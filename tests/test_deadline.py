"""Tests of waiting for a moment that may be moved."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.occupancy_prediction.deadline import Deadline

from .life import NOW, START, pass_time


@pytest.fixture
def reached() -> list[str]:
    """Return what happened."""
    return []


@pytest.fixture
def deadline(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, reached: list[str]
) -> Deadline:
    """Return a deadline that waits for nothing yet."""
    freezer.move_to(START)
    return Deadline(hass, lambda: reached.append("reached"))


async def test_reached_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    deadline: Deadline,
    reached: list[str],
) -> None:
    """Not before, and not again after it; the same moment may be set anew."""
    deadline.async_set(NOW + 60)
    deadline.async_set(NOW + 60)
    await pass_time(hass, freezer, 59)
    assert reached == []
    await pass_time(hass, freezer, 2)
    await pass_time(hass, freezer, 600)
    assert reached == ["reached"]
    deadline.async_set(NOW + 60)
    await pass_time(hass, freezer, 1)
    assert reached == ["reached"] * 2


@pytest.mark.parametrize(("moment", "seconds"), [(NOW + 30, 31), (NOW + 300, 301)])
async def test_moved(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    deadline: Deadline,
    reached: list[str],
    moment: float,
    seconds: float,
) -> None:
    """The moment set last counts alone, sooner or later."""
    deadline.async_set(NOW + 60)
    deadline.async_set(moment)
    await pass_time(hass, freezer, seconds - 2)
    assert reached == []
    await pass_time(hass, freezer, 2)
    assert reached == ["reached"]
    await pass_time(hass, freezer, 300)
    assert reached == ["reached"]


async def test_given_up(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    deadline: Deadline,
    reached: list[str],
) -> None:
    """Nothing to wait for, or an end: then nothing happens."""
    deadline.async_set(NOW + 60)
    deadline.async_set(None)
    await pass_time(hass, freezer, 100)
    deadline.async_set(NOW + 160)
    deadline.async_cancel()
    deadline.async_cancel()
    await pass_time(hass, freezer, 100)
    assert reached == []
    # After that it can be used again, for the very same moment too.
    deadline.async_set(NOW + 160)
    await pass_time(hass, freezer, 1)
    assert reached == ["reached"]
