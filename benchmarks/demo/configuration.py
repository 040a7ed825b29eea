"""Write the configuration folder of a Home Assistant that runs here only."""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
from typing import Any

from homeassistant.util.yaml import dump

from custom_components.occupancy_prediction.const import DOMAIN
from custom_components.occupancy_prediction.engine import SensorKind

from .home import DemoHome, DemoSensor
from .server import HOST

COMPONENT = Path(__file__).parents[2] / "custom_components" / DOMAIN
EVENT_TYPE = f"{DOMAIN}_demo_sensor"  # tells a template sensor its new state
# Steps of the onboarding that reach into the internet or set up what a demo has no
# use for; the step that makes the user is left.
ONBOARDING_DONE = ("core_config", "analytics", "integration")

_CLASSES: Mapping[SensorKind, dict[str, str]] = {
    SensorKind.MOTION: {"device_class": "motion"},
    SensorKind.PRESENCE: {"device_class": "occupancy"},
    SensorKind.DOOR: {"device_class": "door"},
    SensorKind.TEMPERATURE: {
        "device_class": "temperature",
        "unit_of_measurement": "°C",
        "state_class": "measurement",
    },
    SensorKind.HUMIDITY: {
        "device_class": "humidity",
        "unit_of_measurement": "%",
        "state_class": "measurement",
    },
    SensorKind.LIGHT: {
        "device_class": "illuminance",
        "unit_of_measurement": "lx",
        "state_class": "measurement",
    },
    SensorKind.OTHER: {},
}


def write_configuration(folder: Path, port: int, home: DemoHome) -> None:
    """Write a configuration with the sensors of a home into an empty folder."""
    write_bare_configuration(
        folder,
        port,
        {
            "homeassistant": {
                "name": home.name,
                "time_zone": home.time_zone,
                "unit_system": "metric",
                "country": "DE",
                "currency": "EUR",
            },
            "template": _template_sensors(home.sensors),
        },
    )


def write_bare_configuration(
    folder: Path, port: int, settings: Mapping[str, Any]
) -> None:
    """Write a configuration with the component and whatever else is set."""
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    everything: dict[str, Any] = {
        "config": {},
        "frontend": {},
        "history": {},
        "recorder": {},
        "logger": {
            "default": "warning",
            "logs": {
                f"custom_components.{DOMAIN}": "info",
                # Cameras come with every Home Assistant, and miss what this
                # machine may not have.
                "haffmpeg": "fatal",
                "homeassistant.components.camera.img_util": "fatal",
            },
        },
        **settings,
    }
    (folder / "configuration.yaml").write_text(dump(everything), "utf-8")
    _store(storage, "http", 2, 2, _http(port))
    _store(storage, "onboarding", 4, 1, {"done": list(ONBOARDING_DONE)})
    components = folder / "custom_components"
    components.mkdir()
    (components / DOMAIN).symlink_to(COMPONENT, target_is_directory=True)


def _http(port: int) -> dict[str, Any]:
    # As confirmed by the user: what comes from configuration.yaml is on trial and
    # taken back after five minutes.
    return {
        "stable": {
            "server_host": [HOST],
            "server_port": port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        },
        "pending": None,
        "yaml_migration_done": True,
    }


def _store(
    storage: Path, key: str, version: int, minor_version: int, content: dict[str, Any]
) -> None:
    stored = {
        "version": version,
        "minor_version": minor_version,
        "key": key,
        "data": content,
    }
    (storage / key).write_text(json.dumps(stored, indent=2), "utf-8")


def _template_sensors(sensors: Iterable[DemoSensor]) -> list[dict[str, Any]]:
    """Make a template entity of each sensor, which an event gives its state."""
    return [
        {
            "triggers": [
                {
                    "trigger": "event",
                    "event_type": EVENT_TYPE,
                    "event_data": {"entity_id": sensor.entity_id},
                }
            ],
            sensor.domain: [
                {
                    "name": sensor.name,
                    "unique_id": sensor.entity_id.replace(".", "_"),
                    "default_entity_id": sensor.entity_id,
                    "state": "{{ trigger.event.data.state }}",
                    "availability": "{{ trigger.event.data.state != 'unavailable' }}",
                    **_CLASSES[sensor.kind],
                }
            ],
        }
        for sensor in sensors
    ]
