"""Limits on how often a door may be used. Counted in Redis in one step; without Redis the door stays open.

Sign-in and one-time codes are counted exactly, from rows, in `backend.accounts.services`.
"""

import logging
import time
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from backend.core import rates
from mobile_api.common.network import address_of

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = logging.getLogger(__name__)
_WINDOW_S = 3600
_MINUTE_S = 60


class HourlyLimit(BaseThrottle):
    """At most so many calls an hour from one address, for people who are not signed in."""

    scope: ClassVar[str]
    counts_reads: ClassVar[bool] = False

    def allow_request(self, request: Request, view: "APIView") -> bool:
        is_read = request.method in ("GET", "HEAD")
        if (is_read and not self.counts_reads) or getattr(request._request, "actor", None) is not None:
            return True
        self.window = int(time.time()) // _WINDOW_S
        key = f"limit:{self.scope}:{address_of(request._request)}:{self.window}"
        try:
            cache.add(key, 0, timeout=_WINDOW_S)
            count = cache.incr(key)
        except (RedisError, ValueError):
            log.warning("limit %s is not counted: no Redis", self.scope)
            return True
        return bool(count <= settings.HOURLY_LIMITS[self.scope])

    def wait(self) -> float:
        return (self.window + 1) * _WINDOW_S - time.time()


class PositionBatches(BaseThrottle):
    """Batches of positions that one person may send in a minute, whatever becomes of them."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        actor = getattr(request._request, "actor", None)
        if actor is None or getattr(request._request, "batch_is_counted", False):
            return True
        return self.allows(actor.user_id)

    @staticmethod
    def allows(user_id: UUID | None) -> bool:
        """Counts one more batch; without Redis the door stays open."""
        count = rates.count(f"positions:{user_id}", window_s=_MINUTE_S)
        return count is None or count <= settings.POSITION_BATCHES_PER_MINUTE

    def wait(self) -> float:
        return _MINUTE_S - time.time() % _MINUTE_S


class AnonymousReports(HourlyLimit):
    scope = "anonymous_report"


class AnonymousPhotos(HourlyLimit):
    scope = "photo"


class TrackingCodes(HourlyLimit):
    """Guessing of tracking codes; reads count too."""

    scope = "track"
    counts_reads = True


class PublicGrids(HourlyLimit):
    """Leafing through the public list of grids."""

    scope = "public_grid"
    counts_reads = True
