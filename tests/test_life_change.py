"""Tests of what the home is told of a change of life, and what it does about it."""

from collections.abc import AsyncIterator
from dataclasses import replace

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    Adaptation,
    Alarm,
    Issued,
    Memory,
    Pattern,
    PatternKind,
    RoomMemory,
    Signal,
    score,
)
from custom_components.occupancy_prediction.engine.drift import page_hinkley
from custom_components.occupancy_prediction.engine.samples import Outcomes
from custom_components.occupancy_prediction.forecast_log import LogEntry
from custom_components.occupancy_prediction.life_change import sentences
from custom_components.occupancy_prediction.model_registry import (
    ModelRecord,
    ModelRegistry,
    Verdict,
)
from custom_components.occupancy_prediction.trainer import TrainingReason

from .forecasts import (
    BATH,
    ISSUED,
    KITCHEN,
    NOW as FORECAST_AT,
    coordinator_of,
    start_home,
)
from .home import HOME_ID
from .learning import CONFIG, Learning, empty_home
from .life import DAY, HOUR, NOW, START, pass_time, settle, storage_folder

ENTITY = "binary_sensor.occupancy_prediction_life_changed"
ROOMS = {KITCHEN: "Kitchen", BATH: "Bath"}
SATURDAYS = Pattern(KITCHEN, PatternKind.NEW, (5,), 8, 12, "2026-05-03")
CHANGED = Adaptation(
    Memory({KITCHEN: RoomMemory(ISSUED - 5 * DAY, 0.2)}),
    (Alarm(Signal.HABIT, KITCHEN, ISSUED - 5 * DAY, ISSUED - DAY),),
    {KITCHEN: {"all": 40.0, "0.2": 30.0}},
    (SATURDAYS,),
)


def said(adaptation: Adaptation, before: Adaptation) -> list[str]:
    """Return what is logged where people live by Berlin time."""
    return sentences(adaptation, before, ROOMS, "Europe/Berlin")


def test_what_is_said_of_a_change() -> None:
    """Where, since when, why, and what was done; each thing once."""
    words = [
        (
            "Life has changed in Kitchen since 18 November (seen by: habit); days "
            "before that count less from now on"
        ),
        "Kitchen is occupied on Saturdays from 8 to 12 since 3 May",
    ]
    assert said(CHANGED, Adaptation()) == words
    assert said(CHANGED, CHANGED) == []
    # An hour more or less is the same habit.
    moved = replace(CHANGED, patterns=(replace(SATURDAYS, end=13),))
    assert said(moved, CHANGED) == []


def test_what_is_said_of_what_follows() -> None:
    """Another decision, the end of it, and a home without a room."""
    shorter = replace(CHANGED, memory=Memory({KITCHEN: RoomMemory(ISSUED, 0.0)}))
    (words,) = said(shorter, CHANGED)
    assert words.endswith("days before that are not learned from for now")
    assert said(Adaptation(patterns=(SATURDAYS,)), CHANGED) == [
        "The whole past is learned from again: it forecasts as well"
    ]
    home = Adaptation(alarms=(Alarm(Signal.SKILL, "", ISSUED, ISSUED),))
    (words,) = said(home, Adaptation())
    assert words == (
        "Life has changed in the home since 23 November (seen by: skill); everything "
        "was learned anew from the whole past"
    )
    gone = replace(
        SATURDAYS, kind=PatternKind.VANISHED, weekdays=(0, 1, 2, 3, 4), room_id=BATH
    )
    both = replace(SATURDAYS, weekdays=(1, 3))
    removed = replace(SATURDAYS, room_id="attic")
    assert said(Adaptation(patterns=(gone, both, removed)), Adaptation()) == [
        "Bath is no longer occupied on workdays from 8 to 12 since 3 May",
        "Kitchen is occupied on Tuesdays and Thursdays from 8 to 12 since 3 May",
    ]


async def test_home_shows_a_change(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """On a diagnostic entity, with rooms by their titles, and in the log."""
    freezer.move_to(FORECAST_AT)
    coordinator = coordinator_of(await start_home(hass))
    assert shown(hass).state == STATE_OFF
    assert shown(hass).attributes["decision"] == "none"
    coordinator.async_set_adaptation(CHANGED)
    state = shown(hass)
    assert state.state == STATE_ON
    assert state.attributes["since"] == "2026-11-18T18:00:00+00:00"
    assert state.attributes["rooms"] == ["Kitchen"]
    assert state.attributes["decision"] == "reweighted"
    assert state.attributes["patterns"] == [
        {
            "room": "Kitchen",
            "change": "new",
            "days": ["sat"],
            "start": "08:00",
            "end": "12:00",
            "since": "2026-05-03",
        }
    ]
    assert caplog.text.count("Life has changed in Kitchen") == 1
    entry = entity_registry.async_get(ENTITY)
    assert entry is not None
    assert (entry.unique_id, entry.entity_category) == (
        f"{HOME_ID}_life_changed",
        "diagnostic",
    )
    coordinator.async_set_adaptation(Adaptation())
    assert shown(hass).state == STATE_OFF


@pytest.mark.parametrize("damaged", [False, True])
async def test_restart_remembers_a_change(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, damaged: bool
) -> None:
    """From the notes on models, without saying it again; lost notes are lost."""
    document = CHANGED.document()
    if damaged:
        del document["memory"]
    record = ModelRecord(
        "1-f", ISSUED, 0.0, ISSUED, Verdict.ADOPTED, adaptation=document
    )
    registry = ModelRegistry(storage_folder(hass))
    await hass.async_add_executor_job(registry.note, record)
    await start_home(hass)
    assert shown(hass).state == (STATE_OFF if damaged else STATE_ON)
    assert "Life has changed" not in caplog.text


def shown(hass: HomeAssistant) -> State:
    """Return what the entity shows."""
    state = hass.states.get(ENTITY)
    assert state is not None
    return state


# --- learning -------------------------------------------------------------------------


@pytest.fixture
async def learning(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Learning]:
    """Return a home that has been lived in for five days."""
    freezer.move_to(START)
    async with empty_home(hass) as learning:
        await learning.live(5)
        yield learning


async def test_every_training_tells_what_it_noticed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: Learning
) -> None:
    """Also that it was nothing; it is in the notes on the model."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    freezer.tick(60)
    trainer.async_request(TrainingReason.REQUEST)
    await settle(hass)
    assert learning.adaptations == [Adaptation(), Adaptation()]
    latest, _ = await keeper.async_records()
    assert latest.adaptation["decision"] == "none"
    assert latest.noticed == Adaptation()
    await trainer.async_stop()


async def test_biased_forecasts_ask_for_a_training(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: Learning
) -> None:
    """Within the hour, and once; the training sees the same and decides."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    # For 20 days changes came at any part of what was forecast, then late.
    generator = np.random.default_rng(1)
    parts = np.r_[generator.uniform(0, 1, 160), generator.uniform(0.5, 1, 80)]
    alarm = page_hinkley(
        (parts - 0.5).tolist(),
        slack=CONFIG.bias_slack,
        threshold=CONFIG.bias_threshold,
        minimum=CONFIG.bias_minimum,
    )[0]
    # The hour to come shows it.
    parts = parts[: alarm.noticed + 1]
    await hass.async_add_executor_job(write_scores, learning, parts)
    freezer.tick(HOUR - 1)
    await pass_time(hass, freezer, 1)
    latest = (await keeper.async_records())[0]
    assert latest.reasons == ("drift",)
    assert {each.signal for each in learning.adaptations[-1].alarms} == {Signal.BIAS}
    trained = len(learning.adaptations)
    for _ in range(3):
        await pass_time(hass, freezer, HOUR)
    assert len(learning.adaptations) == trained
    await trainer.async_stop()


def write_scores(learning: Learning, parts: np.ndarray) -> None:
    """Archive forecasts every three hours, the last one in the hour to come.

    Each held every minute of half an hour to be as likely, and came true after a part
    of it.
    """
    count = len(parts)
    spacing = 3 * HOUR
    issued_at = np.array([NOW + HOUR / 2 - spacing * n for n in range(count)[::-1]])
    ends = np.minimum(GRID[1:] / 30.0, 1.0)
    zeros, no = np.zeros(count), np.zeros(count, np.bool_)
    issued = Issued(
        issued_at=issued_at,
        version=np.full(count, "v1"),
        occupied=no,
        reliable=no,
        confidence=zeros,
        predicted=zeros,
        lower=zeros,
        upper=np.full(count, HORIZON),
        cdf=np.tile(ends, (count, 1)),
        baseline=np.full((count, len(ends)), np.nan),
    )
    outcomes = Outcomes(parts * 30.0, ~no)
    log = learning.archive.forecasts
    log.write([LogEntry(issued={"kitchen": issued})])
    log.write([LogEntry(scores={"kitchen": score(issued, outcomes)})])
