"""A full disk and a busy database, for tests of what writes files."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
import resource
import sqlite3


@contextmanager
def full_disk() -> Iterator[None]:
    """Let every write of this process to a file fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def busy_database(path: Path) -> Iterator[None]:
    """Let whoever writes to a SQLite database wait, as if the disk were slow."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()
