"""A demo from the empty folder to the dashboard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import shutil
import time
from zoneinfo import ZoneInfo

from custom_components.occupancy_prediction.engine import Observation

from .client import Client, User, onboarded
from .configuration import write_configuration
from .dashboard import make_dashboard
from .forecasts import RoomForecast, wait_for_forecasts
from .home import DemoHome
from .live import LiveHome
from .past import fill_archive, fill_recorder
from .rooms import (
    add_home,
    home_entities,
    make_areas,
    room_entities,
    room_names,
    until_loaded,
)
from .server import Server, running

USER = User("Demo", "demo", "demo")


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs.

    Attributes:
        server: the Home Assistant.
        client: logged in to it.
        names: of the rooms, by subentry.
        entities: of the rooms, by subentry and what they tell.
        of_home: entities of the home, by what they tell.
        dashboard: its address.
        life: ends when nothing more happens in the home.
    """

    server: Server
    client: Client
    names: dict[str, str]
    entities: dict[str, dict[str, str]]
    of_home: dict[str, str]
    dashboard: str
    life: asyncio.Task[None]
    time_zone: str

    async def forecasts(self, seconds: float) -> list[RoomForecast]:
        """Return the forecasts of all rooms, at the latest after some seconds."""
        return await wait_for_forecasts(
            self.client,
            self.names,
            self.entities,
            self.of_home["last_trained"],
            ZoneInfo(self.time_zone),
            seconds,
        )


@asynccontextmanager
async def running_demo(home: DemoHome, folder: Path, port: int) -> AsyncIterator[Demo]:
    """Run a home in a new Home Assistant; what was in the folder is gone."""
    # Most of the past is written before the start, the minutes since then below.
    last = await asyncio.to_thread(_prepare, home, folder, port)
    async with running(folder, port) as server, onboarded(server.url, USER) as client:
        await client.ready()
        await make_areas(client, home)
        live = LiveHome(client, home)
        now = time.time()
        since_then = home.events.until(now)
        last.update((item.sensor_id, item) for item in since_then)
        await asyncio.to_thread(fill_archive, folder, since_then, now)
        await live.tell(sorted(last.values(), key=lambda item: item.timestamp))
        life = asyncio.create_task(live.go_on())
        try:
            entry_id = await add_home(client)
            names = await room_names(client, entry_id)
            await until_loaded(client, entry_id)
            entities = await room_entities(client, entry_id)
            of_home = await home_entities(client, entry_id)
            dashboard = await make_dashboard(client, home, names, entities, of_home)
            # What this machine lacks, such as ffmpeg, is no news in a demo.
            await client.post("/api/services/persistent_notification/dismiss_all", {})
            yield Demo(
                server,
                client,
                names,
                entities,
                of_home,
                dashboard,
                life,
                home.time_zone,
            )
        finally:
            life.cancel()
            with suppress(asyncio.CancelledError):
                await life


def _prepare(home: DemoHome, folder: Path, port: int) -> dict[str, Observation]:
    """Write the configuration and the past; return the last word of each sensor."""
    shutil.rmtree(folder, ignore_errors=True)
    write_configuration(folder, port, home)
    now = time.time()
    past = home.events.until(now)
    fill_archive(folder, past, now)
    fill_recorder(folder, past, home.sensors)
    return {item.sensor_id: item for item in past}
