"""The members of the pool."""

from .analogue import Analogue
from .base import Member
from .boosting import Boosting
from .climatology import Climatology
from .duration import Duration
from .gaussian_process import GaussianProcess
from .hazard import Hazard
from .hidden_markov import HiddenMarkov
from .kernel import Kernel
from .prior import Prior
from .sequence import Sequence

# The forecast that others take as an input, made without their help.
REFERENCE = Kernel()
# What speaks before anything was learned, and gives way as it is.
PRIOR = Prior()
MEMBERS: tuple[Member, ...] = (
    Climatology(),
    Duration(),
    REFERENCE,
    Hazard(),
    Boosting(),
    Analogue(),
    HiddenMarkov(),
    GaussianProcess(),
    PRIOR,
    Sequence(),
)

__all__ = ["MEMBERS", "PRIOR", "REFERENCE"]
