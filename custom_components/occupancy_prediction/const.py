"""Names shared by the Home Assistant layer."""

import logging
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "occupancy_prediction"
LOGGER = logging.getLogger(__package__)
PLATFORMS: Final = [Platform.BINARY_SENSOR, Platform.SENSOR]

SUBENTRY_TYPE_ROOM: Final = "room"

# Where the archive and the model live, below the configuration folder: backups
# of Home Assistant include it.
STORAGE_FOLDER: Final = ".storage/occupancy_prediction"
ARCHIVE_FILE: Final = "archive.db"
MODEL_FILE: Final = "model.npz"

# Options of the home.
CONF_ACCURACY_THRESHOLD: Final = "accuracy_threshold"
CONF_FORECAST_INTERVAL: Final = "forecast_interval"

# What a room is made of.
CONF_AREA_ID: Final = "area_id"
CONF_MOTION_SENSORS: Final = "motion_sensors"
CONF_PRESENCE_SENSORS: Final = "presence_sensors"
CONF_DOOR_SENSORS: Final = "door_sensors"
CONF_TEMPERATURE_SENSORS: Final = "temperature_sensors"
CONF_HUMIDITY_SENSORS: Final = "humidity_sensors"
CONF_LIGHT_SENSORS: Final = "light_sensors"
CONF_VACANCY_DELAY: Final = "vacancy_delay"
