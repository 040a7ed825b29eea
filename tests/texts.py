"""The texts users read, for tests that every one of them is there."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

from custom_components.occupancy_prediction import const

_FILE = Path(const.__file__).parent / "translations/en.json"


def texts(*path: str) -> Any:
    """Return a part of the English translation."""
    part = json.loads(_FILE.read_text(encoding="utf-8"))
    for key in path:
        part = part[key]
    return part


def complete(text: str, placeholders: Mapping[str, str] | None) -> str:
    """Fill in the placeholders; fails if one is missing."""
    return text.format_map(placeholders or {})
