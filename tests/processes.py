"""The processes that a test has started, as the kernel sees them."""

from pathlib import Path
import time

# What only the command line of a learning process has.
_PROGRAM = "from occupancy_prediction.worker_main import main"
# Counted, since clocks may be frozen: half a minute, for machines that are busy.
_PAUSE = 0.01
_TRIES = 3000


def learning_processes(parent: int) -> list[int]:
    """Return those that a process has started and that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "stat").read_text(encoding="utf-8")
            command = (path / "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # The name, in parentheses, may hold anything. What has ended has no command.
        _, ppid = text.rpartition(")")[2].split()[:2]
        if int(ppid) == parent and _PROGRAM in command:
            found.append(int(path.name))
    return found


def is_alive(process: int) -> bool:
    """Tell whether a process runs, or is stopped."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def wait_for_learning(parent: int) -> int:
    """Wait for the one learning process that a process starts."""
    found = learning_processes(parent)
    for _ in range(_TRIES):
        if found:
            break
        time.sleep(_PAUSE)
        found = learning_processes(parent)
    (process,) = found
    return process


def wait_for_end(process: int, seconds: float) -> bool:
    """Wait until a process has ended; tell whether it has."""
    for _ in range(int(seconds / _PAUSE)):
        if not is_alive(process):
            return True
        time.sleep(_PAUSE)
    return False
