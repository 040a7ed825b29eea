"""Home Assistant and its learning process, killed while they learn."""

import pytest

from benchmarks.lag.kill import kill_often


@pytest.mark.end_to_end
@pytest.mark.timeout(900)
def test_nothing_is_lost() -> None:
    """Each restart is clean; ``scripts/bench lag --kill`` does it 20 times."""
    losses = kill_often(2)
    assert losses.restarts == 2
    assert [figure.line() for figure in losses.figures() if not figure.passed] == []
