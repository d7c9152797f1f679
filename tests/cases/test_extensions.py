"""More time, standing still, pressing from above, appeal: what each does to the deadline, and who hears of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections
from django.db.models import Q

from backend.cases import queries, services
from backend.cases.errors import BadUntil, NothingAsked, TooManyExtensions
from backend.cases.limits import restate_limit
from backend.cases.models import Case, CaseEvent
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.matters.models import Matter
from backend.notify.models import Notification
from backend.notify.relay import relay
from tests.cases.test_spine import report
from tests.conftest import NOON
from tests.world import World, make_world

LEADER, DESK, STREET = "leader:002011001", "community:002011", "street:002"


def at_work(world: World, now: datetime) -> Case:
    Matter.objects.update(evidence={})
    case = services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case
    return take(world, case, LEADER, Action.ACCEPT, now)


def take(world: World, case: Case, who: str, action: Action, now: datetime, **more: object) -> Case:
    step = Step(action, note="因故如此", **more)  # type: ignore[arg-type]
    return services.act(actor=world.actor(who), case_id=case.pk, step=step, now=now)


def shown(case: Case, world: World, who: str, now: datetime) -> set[str]:
    return {step.action.value for step in queries.available_actions(case, world.actor(who), now=now)}


def test_an_extension_adds_the_limit_once_more_and_is_given_twice_at_most(world: World, now: datetime) -> None:
    case = at_work(world, now)  # 4 WH from 10:00: due at 16:00 local time
    for due in ("2026-11-19T10:00:00+08:00", "2026-11-19T16:00:00+08:00"):
        assert "extend" not in shown(case, world, STREET, now)
        case = take(world, case, LEADER, Action.ASK_EXTENSION, now)
        assert {"extend", "deny_extension"} <= shown(case, world, STREET, now)
        assert "ask_extension" not in shown(case, world, LEADER, now)
        case = take(world, case, STREET, Action.EXTEND, now)
        assert case.due_at == datetime.fromisoformat(due)
    with pytest.raises(TooManyExtensions):
        take(world, case, LEADER, Action.ASK_EXTENSION, now)
    extended = case.due_at
    restate_limit(case, now=now)
    assert case.due_at == extended


def test_a_denied_request_changes_nothing_but_may_be_asked_again(world: World, now: datetime) -> None:
    case = at_work(world, now)
    due = case.due_at
    take(world, case, LEADER, Action.ASK_EXTENSION, now)
    case = take(world, case, STREET, Action.DENY_EXTENSION, now)
    assert (case.due_at, case.extension_count, case.extension_asked_at) == (due, 0, None)
    take(world, case, LEADER, Action.ASK_EXTENSION, now)


def test_a_request_ends_with_the_work_that_it_was_for(world: World, now: datetime) -> None:
    case = at_work(world, now)
    take(world, case, LEADER, Action.ASK_EXTENSION, now)
    take(world, case, LEADER, Action.SUBMIT, now)
    case = take(world, case, DESK, Action.REWORK, now)
    with pytest.raises(NothingAsked):
        take(world, case, STREET, Action.EXTEND, now)


def test_a_late_grant_lets_the_case_be_escalated_again(world: World, now: datetime) -> None:
    case = at_work(world, now)
    take(world, case, LEADER, Action.ASK_EXTENSION, now)
    late = now + timedelta(hours=7)
    assert services.escalate_overdue(now=late) == 1
    case = take(world, case, STREET, Action.EXTEND, late)
    assert case.escalated_at is None
    assert services.escalate_overdue(now=late) == 0
    assert services.escalate_overdue(now=late + timedelta(days=2)) == 1


def test_a_suspension_has_an_end_within_a_year(world: World, now: datetime) -> None:
    case = at_work(world, now)
    for until in (now, now - timedelta(days=1), now + timedelta(days=365, seconds=1)):
        with pytest.raises(BadUntil):
            take(world, case, DESK, Action.SUSPEND, now, until=until)
    case = take(world, case, DESK, Action.SUSPEND, now)
    assert case.suspended_until == now + timedelta(days=365)
    case = take(world, case, DESK, Action.RESUME, now + timedelta(days=1))
    assert case.suspended_until is None
    assert "suspend" not in shown(case, world, DESK, now)


def test_a_suspended_case_resumes_by_itself_once_with_the_time_that_was_left(world: World, now: datetime) -> None:
    case = at_work(world, now)
    until = now + timedelta(days=7)
    case = take(world, case, DESK, Action.SUSPEND, now, until=until)
    line = case.events.latest("n")
    assert line.facts["until"] == until.isoformat()
    assert services.resume_suspended(now=until - timedelta(seconds=1)) == 0
    assert services.resume_suspended(now=until) == 1
    assert services.resume_suspended(now=until) == 0
    case.refresh_from_db()
    assert (case.state, case.suspended_until) == ("handling", None)
    assert case.due_at == datetime.fromisoformat(
        "2026-11-25T16:00:00+08:00"
    )  # a Wednesday later, the same four working hours
    assert case.events.latest("n").actor_role == "system"


def test_a_suspended_case_that_is_closed_from_above_has_no_end_of_its_pause(world: World, now: datetime) -> None:
    case = take(world, at_work(world, now), DESK, Action.SUSPEND, now, until=now + timedelta(days=7))
    case = take(world, case, STREET, Action.FORCE_CLOSE, now)
    case.refresh_from_db()
    assert (case.state, case.suspended_until) == ("forced_close", None)


def test_what_a_person_resumes_under_the_sweep_is_left_alone(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    until, resume = now + timedelta(days=1), services._resume
    case = take(world, at_work(world, now), DESK, Action.SUSPEND, now, until=until)

    def resume_behind_the_desk(case_id: UUID, ended: Q, at: datetime) -> bool:
        take(world, case, DESK, Action.RESUME, at)
        return resume(case_id, ended, at)

    monkeypatch.setattr(services, "_resume", resume_behind_the_desk)
    assert services.resume_suspended(now=until) == 0
    assert [line.actor_role for line in case.events.filter(action="resume")] == ["community"]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_resume_once() -> None:
    world = make_world(NOON)
    case = at_work(world, NOON)
    take(world, case, DESK, Action.SUSPEND, NOON, until=NOON + timedelta(days=1))

    def sweep() -> int:
        try:
            return services.resume_suspended(now=NOON + timedelta(days=1))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        done = [run.result() for run in [pool.submit(sweep) for _ in range(4)]]
    assert sum(done) == 1
    assert CaseEvent.objects.filter(case=case, action="resume").count() == 1


def test_pressing_from_above_is_told_to_who_has_the_case_and_leaves_a_dispute_open(world: World, now: datetime) -> None:
    case = services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case
    from backend.cases.disputes.raising import Ground, return_case

    dispute = return_case(actor=world.actor(LEADER), case_id=case.pk, ground=Ground("这不是我们网格的事"), now=now)
    case = take(world, case, STREET, Action.SUPERVISE, now)
    assert (case.state, case.supervised_at) == ("pending_handle", now)
    dispute.refresh_from_db()
    assert dispute.state == "open"
    relay(now=lambda: now)
    told = Notification.objects.filter(topic="case_supervise").values_list("user__username", flat=True)
    assert list(told) == [world.people[LEADER].username]


def test_overtime_is_excused_by_an_appeal_and_stays_on_record(world: World, now: datetime) -> None:
    case = at_work(world, now)
    late = now + timedelta(days=1)
    take(world, case, LEADER, Action.SUBMIT, late)
    case = take(world, case, DESK, Action.CLOSE, late)
    assert "appeal" in shown(case, world, LEADER, late)
    take(world, case, LEADER, Action.APPEAL, late)
    case = take(world, case, STREET, Action.GRANT_APPEAL, late)
    assert case.appeal == "granted"
    assert case.handled_at is not None
    assert case.due_at is not None
    assert case.handled_at > case.due_at
    assert not {"appeal", "grant_appeal", "deny_appeal"} & shown(case, world, STREET, late)


def test_the_desk_hears_of_a_request(world: World, now: datetime) -> None:
    take(world, at_work(world, now), LEADER, Action.ASK_EXTENSION, now)
    relay(now=lambda: now)
    told = set(Notification.objects.filter(topic="case_ask_extension").values_list("user__username", flat=True))
    assert told == {world.people[DESK].username, world.people[STREET].username}
