"""Fixtures for all tests.

Nothing here imports Home Assistant: the tests of the engine run without it
(``pytest -p no:homeassistant tests/engine``).
"""

from dataclasses import replace
from importlib import import_module
import logging
import sys

import pytest

# Lets the engine be imported by its full name where Home Assistant is not loaded.
import benchmarks  # noqa: F401

# Home Assistant's test plugin has every statement of the recorder logged.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

# These must be set up before the fixture `hass`, whatever a test asks for first.
_BEFORE_HASS = ("hass_storage", "async_test_recorder", "recorder_mock")


@pytest.fixture(autouse=True)
def custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find the component in each test that has one running."""
    if "hass" not in request.fixturenames:
        return
    for name in _BEFORE_HASS:
        if name in request.fixturenames:
            request.getfixturevalue(name)
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def base_tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant have the libraries that all of its installations have."""
    if "hass" in request.fixturenames:
        for name in ("lightgbm", "hmmlearn", "sklearn"):
            monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture(autouse=True)
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant learn in a thread, where tests can see and change it.

    Tests of the learning process ask for the fixture ``processes``.
    """
    if "hass" in request.fixturenames and "processes" not in request.fixturenames:
        monkeypatch.setattr("custom_components.occupancy_prediction.worker.PYTHON", "")


@pytest.fixture(autouse=True)
def quick_learning(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let Home Assistant learn in a moment.

    From few samples, with one look ahead, without a comparison of models.
    """
    if "hass" in request.fixturenames:
        component = import_module("custom_components.occupancy_prediction")
        quick = replace(
            component.CONFIG, learned_samples=600, holdout_folds=1, trial_record=1000.0
        )
        monkeypatch.setattr(component, "CONFIG", quick)


@pytest.fixture
def processes() -> None:
    """Let Home Assistant learn in a process of its own, as it does in use."""


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration folder, and so an archive, of its own."""
    return hass_tmp_config_dir
