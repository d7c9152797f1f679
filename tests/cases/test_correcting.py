"""A case's place or matter is corrected: decided anew, dated anew, told to all, once a correction."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.accounts.actor import Actor
from backend.cases import correcting, handover, queries, services
from backend.cases.correcting import Correction
from backend.cases.disputes import raising
from backend.cases.disputes.raising import Ground
from backend.cases.errors import CaseMovedAway, CaseNotFound, NoteNeeded, NothingToCorrect, VisitBooked
from backend.cases.intake import PointIn
from backend.cases.models import Case, CaseEvent, Dispute, Reroute
from backend.cases.services import Step
from backend.cases.texts import event_text
from backend.cases.workflow import Action
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.dispatch import services as dispatch
from backend.dispatch.errors import OutsideServedArea
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.sync.models import Change
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.inspections.test_races import at_once
from tests.world import World, make_world

OWN, EAST, NORTH = "002011001", "002011002", "002012001"
WHY = "桶在隔壁小区，定位有偏差"


def reported(world: World, now: datetime, **more: Any) -> Case:
    return services.report_case(actor=world.actor("resident:1"), report=report(world, **more), now=now).case


def right(world: World, case: Case, *, grid: str = "", matter: str = "", **more: Any) -> Correction:
    """A correction to the middle of a grid, to a matter, or both."""
    point = PointIn(*world.middle_of(grid), "wgs84", 5.0) if grid else None
    given = {"id": uuid7(), "version": case.version, "note": WHY, "point": point}
    return Correction(**{**given, "matter_id": world.matters[matter].pk if matter else None, **more})


def correct(world: World, case: Case, who: str, now: datetime, **more: Any) -> Case:
    # A moment later: the newer of two decisions is the one in force.
    moment = now + timedelta(seconds=1)
    correcting.correct_case(actor=world.actor(who), case_id=case.pk, correction=right(world, case, **more), now=moment)
    case.refresh_from_db()
    return case


def line_of(case: Case) -> CaseEvent:
    return CaseEvent.objects.get(case=case, action="correct")


def test_a_place_is_corrected_on_the_spot(world: World, now: datetime) -> None:
    case = reported(world, now)
    due = case.due_at
    correct(world, case, f"worker:{OWN}", now + timedelta(hours=1), grid=NORTH, address_text="北门 3 号")
    assert (case.grid, case.responsible) == (world.grid(NORTH), world.people[f"leader:{NORTH}"])
    assert (case.location.coords, case.raw_crs, case.address_text) == (world.middle_of(NORTH), "wgs84", "北门 3 号")
    # The same matter has the same limit, and the clock was not started anew.
    assert case.due_at == due
    line = line_of(case)
    assert (line.facts["from_grid"], line.facts["to_grid"]) == (world.grid(OWN).code, world.grid(NORTH).code)
    assert line.facts["from_owner"] == str(world.people[f"leader:{OWN}"].pk)
    assert line.facts["to_owner"] == str(world.people[f"leader:{NORTH}"].pk)
    assert (line.facts["from_place"], line.facts["to_place"]) == ([*world.middle_of(OWN)], [*world.middle_of(NORTH)])
    assert (line.note, line.is_public) == (WHY, True)
    assert event_text(line) == ("网格员更正位置（移动 222 米）", "Place (moved 222 m) corrected by the grid worker")
    assert [one.cause for one in dispatch.decisions_of(case.pk)] == ["location", "intake"]


def test_old_and_new_owner_and_the_reporter_hear_of_it_and_both_grids_fetch_it(world: World, now: datetime) -> None:
    case = reported(world, now)
    relay(now=lambda: now)
    correct(world, case, "street:002", now, grid=NORTH)
    relay(now=lambda: now)
    heard = {(one.user.username, one.topic) for one in Notification.objects.exclude(topic="case_dispatch")}
    assert heard == {
        (f"leader-{OWN}", "case_handed_on"), (f"leader-{NORTH}", "case_handed_to"), ("resident:1", "case_correct"),
    }  # fmt: skip
    paths = set(Change.objects.filter(kind="case", subject_id=case.pk).values_list("area_path", flat=True))
    assert paths == {world.grid(OWN).path, world.grid(NORTH).path}


@pytest.mark.parametrize(
    ("first", "then", "due"),
    [
        # 2 working hours from 10:00, and 1 working day, both from the report, whatever the hour of the correction.
        ("exposed_garbage", "dirty_road", "2026-11-18T12:00:00+08:00"),
        ("exposed_garbage", "graffiti_removal", "2026-11-19T10:00:00+08:00"),
    ],
)
def test_the_deadline_is_that_of_the_right_matter_from_the_first_report(
    world: World, now: datetime, first: str, then: str, due: str
) -> None:
    case = reported(world, now, matter=first)
    correct(world, case, "community:002011", now + timedelta(hours=5), matter=then)
    assert case.due_at == datetime.fromisoformat(due)
    assert case.condition == world.matters[then].conditions.get()
    assert (line_of(case).facts["cause"], dispatch.decisions_of(case.pk)[0].cause) == ("matter", "matter")


def test_a_matter_of_a_department_goes_to_the_department(world: World, now: datetime) -> None:
    case = correct(world, reported(world, now), f"leader:{OWN}", now, matter="dirty_road")
    assert (case.department, case.responsible) == (world.departments["sanitation"], None)
    assert line_of(case).facts["to_department"] == {"zh": "环卫所", "en": "Sanitation"}


def test_time_that_stood_still_stays_out_of_the_new_limit(world: World, now: datetime) -> None:
    case = reported(world, now)
    desk, leader = world.actor("community:002011"), world.actor(f"leader:{OWN}")
    services.act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=now)
    services.act(actor=desk, case_id=case.pk, step=Step(Action.SUSPEND, note="等材料"), now=now)
    later = now + timedelta(hours=1)
    services.act(actor=desk, case_id=case.pk, step=Step(Action.RESUME), now=later)
    case.refresh_from_db()
    correct(world, case, "community:002011", later, matter="dirty_road")
    assert case.due_at == datetime.fromisoformat("2026-11-18T15:00:00+08:00")


def test_a_report_that_waits_for_the_desk_is_filed_when_its_right_matter_files_itself(
    world: World, now: datetime
) -> None:
    case = reported(world, now, matter="abandoned_furniture")
    assert case.state == "reported"
    correct(world, case, f"worker:{OWN}", now + timedelta(hours=1), matter="exposed_garbage")
    assert (case.state, case.responsible) == ("pending_handle", world.people[f"leader:{OWN}"])
    assert case.due_at == datetime.fromisoformat("2026-11-18T16:00:00+08:00")


def test_an_escalated_case_is_escalated_again_when_the_new_deadline_passes(world: World, now: datetime) -> None:
    case = reported(world, now)
    late = now + timedelta(hours=8)
    assert services.escalate_overdue(now=late) == 1
    case.refresh_from_db()
    correct(world, case, "community:002011", late, matter="graffiti_removal")
    assert case.escalated_at is None
    assert services.escalate_overdue(now=late) == 0
    assert services.escalate_overdue(now=late + timedelta(days=1)) == 1


def test_what_somebody_has_begun_keeps_its_person_until_a_person_decides(world: World, now: datetime) -> None:
    case = reported(world, now)
    services.act(actor=world.actor(f"leader:{OWN}"), case_id=case.pk, step=Step(Action.ACCEPT), now=now)
    case.refresh_from_db()
    correct(world, case, f"leader:{OWN}", now, grid=NORTH)
    assert (case.state, case.grid) == ("handling", world.grid(NORTH))
    assert case.responsible == world.people[f"leader:{OWN}"]
    desk = world.actor("community:002012")
    assert [one.pk for one in handover.awaiting_decision(desk, at=now)] == [case.pk]
    assert OutboxMessage.objects.filter(topic="case_to_decide", key=str(case.pk)).count() == 1
    assert not OutboxMessage.objects.filter(topic="case_handed_over").exists()
    step = Step(Action.ASSIGN, worker_id=world.people[f"leader:{NORTH}"].pk)
    services.act(actor=desk, case_id=case.pk, step=step, now=now)
    services.act(actor=world.actor(f"leader:{NORTH}"), case_id=case.pk, step=Step(Action.ACCEPT), now=now)
    assert handover.awaiting_decision(desk, at=now) == []


def test_whom_a_person_chose_keeps_it_where_dispatch_says_the_same_as_before(world: World, now: datetime) -> None:
    case = reported(world, now)
    given = Step(Action.ASSIGN, worker_id=world.people[f"worker:{OWN}"].pk)
    services.act(actor=world.actor("community:002011"), case_id=case.pk, step=given, now=now)
    case.refresh_from_db()
    lon, lat = world.middle_of(OWN)
    correct(world, case, f"worker:{OWN}", now, point=PointIn(lon + 0.0002, lat, "wgs84"))
    assert case.responsible == world.people[f"worker:{OWN}"]
    correct(world, case, f"worker:{OWN}", now, grid=EAST)
    assert case.responsible == world.people[f"leader:{EAST}"]


def test_the_same_correction_twice_moves_once(world: World, now: datetime) -> None:
    case, desk = reported(world, now), world.actor("community:002011")
    said = right(world, case, grid=EAST)
    for _ in range(2):
        correcting.correct_case(actor=desk, case_id=case.pk, correction=said, now=now)
    assert Reroute.objects.count() == CaseEvent.objects.filter(case=case, action="correct").count() == 1
    case.refresh_from_db()
    with pytest.raises(NothingToCorrect):
        correct(world, case, "community:002011", now, grid=EAST)


def test_refusals_by_name(world: World, now: datetime) -> None:
    case = reported(world, now)
    for problem, more in (
        (NoteNeeded, {"grid": EAST, "note": "  "}),
        (NothingToCorrect, {"matter": "exposed_garbage"}),
        (NothingToCorrect, {}),
        (StaleVersion, {"grid": EAST, "version": case.version - 1}),
        (OutsideServedArea, {"point": PointIn(121.9, 30.9, "wgs84")}),
    ):
        with pytest.raises(problem):
            correct(world, case, f"worker:{OWN}", now, **more)
    with pytest.raises(CaseNotFound):
        correct(world, case, f"leader:{NORTH}", now, grid=NORTH)
    assert not Reroute.objects.exists()


def test_a_booked_visit_is_moved_first(world: World, now: datetime) -> None:
    case = reported(world, now)
    case.appointments.create(
        grid=world.grid(OWN), window=(now, now + timedelta(hours=2)), dwell_minutes=10, booked_at=now
    )
    with pytest.raises(VisitBooked):
        correct(world, case, f"worker:{OWN}", now, grid=EAST)


def test_a_correction_ends_an_open_dispute_and_a_ruling_on_the_old_place(world: World, now: datetime) -> None:
    case = reported(world, now)
    raising.return_case(
        actor=world.actor(f"leader:{OWN}"), case_id=case.pk, ground=Ground("不在本网格范围之内"), now=now
    )
    case.refresh_from_db()
    correct(world, case, "street:002", now, grid=NORTH)
    assert Dispute.objects.get().state == "withdrawn"


def test_what_went_to_a_department_is_not_taken_on_by_the_grid(world: World, now: datetime) -> None:
    leader = world.actor(f"leader:{OWN}")
    case = correct(world, reported(world, now), f"leader:{OWN}", now, matter="dirty_road")
    assert Action.ACCEPT not in [one.action for one in queries.available_actions(case, leader, now=now)]
    with pytest.raises(Exception, match="gone to a department"):
        services.act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=now)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Real threads on a real database."""

    @pytest.mark.parametrize("_turn", range(4))
    def test_of_two_corrections_one_counts(self, _turn: int) -> None:
        world = make_world(NOON)
        case = reported(world, NOON)

        def say(who: str, grid: str) -> Any:
            actor, said = world.actor(who), right(world, case, grid=grid)
            return lambda: correcting.correct_case(
                actor=actor, case_id=case.pk, correction=said, now=NOON
            ).version  # fmt: skip

        results = at_once(say("street:002", EAST), say(f"leader:{OWN}", NORTH))
        refused = [one for one in results if isinstance(one, str)]
        assert len(refused) == 1
        assert set(refused) <= {"stale_version", "case_moved_away", "case_not_found"}
        assert CaseEvent.objects.filter(case=case, action="correct").count() == 1

    @pytest.mark.parametrize("_turn", range(4))
    def test_one_correction_that_arrives_twice_at_once_moves_once(self, _turn: int) -> None:
        world = make_world(NOON)
        case, desk = reported(world, NOON), world.actor("street:002")
        said = right(world, case, grid=NORTH)
        at_once(*[lambda: correcting.correct_case(actor=desk, case_id=case.pk, correction=said, now=NOON)] * 3)
        assert CaseEvent.objects.filter(case=case, action="correct").count() == 1

    def test_an_accept_that_waited_behind_the_move_is_told_that_the_case_is_gone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = make_world(NOON)
        case = reported(world, NOON)
        results = _accept_behind_a_correction(world, case, monkeypatch, grid=NORTH)
        assert results == [CaseMovedAway.code]
        case.refresh_from_db()
        assert (case.state, case.responsible) == ("pending_handle", world.people[f"leader:{NORTH}"])

    def test_an_accept_that_waited_while_the_case_went_to_a_department_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = make_world(NOON)
        case = reported(world, NOON)
        assert _accept_behind_a_correction(world, case, monkeypatch, matter="dirty_road") == ["with_a_department"]
        case.refresh_from_db()
        assert (case.state, case.department) == ("pending_handle", world.departments["sanitation"])


def _accept_behind_a_correction(world: World, case: Case, monkeypatch: pytest.MonkeyPatch, **more: str) -> list[object]:
    """The owner accepts, without a version, while a correction holds the case; what the accept was told."""
    import threading

    from django.db import connection

    leader, results = world.actor(f"leader:{OWN}"), []
    told = correcting.drop_open

    def accept() -> None:
        try:
            services.act(actor=leader, case_id=case.pk, step=Step(Action.ACCEPT), now=NOON)
            results.append("accepted")
        except Exception as error:
            results.append(getattr(error, "code", repr(error)))
        connection.close()

    waiting = threading.Thread(target=accept)

    def slowly(*given: Any, **named: Any) -> None:
        waiting.start()
        waiting.join(1.0)
        told(*given, **named)

    monkeypatch.setattr(correcting, "drop_open", slowly)
    correct(world, case, "street:002", NOON, **more)
    waiting.join()
    return results


def test_nobody_anonymous_corrects(world: World, now: datetime) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    stranger = Actor(user_id=None, role=ANONYMOUS.role)
    with pytest.raises(CaseNotFound):
        correcting.correct_case(actor=stranger, case_id=case.pk, correction=right(world, case, grid=EAST), now=now)
