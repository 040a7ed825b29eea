"""What the tests with a Home Assistant of their own share."""

import socket

import pytest

from benchmarks.demo.server import HOST


@pytest.fixture
def port(socket_enabled: None) -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
    return number
