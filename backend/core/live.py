"""The live stream: a Redis stream that the `live` process fans out. A courtesy; what counts is in the database."""

import json
import logging
from functools import cache
from typing import Any

import redis
from django.conf import settings

log = logging.getLogger(__name__)

STREAM = "gridward:live"
KEPT_MESSAGES = 20_000


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_LIVE_URL, socket_timeout=2, socket_connect_timeout=1)


def publish(kind: str, *, area_path: str, payload: dict[str, Any]) -> bool:
    """Appends one message for everybody whose areas cover `area_path`. False, with a log line, when Redis is away."""
    try:
        _client().xadd(
            STREAM,
            {"kind": kind, "path": area_path, "body": json.dumps(payload, default=str)},
            maxlen=KEPT_MESSAGES,
            approximate=True,
        )
    except redis.RedisError as error:
        log.warning("live message %s not sent: %s", kind, type(error).__name__)
        return False
    return True
