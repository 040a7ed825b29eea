"""The members of the pool."""

from .base import Member
from .climatology import Climatology
from .duration import Duration
from .gaussian_process import GaussianProcess
from .hazard import Hazard
from .hidden_markov import HiddenMarkov
from .kernel import Kernel

# The forecast that others take as an input, made without their help.
REFERENCE = Kernel()
MEMBERS: tuple[Member, ...] = (
    Climatology(),
    Duration(),
    REFERENCE,
    Hazard(),
    HiddenMarkov(),
    GaussianProcess(),
)

__all__ = ["MEMBERS", "REFERENCE"]
