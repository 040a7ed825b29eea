"""Fixtures for all tests.

Nothing here imports Home Assistant: the tests of the engine run without it
(``pytest -p no:homeassistant tests/engine``).
"""

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


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration folder, and so an archive, of its own."""
    return hass_tmp_config_dir
