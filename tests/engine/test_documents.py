"""Descriptions and tuning numbers on their way to another process."""

from dataclasses import fields, replace
import json
import math
from typing import Any

import pytest

from custom_components.occupancy_prediction.engine import (
    ContextKind,
    ContextSpec,
    EngineConfig,
    HomeSpec,
    Purpose,
    RoomSpec,
    SensorKind,
    SensorSpec,
    SpecificationError,
)
from custom_components.occupancy_prediction.engine.documents import (
    config_document,
    read_config,
    read_spec,
    spec_document,
)

HOME = HomeSpec(
    (
        RoomSpec(
            "hall",
            (
                SensorSpec("hall_motion", SensorKind.MOTION),
                SensorSpec("hall_light", SensorKind.LIGHT),
            ),
            60.0,
            Purpose.HALL,
        ),
        RoomSpec("büro", ()),
    ),
    "Europe/Berlin",
    (ContextSpec("person.ada", ContextKind.PERSON),),
    52.5,
    13,
)


def through_json(document: Any) -> Any:
    """Return what arrives on the other side."""
    return json.loads(json.dumps(document))


def other_config() -> EngineConfig:
    """Return tuning numbers of which each differs from its default."""
    defaults = EngineConfig()
    changed: dict[str, Any] = {"tier": "base", "stage_days": (1.0, 2.0, 3.5)}
    for field in fields(EngineConfig):
        value = getattr(defaults, field.name)
        if isinstance(value, int | float):
            changed[field.name] = value + 1
    return replace(defaults, **changed)


@pytest.mark.parametrize("spec", [HOME, HomeSpec(())])
def test_home_comes_back(spec: HomeSpec) -> None:
    """Rooms, sensors, kinds and purposes are the same on the other side."""
    assert read_spec(through_json(spec_document(spec))) == spec


@pytest.mark.parametrize("config", [EngineConfig(), other_config()])
def test_config_comes_back(config: EngineConfig) -> None:
    """Each number is the same on the other side, also whether it counts."""
    read = read_config(through_json(config_document(config)))
    assert read == config
    for field in fields(EngineConfig):
        assert type(getattr(read, field.name)) is type(getattr(config, field.name))


@pytest.mark.parametrize(
    "change",
    [
        {"unheard_of": 1.0},
        {"tier": "platinum"},
        {"motion_limit": "long"},
        {"motion_limit": math.nan},
        {"motion_limit": None},
        {"motion_limit": True},
        {"holdout_folds": 2.5},
        {"stage_days": [1.0, 2.0]},
        {"stage_days": 3.0},
        {"stage_days": [1.0, 2.0, "x"]},
    ],
)
def test_odd_config_is_refused(change: dict[str, Any]) -> None:
    """A number that is unknown or of another type is named."""
    with pytest.raises(SpecificationError, match=next(iter(change))):
        read_config({**config_document(EngineConfig()), **change})


@pytest.mark.parametrize("document", [None, [], "config", {}])
def test_nothing_is_refused(document: object) -> None:
    """What is no object, or has nothing in it, is no config and no home."""
    with pytest.raises(SpecificationError):
        read_config(document)
    with pytest.raises(SpecificationError):
        read_spec(document)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("sensor_id", 3),
        ("kind", "telepathy"),
        ("color", "red"),
    ],
)
def test_odd_sensor_is_refused(place: str, value: object) -> None:
    """The message says where the mistake is."""
    document = through_json(spec_document(HOME))
    document["rooms"][0]["sensors"][1][place] = value
    with pytest.raises(SpecificationError, match=r"rooms\[0\].sensors\[1\].*" + place):
        read_spec(document)


@pytest.mark.parametrize("latitude", ["north", 91.0, None])
def test_odd_place_is_refused(latitude: object) -> None:
    """It may be unknown, but not in half, and must be on earth."""
    document = {**through_json(spec_document(HOME)), "latitude": latitude}
    with pytest.raises(SpecificationError, match=r"latitude|earth"):
        read_spec(document)


def test_contradiction_is_refused() -> None:
    """A document is held to the rules of a home."""
    document = through_json(spec_document(HOME))
    document["rooms"][1]["room_id"] = "hall"
    with pytest.raises(SpecificationError, match="room hall"):
        read_spec(document)
