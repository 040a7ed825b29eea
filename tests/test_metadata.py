"""What Home Assistant and HACS ask of the files that are not code.

Most of these rules are those of hassfest and of the HACS action, which run only
where GitHub can be reached.
"""

import ast
from collections.abc import Iterator
import importlib.metadata
import json
from pathlib import Path
import re
import string
from typing import Any, Final

from homeassistant.const import BASE_PLATFORMS
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image
import pytest

ROOT: Final = Path(__file__).parent.parent
COMPONENT: Final = ROOT / "custom_components/occupancy_prediction"

# Every rule of the quality scale, by its medal.
RULES: Final = {
    "bronze": [
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow",
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-triggers",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ],
    "silver": [
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ],
    "gold": [
        "devices",
        "diagnostics",
        "discovery",
        "discovery-update-info",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ],
    "platinum": ["async-dependency", "inject-websession", "strict-typing"],
}

# Each is a part of Home Assistant that every installation has loaded.
ALWAYS_THERE: Final = {*BASE_PLATFORMS, "homeassistant", "repairs"}

# Paths of one machine, and hosts of package registries: a project speaks of neither.
NOT_OURS: Final = re.compile(
    r"(?<![\w./-])/(?:work|root|farm|home/\w+)/"
    r"|pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs\.org"
)


def read_json(name: str) -> dict[str, Any]:
    """Read a file of the component."""
    content: dict[str, Any] = json.loads((COMPONENT / name).read_text(encoding="utf-8"))
    return content


def leaves(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a nested table with the path to it."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}/{key}")
        else:
            yield f"{path}/{key}", value


MANIFEST: Final = read_json("manifest.json")
TEXTS: Final = dict(leaves(read_json("translations/en.json")))


def test_manifest_is_in_order() -> None:
    """Domain and name come first, the rest is sorted, as hassfest wants it."""
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(keys[2:])]


def test_manifest_is_complete() -> None:
    """What a custom integration must say is said."""
    assert MANIFEST["domain"] == COMPONENT.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert MANIFEST["iot_class"] == "calculated"
    assert MANIFEST["config_flow"] is MANIFEST["single_config_entry"] is True
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")


def test_manifest_names_the_integrations_used() -> None:
    """An integration whose code is imported is set up before this one."""
    used = {
        node.module.split(".")[2]
        for path in COMPONENT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.startswith("homeassistant.components.")
    }
    assert used - ALWAYS_THERE <= {
        *MANIFEST["dependencies"],
        *MANIFEST["after_dependencies"],
    }


def test_manifest_requires_nothing_that_must_be_compiled() -> None:
    """What is required comes with Home Assistant, or as a wheel for each machine."""
    required = {re.split(r"[<>=!~]", line)[0] for line in MANIFEST["requirements"]}
    assert required <= {"numpy", "SQLAlchemy"}


def test_changelog_knows_the_version() -> None:
    """The version of the manifest has a section in the changelog."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{MANIFEST['version']}]" in changelog


def test_hacs_and_the_tests_name_the_same_release() -> None:
    """The tests run on the release train that HACS asks users to have."""
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert hacs["name"] == MANIFEST["name"]
    tested = re.search(
        r"^Requires-Dist: homeassistant==(\d+\.\d+)",
        metadata_of_the_test_plugin(),
        re.MULTILINE,
    )
    assert tested
    assert hacs["homeassistant"].rpartition(".")[0] == tested[1]


def metadata_of_the_test_plugin() -> str:
    """Return what the pinned plugin says of itself."""
    pin = re.search(
        r"^pytest-homeassistant-custom-component==(.+)$",
        (ROOT / "requirements_test.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert pin
    distribution = importlib.metadata.distribution(
        "pytest-homeassistant-custom-component"
    )
    assert distribution.version == pin[1]
    return str(distribution.read_text("METADATA"))


@pytest.mark.parametrize(
    ("name", "size"),
    [("icon.png", (256, 256)), ("icon@2x.png", (512, 512)), ("logo.png", None)],
)
def test_brand(name: str, size: tuple[int, int] | None) -> None:
    """The images have the sizes that the brands of Home Assistant have."""
    with Image.open(COMPONENT / "brand" / name) as image:
        assert image.format == "PNG"
        assert size in (image.size, None)
        assert 128 <= min(image.size) <= 512


def test_quality_scale_lists_every_rule() -> None:
    """Each rule is done, to do, or does not apply for a reason that is given."""
    scale = load_yaml_dict(str(COMPONENT / "quality_scale.yaml"))
    assert list(scale) == ["rules"]
    rules = [rule for medal in RULES.values() for rule in medal]
    assert len(rules) == 54
    assert sorted(scale["rules"]) == sorted(rules)
    for rule, verdict in scale["rules"].items():
        if isinstance(verdict, dict):
            assert set(verdict) == {"status", "comment"}, rule
            assert verdict["comment"].endswith("."), rule
            assert verdict["status"] in ("done", "todo", "exempt"), rule
        else:
            assert verdict in ("done", "todo"), rule


@pytest.mark.parametrize(("path", "text"), TEXTS.items(), ids=TEXTS)
def test_text(path: str, text: str) -> None:
    """A text is plain, whole, and has placeholders that can be filled."""
    assert text == text.strip()
    assert not re.search(r"<\w|</|https?://|www\.|\[%key:|'\{\w+\}'", text)
    for _, field, _, _ in string.Formatter().parse(text):
        assert not field or field.isidentifier()
    for key in path.split("/")[1:]:
        assert re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", key)


def test_nothing_of_this_machine() -> None:
    """No file of the repository names a path or host of where it was made."""
    found = []
    for folder, folders, names in ROOT.walk():
        folders[:] = [
            name
            for name in folders
            if name in (".ci", ".github") or not name.startswith((".", "__"))
        ]
        for path in map(folder.joinpath, names):
            if path.is_symlink():
                continue
            try:
                content = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                # An image or a recording.
                continue
            found += [f"{path}: {match[0]}" for match in NOT_OURS.finditer(content)]
    assert found == []
