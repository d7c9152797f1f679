"""Counting of calls in Redis, in one step and in fixed windows."""

import logging
import time
from functools import cache

import redis
from django.conf import settings

log = logging.getLogger(__name__)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CACHE_URL, socket_timeout=1, socket_connect_timeout=1)


def count(key: str, *, window_s: int) -> int | None:
    """One more call under this key; how many there were in the present window of `window_s`. None without Redis."""
    name = f"gw:rate:{key}:{int(time.time()) // window_s}"
    try:
        with _client().pipeline(transaction=False) as steps:
            steps.incr(name)
            steps.expire(name, window_s)
            return int(steps.execute()[0])
    except redis.RedisError as error:
        log.warning("calls under %s are not counted: %s", key.partition(":")[0], type(error).__name__)
        return None
