"""What the relay promises when it is slow, killed or doubled: notices once, an SMS at least once under one key."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backend.cases import services
from backend.cases.models import Case
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core import live, outbox
from backend.core.models import OutboxMessage
from backend.notify import relay as relaying
from backend.notify import sms
from backend.notify.relay import relay
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.world import World, make_world

AFTER_THE_LEASE = NOON + outbox.LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """The process is gone: nothing behind this line runs, and nobody catches it."""


@pytest.fixture(autouse=True)
def _empty_file() -> None:
    Path(settings.SMS_FILE).unlink(missing_ok=True)


def texts_sent() -> list[tuple[str, str]]:
    """Key and text of every SMS that left."""
    file = Path(settings.SMS_FILE)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [(cells[2], cells[4]) for cells in (line.split("\t") for line in lines)]


def refused(world: World) -> Case:
    """A report of somebody without an account, who is told by SMS; nothing else is owed."""
    sent = report(world, matter="abandoned_furniture")
    case = services.report_case(actor=ANONYMOUS, report=sent, now=NOON).case
    Case.objects.filter(pk=case.pk).update(contact_phone="19900000001")
    OutboxMessage.objects.all().delete()
    step = Step(Action.REFUSE, note="不在受理范围内")
    services.act(actor=world.actor("community:002011"), case_id=case.pk, step=step, now=NOON)
    assert OutboxMessage.objects.count() == 1
    return case


def killed_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """The next relay is killed as it calls this."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(owner, name, die)
        with pytest.raises(Killed):
            relay(now=lambda: NOON)


def test_killed_before_the_sms_it_is_sent_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(world)
    killed_at(monkeypatch, sms, "send")
    assert (relay(now=lambda: NOON), texts_sent()) == (0, []), "the lease of the dead one still holds"
    assert relay(now=lambda: AFTER_THE_LEASE) == 1
    assert len(texts_sent()) == 1


def test_killed_between_sms_and_mark_it_goes_again_under_the_same_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one doubling that is left, and what lets a provider drop it."""
    refused(world)
    killed_at(monkeypatch, outbox, "mark_sent")
    relay(now=lambda: AFTER_THE_LEASE)
    first, second = texts_sent()
    assert first == second
    assert first[0] == str(OutboxMessage.objects.get().pk)
    assert relay(now=lambda: AFTER_THE_LEASE + timedelta(hours=1)) == 0


def test_killed_after_the_mark_nothing_is_doubled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(world)
    killed_at(monkeypatch, live, "publish")
    assert relay(now=lambda: AFTER_THE_LEASE) == 0
    assert len(texts_sent()) == 1


def test_what_fails_beside_an_sms_does_not_send_it_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(world)
    consumers = list(relaying._more)
    assert consumers, "the change feed is among them"

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(relaying, "_more", [fails])
        assert relay(now=lambda: NOON) == 0
    assert texts_sent() == []
    relay(now=lambda: NOON + timedelta(hours=1))
    assert len(texts_sent()) == 1


def test_a_slow_relay_gives_back_what_it_has_no_time_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        outbox.owe("case_changed", number, now=NOON, action="none", state="reported")
    OutboxMessage.objects.exclude(topic="case_changed").delete()
    clock, tried = [NOON], []

    def slow(message: OutboxMessage, _: datetime) -> None:
        if not tried:
            others = list(OutboxMessage.objects.order_by("id").values_list("attempts", flat=True))
            assert others == [1, 1, 1]
            clock[0] += outbox.LEASE / 2 + timedelta(seconds=1)
        tried.append(message.pk)
        if len(tried) == 1:
            monkeypatch.setattr(outbox, "lease", lambda **_: [])

    monkeypatch.setattr(relaying.people, "notify_people", slow)
    assert relay(now=lambda: clock[0]) == 1
    left = OutboxMessage.objects.filter(sent_at=None)
    assert list(left.values_list("attempts", "lease_until")) == [(0, None), (0, None)]


def test_what_somebody_else_has_leased_meanwhile_is_not_given_back(db: None) -> None:
    outbox.owe("case_changed", 1, now=NOON)
    stale = outbox.lease(limit=10, now=NOON)
    (theirs,) = outbox.lease(limit=10, now=AFTER_THE_LEASE)
    outbox.give_back(stale)
    theirs.refresh_from_db()
    assert (theirs.attempts, theirs.lease_until) == (2, AFTER_THE_LEASE + outbox.LEASE)


@pytest.mark.django_db(transaction=True)
def test_relays_side_by_side_send_one_sms() -> None:
    world = make_world(NOON)
    for _ in range(3):
        sent = report(world, matter="abandoned_furniture")
        case = services.report_case(actor=ANONYMOUS, report=sent, now=NOON).case
        Case.objects.filter(pk=case.pk).update(contact_phone="19900000001")
        step = Step(Action.REFUSE, note="不在受理范围内")
        services.act(actor=world.actor("community:002011"), case_id=case.pk, step=step, now=NOON)
    at_once(*[lambda: relay(now=lambda: NOON)] * 4)
    assert len(texts_sent()) == len(set(texts_sent())) == 3
