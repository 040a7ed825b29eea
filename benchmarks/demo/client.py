"""Talk to a Home Assistant as its own frontend does: REST and WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from types import TracebackType
from typing import Any, Self

import aiohttp

READY_SECONDS = 90.0  # until everything that is configured has been set up
POLL_SECONDS = 0.2
TOKEN_DAYS = 30  # a demo that runs for weeks must not lose its way in


class ApiError(Exception):
    """Home Assistant refused what was asked of it."""


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in."""

    name: str
    username: str
    password: str


class Client:
    """One logged-in connection; a context manager."""

    def __init__(self, url: str, token: str) -> None:
        """Take the address and an access token of an administrator."""
        self.url = url
        self.token = token
        self._ids = count(1)
        self._lock = asyncio.Lock()
        self._session = aiohttp.ClientSession(
            url, headers={"Authorization": f"Bearer {token}"}
        )
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        """Open the WebSocket and log in."""
        try:
            self._socket = await self._session.ws_connect("/api/websocket")
            await self._socket.receive_json()
            await self._socket.send_json({"type": "auth", "access_token": self.token})
            answer = await self._socket.receive_json()
        except BaseException:
            await self._session.close()
            raise
        if answer["type"] != "auth_ok":
            await self._session.close()
            raise ApiError(f"log in: {answer.get('message')}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close both."""
        if self._socket is not None:
            await self._socket.close()
        await self._session.close()

    async def get(self, path: str) -> Any:
        """Return what a REST path holds, None if there is no such thing."""
        async with self._session.get(path) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            return await _content(response)

    async def post(self, path: str, content: dict[str, Any]) -> Any:
        """Post JSON to a REST path and return the answer."""
        async with self._session.post(path, json=content) as response:
            return await _content(response)

    async def command(self, kind: str, **content: Any) -> Any:
        """Carry out a WebSocket command and return its result."""
        if self._socket is None:
            raise ApiError("not connected")
        async with self._lock:
            number = next(self._ids)
            await self._socket.send_json({"id": number, "type": kind, **content})
            answer = await self._socket.receive_json()
        if not answer["success"]:
            raise ApiError(f"{kind}: {answer['error']['message']}")
        return answer["result"]

    async def ready(self) -> None:
        """Wait until Home Assistant has started in full."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                if (await self.get("/api/config"))["state"] == "RUNNING":
                    return
                await asyncio.sleep(POLL_SECONDS)


async def _content(response: aiohttp.ClientResponse) -> Any:
    if not response.ok:
        raise ApiError(
            f"{response.method} {response.url.path}: {response.status}"
            f" {await response.text()}"
        )
    return await response.json()


@asynccontextmanager
async def onboarded(url: str, user: User) -> AsyncIterator[Client]:
    """Make the first user of a new Home Assistant and log in as that user."""
    client_id = f"{url}/"
    async with aiohttp.ClientSession(url) as session:
        async with session.post(
            "/api/onboarding/users",
            json={
                "client_id": client_id,
                "name": user.name,
                "username": user.username,
                "password": user.password,
                "language": "en",
            },
        ) as response:
            code = (await _content(response))["auth_code"]
        async with session.post(
            "/auth/token",
            data={
                "client_id": client_id,
                "grant_type": "authorization_code",
                "code": code,
            },
        ) as response:
            token = (await _content(response))["access_token"]
    # The token of a log-in is good for half an hour only.
    async with Client(url, token) as client:
        lasting = await client.command(
            "auth/long_lived_access_token", client_name="Demo", lifespan=TOKEN_DAYS
        )
    async with Client(url, lasting) as client:
        yield client
