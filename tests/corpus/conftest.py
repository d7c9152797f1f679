"""One town for the whole corpus: what is refused changes nothing, so that it needs no other."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from tests.authorisation.stage import Stage, build
from tests.streets import lay_streets


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    media = override_settings(MEDIA_ROOT=tmp_path_factory.getbasetemp() / "media")
    with django_db_blocker.unblock(), media, transaction.atomic():
        town = build()
        lay_streets(town.world)
        for role, client in town.clients.items():
            if role != "anonymous":
                client.get("/api/v1/me")  # the first use of a token is noted
        yield town
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _own_limits() -> None:
    cache.clear()
