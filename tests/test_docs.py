"""What the documentation says is so."""

import ast
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
import re
import runpy
import tomllib
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.entity import EntityDescription
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.occupancy_prediction import const

ROOT: Final = Path(__file__).parent.parent
COMPONENT: Final = ROOT / "custom_components/occupancy_prediction"
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
DRAWING: Final = runpy.run_path(str(ROOT / "scripts/draw_architecture.py"))
# Where each module stands in the drawing: upper and lower edge.
PLACES: Final[dict[str, tuple[float, float]]] = DRAWING["places"]()
# What one reads before trying something.
MOST_LINES: Final = 250


def entity_keys() -> dict[str, set[str]]:
    """Return the keys of the entities of each platform."""
    return {
        platform: {
            item.key
            for value in vars(import_module(f"{const.__package__}.{platform}")).values()
            if isinstance(value, tuple)
            for item in value
            if isinstance(item, EntityDescription)
        }
        for platform in const.PLATFORMS
    }


def automations() -> list[dict[str, Any]]:
    """Return the automations that the README shows."""
    found = []
    for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        content = parse_yaml(block)
        assert isinstance(content, dict)
        found.append(content)
    return found


@cache
def layers() -> dict[str, int]:
    """Return the layer of each module from pyproject.toml, 0 on top."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    depth = 0
    for contract in content["tool"]["importlinter"]["contracts"]:
        if contract["type"] != "layers":
            continue
        folder = contract["containers"][0].partition("occupancy_prediction")[2]
        for layer in contract["layers"]:
            depth += 1
            for name in re.findall(r"\w+", layer):
                found["/".join([*folder.split(".")[1:], name])] = depth
    return found


def layer_of(module: str) -> int:
    """Return the layer of a drawn module or package."""
    return layers()[module]


def imports(module: str) -> set[str]:
    """Return the modules that a module or package of the component imports."""
    path = COMPONENT / module
    found = set()
    for file in path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                package = file.parents[node.level - 1].relative_to(COMPONENT)
                found.add(str(package / (node.module or "").replace(".", "/")))
    return found


def test_readme_is_short() -> None:
    """It can be read in one go."""
    assert len(README.splitlines()) <= MOST_LINES


def test_options_are_those_of_the_forms() -> None:
    """The tables of options are what scripts/write_docs.py writes."""
    with_tables = runpy.run_path(str(ROOT / "scripts/write_docs.py"))["with_tables"]
    assert with_tables(README) == README


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/DECISIONS.md",
        "docs/report.md",
    ],
)
def test_links_lead_somewhere(name: str) -> None:
    """Files that are linked to or named as commands are there."""
    path = ROOT / name
    content = path.read_text(encoding="utf-8")
    links = [
        path.parent / link
        for link in re.findall(r"\]\(([^)#]+)\)", content)
        if "://" not in link
    ]
    links += [ROOT / script for script in re.findall(r"`(scripts/[\w./]+)", content)]
    assert [link for link in links if not link.exists()] == []


def test_every_entity_is_told() -> None:
    """Each entity of a room and of the home is in the table, and no other."""
    told = set(
        re.findall(
            r"`(binary_sensor|sensor)\.(?:kitchen|occupancy_prediction)_(\w+)`", README
        )
    )
    assert told == {
        (platform, key) for platform, keys in entity_keys().items() for key in keys
    }


def test_automations_use_entities_that_exist() -> None:
    """What the automations listen to is what the integration makes."""
    text = "".join(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    used = re.findall(r"\b(binary_sensor|sensor)\.(?:bathroom|living_room)_(\w+)", text)
    assert used
    for platform, key in used:
        assert key in entity_keys()[platform]


async def set_up_automations(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Run the automations of the README in a home where nothing happens."""
    freezer.move_to("2026-03-02 12:00:00+00:00")
    hass.states.async_set("sensor.bathroom_occupied_within_30", "20")
    hass.states.async_set("binary_sensor.living_room_occupancy", "on")
    assert await async_setup_component(
        hass, "automation", {"automation": automations()}
    )
    await hass.async_block_till_done()
    states = hass.states.async_all("automation")
    assert [state.state for state in states] == ["on"] * len(automations())


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.mark.parametrize(("percent", "calls"), [("40", 0), ("60", 1), ("100", 0)])
async def test_warming_the_bathroom(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, percent: str, calls: int
) -> None:
    """It is warmed when it is likely to be used, not when it is used."""
    warmed: list[ServiceCall] = async_mock_service(hass, "climate", "set_temperature")
    await set_up_automations(hass, freezer)
    hass.states.async_set("sensor.bathroom_occupied_within_30", percent)
    await pass_time(hass, freezer, 31)
    assert len(warmed) == calls


@pytest.mark.parametrize(
    ("percent", "minutes", "calls"),
    [("10", 120, 1), ("10", 30, 0), ("10", None, 0), ("40", 120, 0)],
)
async def test_vacuuming_the_living_room(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    percent: str,
    minutes: float | None,
    calls: int,
) -> None:
    """It is vacuumed when nobody is about to come, as far as that is known."""
    started: list[ServiceCall] = async_mock_service(hass, "vacuum", "start")
    await set_up_automations(hass, freezer)
    hass.states.async_set("binary_sensor.living_room_occupancy", "off")
    hass.states.async_set("sensor.living_room_occupied_within_30", percent)
    moment = minutes and dt_util.utcnow() + timedelta(minutes=minutes)
    hass.states.async_set(
        "sensor.living_room_next_occupied",
        moment.isoformat() if moment else "unknown",
    )
    await pass_time(hass, freezer, 301)
    assert len(started) == calls


def test_drawing_is_current() -> None:
    """The drawing is what its script draws."""
    drawn = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    assert drawn == DRAWING["drawing"]()


def test_drawing_shows_every_module() -> None:
    """Each module or package has a place in the drawing, and no other has."""
    packages = DRAWING["PACKAGES"]
    modules = {
        str(path.relative_to(COMPONENT).with_suffix(""))
        for path in COMPONENT.rglob("*.py")
    }
    inside = {name for name in modules if name.rpartition("/")[0] in packages}
    wanted = modules - inside - {"engine/__init__"} | set(packages)
    assert PLACES.keys() - {"engine"} == wanted


def test_drawing_has_the_layers() -> None:
    """No module is drawn above one that may use it."""
    modules = PLACES.keys() - {"engine", "__init__"}
    for upper in modules:
        assert PLACES["__init__"] < PLACES[upper]
        for lower in modules:
            if layer_of(upper) < layer_of(lower):
                assert PLACES[upper] <= PLACES[lower], (upper, lower)


@pytest.mark.parametrize(("source", "target", "_column"), DRAWING["arrows"]())
def test_arrow(source: str, target: str, _column: float) -> None:
    """An arrow points down, from a module to one that it imports."""
    assert PLACES[source][1] < PLACES[target][0]
    used = imports(source)
    if target == "engine":
        assert any(name.partition("/")[0] == "engine" for name in used)
    else:
        # What is imported may be the face of a package.
        assert any(f"{target}/".startswith(f"{name}/") for name in used)
