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
# The forecast that learns on top of it.
BASIS = Hazard()
# What speaks before anything was learned, and gives way as it is.
PRIOR = Prior()
MEMBERS: tuple[Member, ...] = (
    Climatology(),
    Duration(),
    REFERENCE,
    BASIS,
    Boosting(),
    Analogue(),
    HiddenMarkov(),
    GaussianProcess(),
    PRIOR,
    Sequence(),
)
# Those that start from what reference and basis say together: trees and networks find
# what a sum of effects cannot tell.
CORRECTING = frozenset({Boosting.name, Sequence.name})

__all__ = ["BASIS", "CORRECTING", "MEMBERS", "PRIOR", "REFERENCE"]
