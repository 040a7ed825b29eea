"""The processes that a test has started, as the kernel sees them."""

from pathlib import Path
import time

# Counted, since clocks may be frozen: half a minute, for machines that are busy.
_PAUSE = 0.01
_TRIES = 3000


def children(parent: int) -> list[int]:
    """Return the processes that a process has started and that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            continue
        # The name, in parentheses, may hold anything.
        state, ppid = text.rpartition(")")[2].split()[:2]
        if int(ppid) == parent and state != "Z":
            found.append(int(path.parent.name))
    return found


def is_alive(process: int) -> bool:
    """Tell whether a process runs, or is stopped."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def wait_for_child(parent: int, before: set[int]) -> int:
    """Wait for the one process that was not there before."""
    new = set(children(parent)) - before
    for _ in range(_TRIES):
        if new:
            break
        time.sleep(_PAUSE)
        new = set(children(parent)) - before
    (child,) = new
    return child


def wait_for_end(process: int, seconds: float) -> bool:
    """Wait until a process has ended; tell whether it has."""
    for _ in range(int(seconds / _PAUSE)):
        if not is_alive(process):
            return True
        time.sleep(_PAUSE)
    return False
