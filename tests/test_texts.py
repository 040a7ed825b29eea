"""Every text that the code shows exists, and every text that exists is shown."""

import ast
from collections.abc import Iterable, Iterator
from importlib import import_module
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.helpers.entity import EntityDescription
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.occupancy_prediction import (
    config_flow,
    options,
    registry,
    repairs,
)
from custom_components.occupancy_prediction.const import PLATFORMS, SUBENTRY_TYPE_ROOM

COMPONENT: Final = Path(__file__).parent.parent / (
    "custom_components/occupancy_prediction"
)
TEXTS: Final[dict[str, Any]] = json.loads(
    (COMPONENT / "translations/en.json").read_text(encoding="utf-8")
)
ICONS: Final[dict[str, Any]] = json.loads(
    (COMPONENT / "icons.json").read_text(encoding="utf-8")
)
ROOM_TEXTS: Final[dict[str, Any]] = TEXTS["config_subentries"][SUBENTRY_TYPE_ROOM]

FLOWS: Final = [
    (config_flow.OccupancyConfigFlow, TEXTS["config"]),
    (config_flow.HomeOptionsFlow, TEXTS["options"]),
    (config_flow.RoomSubentryFlow, ROOM_TEXTS),
]


def descriptions(platform: str) -> Iterator[EntityDescription]:
    """Yield the descriptions of the entities of a platform."""
    module = import_module(f"{config_flow.__package__}.{platform}")
    for value in vars(module).values():
        if isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, EntityDescription))


def constants(*names: str) -> set[str]:
    """Return every string that these modules contain."""
    return {
        node.value
        for name in names
        for node in ast.walk(ast.parse((COMPONENT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def errors(path: Path) -> Iterator[str]:
    """Yield the key of the text of each error that a module raises."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            arguments = {keyword.arg: keyword.value for keyword in node.keywords}
            if "translation_domain" in arguments:
                yield ast.literal_eval(arguments["translation_key"])


@pytest.mark.parametrize(
    ("flow", "texts"), FLOWS, ids=lambda value: getattr(value, "__name__", "")
)
def test_steps_have_texts(flow: type, texts: dict[str, Any]) -> None:
    """Each step of a flow has a title and a description, and no other step has."""
    steps = {
        name.removeprefix("async_step_")
        for name in vars(flow)
        if name.startswith("async_step_")
    }
    assert set(texts["step"]) == steps
    for step in texts["step"].values():
        assert step["title"]
        assert step["description"]
        assert set(step.get("data_description", {})) == set(step.get("data", {}))


@pytest.mark.parametrize(
    ("table", "step"),
    [
        (options.HOME_OPTIONS, TEXTS["options"]["step"]["init"]),
        (options.ROOM_OPTIONS, ROOM_TEXTS["step"]["room"]),
        (options.ROOM_OPTIONS, ROOM_TEXTS["step"]["reconfigure"]),
    ],
    ids=["home", "room", "reconfigure"],
)
def test_options_have_texts(
    table: Iterable[options.Option], step: dict[str, Any]
) -> None:
    """Each option has a name and an explanation in the section it is in."""
    sections = step.get("sections", {})
    for option in table:
        part = sections[option.section] if option.section else step
        assert part["data"][option.key]
        assert part["data_description"][option.key]
    named = {key for part in (step, *sections.values()) for key in part["data"]}
    assert named - {"name", "area_id"} == {option.key for option in table}
    assert set(sections) == {option.section for option in table if option.section}
    for part in sections.values():
        assert part["name"]
        assert set(part["data_description"]) == set(part["data"])


def test_errors_of_flows_have_texts() -> None:
    """Each error a form can show has a text, and each text is of an error."""
    raised = {
        argument.value
        for node in ast.walk(
            ast.parse((COMPONENT / "config_flow.py").read_text(encoding="utf-8"))
        )
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "_Problem"
        for argument in node.args[1:2]
        if isinstance(argument, ast.Constant)
    }
    raised |= {fault.value for fault in registry.SensorFault}
    assert raised <= set(ROOM_TEXTS["error"])
    assert set(ROOM_TEXTS["error"]) <= constants("config_flow.py", "registry.py")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_entities_have_names_and_icons(platform: str) -> None:
    """Each entity has a name, and an icon unless its device class brings one."""
    texts = TEXTS["entity"][platform]
    icons = ICONS["entity"].get(platform, {})
    keys = set()
    for description in descriptions(platform):
        key = description.translation_key
        assert key is not None, description.key
        keys.add(key)
        assert texts[key]["name"]
        assert key in icons or description.device_class, key
        for state in getattr(description, "options", None) or ():
            assert texts[key]["state"][state]
    assert keys
    assert set(texts) == keys
    assert set(icons) <= keys


def test_icons_are_of_the_common_set() -> None:
    """An icon is one that every installation has."""
    for platform in ICONS["entity"].values():
        for icon in platform.values():
            for name in (icon["default"], *icon.get("state", {}).values()):
                assert name.startswith("mdi:")


def test_actions_have_texts_and_icons() -> None:
    """Each action and each of its fields has a name and an explanation."""
    actions = load_yaml_dict(str(COMPONENT / "services.yaml"))
    assert set(TEXTS["services"]) == set(ICONS["services"]) == set(actions)
    for action, content in actions.items():
        texts = TEXTS["services"][action]
        assert texts["name"]
        assert texts["description"]
        assert set(texts["fields"]) == set(content["fields"])
        for field in texts["fields"].values():
            assert field["name"]
            assert field["description"]
        assert ICONS["services"][action]["service"].startswith("mdi:")


def test_issues_have_texts() -> None:
    """Each issue has a text, and each text is of an issue."""
    issues = {
        value for name, value in vars(repairs).items() if name.startswith("ISSUE_")
    }
    assert issues == set(TEXTS["issues"])
    for issue in TEXTS["issues"].values():
        assert issue["title"]
        assert ("description" in issue) != ("fix_flow" in issue)


def test_exceptions_have_texts() -> None:
    """Each error a user sees has a text, and each text is of an error."""
    raised = {key for path in COMPONENT.glob("*.py") for key in errors(path)}
    assert raised == set(TEXTS["exceptions"])
