"""Measuring the engine on real and simulated homes, without Home Assistant.

Importing the engine by its full name would run the component's ``__init__``,
which needs Home Assistant. Where that is not loaded yet, an empty module with
the right path stands in for it, so the engine has one name everywhere.
"""

from pathlib import Path
import sys
import types

_COMPONENT = "custom_components.occupancy_prediction"
_FOLDER = Path(__file__).parent.parent / "custom_components" / "occupancy_prediction"

if _COMPONENT not in sys.modules and "homeassistant" not in sys.modules:
    _parent = types.ModuleType(_COMPONENT)
    _parent.__path__ = [str(_FOLDER)]
    sys.modules[_COMPONENT] = _parent
