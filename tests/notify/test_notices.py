"""The relay tells people once, however often it runs, and only whom it concerns."""

import threading
import time
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test import Client

from backend.accounts.actor import Actor
from backend.cases import services
from backend.cases.models import Case
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.sync import feed
from backend.sync.errors import BadCursor
from tests.cases.test_spine import report
from tests.world import World


@pytest.fixture
def handled(world: World, now: datetime) -> Case:
    """Reported by resident 1, taken on and handled by the leader; what laying the world owed is sent already."""
    relay(now=lambda: now)
    case = services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case
    leader = world.actor("leader:002011001")
    for action in (Action.ACCEPT, Action.SUBMIT):
        services.act(actor=leader, case_id=case.pk, step=Step(action), now=now)
    return case


def topics_of(world: World, name: str) -> list[str]:
    found = Notification.objects.filter(user=world.people[name]).order_by("created_at", "outbox_id")
    return [notice.topic for notice in found]


def test_reporter_and_worker_hear_once_what_concerns_them(world: World, now: datetime, handled: Case) -> None:
    assert relay(now=lambda: now) == 5
    assert topics_of(world, "resident:1") == ["case_dispatch", "case_accept", "case_submit"]
    assert topics_of(world, "leader:002011001") == ["case_dispatch"]
    OutboxMessage.objects.update(sent_at=None)
    relay(now=lambda: now)
    assert len(topics_of(world, "resident:1")) == 3


def test_a_person_reads_own_notices_only(world: World, now: datetime, handled: Case) -> None:
    relay(now=lambda: now)
    mine, other = Client(), Client()
    mine.force_login(world.people["leader:002011001"])
    other.force_login(world.people["leader:002011002"])
    (notice,) = mine.get("/api/v1/notices").json()["items"]
    assert notice["text"]["en"].endswith("was dispatched")
    body = {"ids": [notice["id"]]}
    assert other.post("/api/v1/notices/read", body, content_type="application/json").json() == {"read": 0}
    assert mine.post("/api/v1/notices/read", body, content_type="application/json").json() == {"read": 1}


def test_a_poisoned_message_does_not_stop_the_others(world: World, now: datetime, handled: Case) -> None:
    poisoned = OutboxMessage.objects.filter(sent_at=None).order_by("id").first()
    assert poisoned is not None
    OutboxMessage.objects.filter(pk=poisoned.pk).update(payload={})
    assert relay(now=lambda: now) == 4
    poisoned.refresh_from_db()
    assert (poisoned.sent_at, poisoned.attempts) == (None, 1)


def once_settled(actor: Actor, cursor: str) -> feed.Page:
    """The first page that holds something: the feed waits for older transactions, those of other tests too."""
    for _ in range(600):
        page = feed.changes_since(actor, cursor)
        if page.changes:
            return page
        time.sleep(0.1)
    raise AssertionError("nothing arrived in a minute")


@pytest.mark.django_db(transaction=True)
def test_the_change_feed_gives_each_change_to_its_area_and_no_other(transactional_db: None, now: datetime) -> None:
    from tests.world import make_world

    world = make_world(now)
    leader, neighbour = world.actor("leader:002011001"), world.actor("leader:002011002")
    cursors: dict[Actor, str] = {actor: feed.newest_cursor(actor) for actor in (leader, neighbour)}
    case = services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case
    relay(now=lambda: now)
    page = once_settled(leader, cursors[leader])
    assert {(change.kind, change.id) for change in page.changes} == {("case", case.pk)}
    assert feed.changes_since(leader, page.cursor).changes == []
    assert feed.changes_since(neighbour, cursors[neighbour]).changes == []
    with pytest.raises(BadCursor):
        feed.changes_since(neighbour, page.cursor)


@pytest.mark.django_db(transaction=True)
def test_the_change_feed_never_overtakes_a_slow_writer(transactional_db: None, now: datetime) -> None:
    """The slow one took its number first and commits last; whoever read in between would never see it."""
    from tests.world import make_world

    leader = make_world(now).actor("leader:002011001")
    slow, quick = (
        OutboxMessage(topic="case_changed", key=str(uuid7()), area_path=leader.area_paths[0]) for _ in range(2)
    )
    cursor = feed.newest_cursor(leader)
    has_written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            feed.remember(slow, now)
            has_written.set()
            may_commit.wait(20)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    has_written.wait(20)
    feed.remember(quick, now)
    between = feed.changes_since(leader, cursor)
    may_commit.set()
    writer.join()
    assert between.changes == []
    seen: list[str] = []
    while len(seen) < 2:
        page = once_settled(leader, between.cursor)
        seen += [str(change.id) for change in page.changes]
        between = page
    assert seen == [slow.key, quick.key]
