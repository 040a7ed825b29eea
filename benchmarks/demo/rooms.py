"""Set up areas and rooms through Home Assistant's own interfaces."""

import asyncio
from collections.abc import Mapping
from typing import Any

from custom_components.occupancy_prediction.const import DOMAIN, SUBENTRY_TYPE_ROOM

from .client import ApiError, Client
from .home import DemoHome

FLOW = "/api/config/config_entries/flow"
SUBENTRY_FLOW = "/api/config/config_entries/subentries/flow"
LOAD_SECONDS = 30.0
POLL_SECONDS = 0.2


async def make_areas(client: Client, home: DemoHome) -> None:
    """Make an area of each room and put its sensors there."""
    # A new Home Assistant comes with some areas that this home may not have.
    for area in await client.command("config/area_registry/list"):
        await client.command("config/area_registry/delete", area_id=area["area_id"])
    areas: dict[str, str] = {}
    for room in home.rooms:
        area = await client.command(
            "config/area_registry/create", name=room.name, icon=room.icon
        )
        areas[room.room_id] = area["area_id"]
    for sensor in home.sensors:
        await client.command(
            "config/entity_registry/update",
            entity_id=sensor.entity_id,
            area_id=areas[sensor.room_id],
        )


async def add_home(client: Client) -> str:
    """Go through the component's config flow as it is offered; return the entry."""
    form = await client.post(FLOW, {"handler": DOMAIN, "show_advanced_options": False})
    result = await client.post(f"{FLOW}/{form['flow_id']}", suggested_input(form))
    return str(created(result)["result"]["entry_id"])


async def add_room(client: Client, entry_id: str, area_id: str) -> str:
    """Add the room of an area as it is offered; return its name."""
    form = await client.post(SUBENTRY_FLOW, {"handler": [entry_id, SUBENTRY_TYPE_ROOM]})
    path = f"{SUBENTRY_FLOW}/{form['flow_id']}"
    form = await client.post(path, {"area_id": area_id})
    return str(created(await client.post(path, suggested_input(form)))["title"])


def suggested_input(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form holds if nobody changes it."""
    if form["type"] != "form":
        raise ApiError(f"the flow ended with {form.get('reason', form['type'])}")
    values: dict[str, Any] = {}
    for field in form["data_schema"]:
        if field.get("type") == "expandable":
            values[field["name"]] = suggested_input(
                {"type": "form", "data_schema": field["schema"]}
            )
        elif (value := _suggestion(field)) is not None:
            values[field["name"]] = value
    return values


def _suggestion(field: Mapping[str, Any]) -> Any:
    suggested = (field.get("description") or {}).get("suggested_value")
    return field.get("default") if suggested is None else suggested


def created(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the result of a flow that created something, or raise ``ApiError``."""
    if result["type"] != "create_entry":
        raise ApiError(f"the flow did not end: {result.get('errors') or result}")
    return result


async def room_names(client: Client, entry_id: str) -> dict[str, str]:
    """Return the names of the rooms by the id of their subentry."""
    subentries = await client.command(
        "config_entries/subentries/list", entry_id=entry_id
    )
    return {
        subentry["subentry_id"]: subentry["title"]
        for subentry in subentries
        if subentry["subentry_type"] == SUBENTRY_TYPE_ROOM
    }


async def room_entities(client: Client, entry_id: str) -> dict[str, dict[str, str]]:
    """Return the entity ids of each room, by subentry and by what they tell."""
    owners = list(await room_names(client, entry_id))
    return await _entities(client, owners)


async def home_entities(client: Client, entry_id: str) -> dict[str, str]:
    """Return the entity ids of the whole home, by what they tell."""
    return (await _entities(client, [entry_id]))[entry_id]


async def _entities(client: Client, owners: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {owner: {} for owner in owners}
    for entity in await client.command("config/entity_registry/list"):
        if entity["platform"] == DOMAIN:
            owner = entity["config_subentry_id"] or entity["config_entry_id"]
            if owner in found:
                key = entity["unique_id"].removeprefix(f"{owner}_")
                found[owner][key] = entity["entity_id"]
    return found


async def until_loaded(client: Client, entry_id: str) -> None:
    """Wait until the entities of every room are there."""
    async with asyncio.timeout(LOAD_SECONDS):
        while True:
            if all((await room_entities(client, entry_id)).values()):
                return
            await asyncio.sleep(POLL_SECONDS)
