"""A dashboard of the forecasts, made of cards that come with Home Assistant."""

from collections.abc import Mapping
from typing import Any

from .client import Client
from .home import DemoHome

URL_PATH = "occupancy-forecast"
TITLE = "Occupancy forecast"


async def make_dashboard(
    client: Client,
    home: DemoHome,
    names: Mapping[str, str],
    entities: Mapping[str, Mapping[str, str]],
) -> str:
    """Make the dashboard and return its address."""
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title=TITLE,
        icon="mdi:home-clock",
        show_in_sidebar=True,
        require_admin=False,
    )
    icons = {room.name: room.icon for room in home.rooms}
    await client.command(
        "lovelace/config/save",
        url_path=URL_PATH,
        config={
            "title": TITLE,
            "views": [
                {
                    "type": "sections",
                    "title": TITLE,
                    "path": "rooms",
                    "max_columns": 3,
                    "sections": [
                        _section(name, icons.get(name), entities[subentry_id])
                        for subentry_id, name in names.items()
                    ],
                }
            ],
        },
    )
    return f"{client.url}/{URL_PATH}/rooms"


def _section(
    name: str, icon: str | None, entities: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "type": "grid",
        "cards": [
            {"type": "heading", "heading": name, "icon": icon},
            {"type": "tile", "entity": entities["occupancy"], "name": "Now"},
            {
                "type": "tile",
                "entity": entities["next_transition"],
                "name": "Next change",
            },
            {"type": "history-graph", "entities": [entities["occupancy"]]},
        ],
    }
