"""A dashboard of the forecasts, made of cards that come with Home Assistant."""

from collections.abc import Iterable, Mapping
from typing import Any

from custom_components.occupancy_prediction.engine import OCCUPANCY_KINDS

from .client import Client
from .home import DemoHome, DemoRoom, DemoSensor

URL_PATH = "occupancy-forecast"
TITLE = "Occupancy forecast"
COLUMNS = 3  # rooms beside each other on a wide screen
GRAPH_HOURS = 12
MINUTES = {15: "15 min", 30: "30 min", 60: "1 hour", 120: "2 hours"}  # to be occupied
BADGES = {"learning_stage": "Learning stage", "last_trained": "Last trained"}

# What a room is about to do, as a sentence.
_SENTENCE = """\
{%- set forecast = "ENTITY" -%}
{%- set bounds = [state_attr(forecast, "interval_lower"),
                  state_attr(forecast, "interval_upper")] -%}
{%- macro clock(moment) -%}
  {%- set local = moment | as_datetime | as_local -%}
  {{ local.strftime("%H:%M" if local.date() == now().date() else "%a %H:%M") }}
{%- endmacro -%}
{%- if bounds[0] -%}
Becomes **{{ state_attr(forecast, "type") }}**
{%- if has_value(forecast) %} at **{{ clock(states(forecast)) }}**{% endif -%}
, between {{ clock(bounds[0]) }} and {{ clock(bounds[1]) if bounds[1] else "later" }}.
{%- if state_attr(forecast, "reliable") %} **Reliable.**{% endif -%}
{%- else -%}
No sensor can tell.
{%- endif -%}"""


async def make_dashboard(
    client: Client,
    home: DemoHome,
    names: Mapping[str, str],
    entities: Mapping[str, Mapping[str, str]],
    badges: Mapping[str, str],
) -> str:
    """Make the dashboard and return its address.

    ``entities`` are those of the rooms by subentry, ``badges`` those of the home.
    """
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title=TITLE,
        icon="mdi:home-clock",
        show_in_sidebar=True,
        require_admin=False,
    )
    rooms = {room.name: room for room in home.rooms}
    sections = [
        _section(rooms[name], home.sensors, entities[subentry_id])
        for subentry_id, name in names.items()
        if name in rooms
    ]
    await client.command(
        "lovelace/config/save",
        url_path=URL_PATH,
        config={
            "title": TITLE,
            "views": [
                {
                    "type": "sections",
                    "title": home.name,
                    "path": "rooms",
                    "max_columns": COLUMNS,
                    "badges": [
                        {
                            "type": "entity",
                            "entity": badges[key],
                            "name": name,
                            "show_name": True,
                        }
                        for key, name in BADGES.items()
                    ],
                    "sections": sections,
                }
            ],
        },
    )
    return f"{client.url}/{URL_PATH}/rooms"


def _section(
    room: DemoRoom, sensors: Iterable[DemoSensor], entities: Mapping[str, str]
) -> dict[str, Any]:
    occupancy, forecast = entities["occupancy"], entities["next_transition"]
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": room.name, "icon": room.icon},
            {
                "type": "markdown",
                "text_only": True,
                "content": _SENTENCE.replace("ENTITY", forecast),
            },
            {
                "type": "tile",
                "entity": occupancy,
                "name": "Now",
                "color": "amber",
                "grid_options": {"columns": 6},
            },
            {
                "type": "tile",
                "entity": forecast,
                "name": "Next change",
                "grid_options": {"columns": 6},
            },
            {
                "type": "tile",
                "entity": entities["confidence"],
                "name": "Confidence",
                "features": [{"type": "bar-gauge"}],
                "features_position": "inline",
                "grid_options": {"columns": 12},
            },
            {
                "type": "heading",
                "heading_style": "subtitle",
                "heading": "Occupied within",
                "visibility": _only_if(occupancy, "off"),
            },
            {
                "type": "glance",
                "columns": len(MINUTES),
                "show_icon": False,
                "entities": [
                    {"entity": entities[f"occupied_within_{minutes}"], "name": name}
                    for minutes, name in MINUTES.items()
                ],
                # Of an occupied room it would only say so once more.
                "visibility": _only_if(occupancy, "off"),
            },
            {
                "type": "heading",
                "heading_style": "subtitle",
                "heading": "And then",
                "visibility": _only_if(occupancy, "on"),
            },
            {
                "type": "tile",
                "entity": entities["next_occupied"],
                "name": "Occupied again",
                "grid_options": {"columns": 12},
                "visibility": _only_if(occupancy, "on"),
            },
            {
                "type": "heading",
                "heading_style": "subtitle",
                "heading": f"The last {GRAPH_HOURS} hours",
            },
            {
                "type": "history-graph",
                "hours_to_show": GRAPH_HOURS,
                "entities": [
                    {"entity": sensor.entity_id, "name": _short(sensor, room)}
                    for sensor in sensors
                    if sensor.room_id == room.room_id and sensor.kind in OCCUPANCY_KINDS
                ],
            },
        ],
    }


def _only_if(entity_id: str, state: str) -> list[dict[str, str]]:
    return [{"condition": "state", "entity": entity_id, "state": state}]


def _short(sensor: DemoSensor, room: DemoRoom) -> str:
    """Return the name of a sensor without that of its room."""
    name = sensor.name.removeprefix(room.name).strip()
    return name[:1].upper() + name[1:] if name else sensor.name
