"""The members of the pool."""

from .base import Member
from .climatology import Climatology
from .duration import Duration

MEMBERS: tuple[Member, ...] = (Climatology(), Duration())

__all__ = ["MEMBERS"]
