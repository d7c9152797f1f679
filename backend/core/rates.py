"""Counting of calls in Redis, in one step and in fixed windows."""

import logging
import time
from functools import cache

import redis
from django.conf import settings
from redis.commands.core import Script

log = logging.getLogger(__name__)


_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n"""


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_CACHE_URL, socket_timeout=1, socket_connect_timeout=1)


@cache
def _counter() -> Script:
    return _client().register_script(_COUNT)


def count(key: str, *, window_s: int) -> int | None:
    """One more call under this key; how many there were in the present window of `window_s`. None without Redis."""
    name = f"gw:rate:{key}:{int(time.time()) // window_s}"
    try:
        return int(_counter()(keys=[name], args=[window_s]))
    except redis.RedisError as error:
        log.warning("calls under %s are not counted: %s", key.partition(":")[0], type(error).__name__)
        return None
