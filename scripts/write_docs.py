"""Write the tables of options in README.md anew, from those the forms are made of.

Run ``.venv/bin/python -m scripts.write_docs`` after a change of an option;
tests/test_docs.py fails until that is done.
"""

from collections.abc import Iterable, Iterator
import json
from pathlib import Path
from typing import Any, Final

from custom_components.occupancy_prediction.const import SUBENTRY_TYPE_ROOM
from custom_components.occupancy_prediction.options import (
    HOME_OPTIONS,
    ROOM_OPTIONS,
    NumberOption,
    Option,
)

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
TEXTS: Final[dict[str, Any]] = json.loads(
    (ROOT / "custom_components/occupancy_prediction/translations/en.json").read_text(
        encoding="utf-8"
    )
)
TABLES: Final = {
    "home-options": (HOME_OPTIONS, TEXTS["options"]["step"]["init"]),
    "room-options": (
        ROOM_OPTIONS,
        TEXTS["config_subentries"][SUBENTRY_TYPE_ROOM]["step"]["room"],
    ),
}


def rows(options: Iterable[Option], form: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield name, default, choices and meaning of each option of a form."""
    yield "Option", "Default", "Choices", "What it is"
    yield ("---",) * 4
    for option in options:
        part = form["sections"][option.section] if option.section else form
        yield (
            part["data"][option.key],
            *_default_and_choices(option),
            part["data_description"][option.key],
        )


def _default_and_choices(option: Option) -> tuple[str, str]:
    if isinstance(option, NumberOption):
        limits = option.selector.serialize()["selector"]["number"]
        unit = limits["unit_of_measurement"]
        return (
            f"{option.default:g} {unit}",
            f"{limits['min']:g} to {limits['max']:g} {unit}",
        )
    return (
        f"those of the area: {_words(option.found)}",
        f"`{option.domain}`: {_words(option.offered)}",
    )


def _words(classes: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in classes)


def with_tables(readme: str) -> str:
    """Return the README with every table as it should be."""
    for name, (options, form) in TABLES.items():
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows(options, form))
        before, start, rest = readme.partition(f"<!-- {name}:start -->\n")
        _, end, after = rest.partition(f"<!-- {name}:end -->")
        if not end:
            raise ValueError(f"README.md has no place for {name}")
        readme = f"{before}{start}{table}\n{end}{after}"
    return readme


def main() -> None:
    """Write the tables."""
    README.write_text(with_tables(README.read_text(encoding="utf-8")), "utf-8")


if __name__ == "__main__":
    main()
