"""A town's own table of steps: checked as a whole, refused by row and column, loaded without stranding a case."""

import csv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from backend.accounts.roles import Role
from backend.cases import queries, services
from backend.cases.flows import holding
from backend.cases.flows.guards import CHECKS
from backend.cases.flows.names import Guard
from backend.cases.flows.table import COLUMNS, RoleMayNot, TableRefused, TransitionNotAllowed, read_flow
from backend.cases.models import Case, FlowVersion
from backend.cases.services import Step
from backend.cases.workflow import MEANING, Action, State
from backend.core.models import AuditEntry
from tests.cases.test_spine import report
from tests.conftest import NOON
from tests.world import World, make_world

LEADER, DESK = "leader:002011001", "community:002011"
Cells = dict[str, str]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    holding.forget_flows()
    yield
    holding.forget_flows()


def standard_lines() -> list[tuple[int, Cells]]:
    with holding.STANDARD_FILE.open(encoding="utf-8", newline="") as file:
        return list(enumerate(csv.DictReader(file), start=2))


def without(*actions: str) -> list[tuple[int, Cells]]:
    return [(line, cells) for line, cells in standard_lines() if cells["action"] not in actions]


def changed(action: str, column: str, value: str) -> list[tuple[int, Cells]]:
    """The standard table with one cell of the first row of `action` changed."""
    lines = standard_lines()
    line = next(n for n, cells in lines if cells["action"] == action)
    return [(n, {**cells, column: value} if n == line else cells) for n, cells in lines]


def line_of(action: str) -> int:
    return next(line for line, cells in standard_lines() if cells["action"] == action)


def added(**cells: str) -> list[tuple[int, Cells]]:
    return [*standard_lines(), (99, {column: cells.get(column.rstrip("_"), "") for column in COLUMNS})]


def test_the_table_in_the_tree_is_sound_and_uses_every_state() -> None:
    assert holding.standard().states == frozenset(MEANING) == frozenset(State)


def test_every_guard_has_its_check() -> None:
    assert set(CHECKS) == set(Guard)


@pytest.mark.parametrize(
    ("lines", "action", "column", "reason"),
    [
        (lambda: changed("submit", "from", "handlin"), "submit", "from", "'handlin' is none of"),
        (lambda: changed("submit", "action", "sumbit"), "submit", "action", "'sumbit' is none of"),
        (lambda: changed("submit", "to", "done"), "submit", "to", "'done' is none of"),
        (lambda: changed("submit", "to", ""), "submit", "to", "name one state"),
        (lambda: changed("submit", "to", "closed pending_check"), "submit", "to", "name one state"),
        (lambda: changed("submit", "roles", "grid_worker mayor"), "submit", "roles", "'mayor' is none of"),
        (lambda: changed("submit", "roles", ""), "submit", "roles", "at least one role"),
        (lambda: changed("submit", "roles", "department department"), "submit", "roles", "twice"),
        (lambda: changed("submit", "needs", "video"), "submit", "needs", "'video' is none of"),
        (lambda: changed("reopen", "guards", "full_moon"), "reopen", "guards", "'full_moon' is none of"),
        (lambda: changed("reopen", "guards", "closed_within_days"), "reopen", "guards", "takes a number"),
        (lambda: changed("reopen", "guards", "closed_within_days=0"), "reopen", "guards", "takes a number"),
        (lambda: changed("rate", "guards", "not_rated=3"), "rate", "guards", "takes no number"),
        (lambda: changed("submit", "clock", "pause"), "submit", "clock", "does not belong to submit"),
        (lambda: changed("suspend", "clock", ""), "suspend", "clock", "has to say pause"),
        (lambda: changed("report", "from", "closed"), "report", "from", "begins at nothing"),
        (lambda: changed("submit", "from", ""), "submit", "from", "begins at nothing"),
        (lambda: changed("report", "to", "="), "report", "to", "leads to a state"),
        (lambda: changed("report", "roles", "resident"), None, "action", "lets system report"),
        (lambda: without("file"), None, "action", "lets system file a case from reported"),
    ],
)
def test_a_fault_is_named_by_row_and_column(
    lines: Callable[[], list[tuple[int, Cells]]], action: str | None, column: str, reason: str
) -> None:
    with pytest.raises(TableRefused) as refused:
        read_flow(lines())
    row = line_of(action) if action else 1
    assert [fault.reason for fault in refused.value.faults if (fault.row, fault.column) == (row, column)], (
        refused.value.faults
    )
    assert any(reason in fault.reason for fault in refused.value.faults)


def test_two_rows_for_one_role_are_ambiguous_and_for_two_roles_are_not() -> None:
    more = {"from": "handling", "action": "submit", "to": "closed", "clock": "stop"}
    with pytest.raises(TableRefused, match=rf"row 99, roles: handling \+ submit .* row {line_of('submit')}"):
        read_flow(added(**more, roles="department community"))
    flow = read_flow(added(**more, roles="community"))
    assert flow.find(State.HANDLING, Action.SUBMIT, Role.COMMUNITY).to is State.CLOSED
    assert flow.find(State.HANDLING, Action.SUBMIT, Role.DEPARTMENT).to is State.PENDING_CHECK


def test_a_state_that_nothing_leads_to_is_refused() -> None:
    with pytest.raises(TableRefused, match="from: no way leads from a report to suspended"):
        read_flow(without("suspend"))


def test_a_state_that_nobody_gets_a_case_out_of_is_refused() -> None:
    kept = [
        (line, cells)
        for line, cells in without("close", "rework", "force_close")
        if "pending_check" not in cells["from"].split() or cells["to"] == "="
    ]
    with pytest.raises(TableRefused, match=rf"row {line_of('submit')}, to: from pending_check no way leads to an end"):
        read_flow(kept)


def test_an_end_that_only_the_system_reaches_is_no_way_out() -> None:
    lines = [
        (line, {**cells, "roles": "system"} if cells["action"] in ("close", "rework", "force_close") else cells)
        for line, cells in standard_lines()
    ]
    with pytest.raises(TableRefused, match="from pending_check no way leads to an end"):
        read_flow(lines)


# --- loading -------------------------------------------------------------------------------------------------------


def written(folder: Path, lines: list[tuple[int, Cells]]) -> Path:
    path = folder / "town.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(cells for _, cells in lines)
    return path


def load(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("load_workflow", str(path), *options, stdout=out)
    holding.forget_flows()  # a test's transaction never commits, and that is when readers hear of it
    return out.getvalue()


def no_checks() -> list[tuple[int, Cells]]:
    """A small town that closes what its workers submit: `pending_check` is left out."""
    lines = []
    for line, cells in without("close", "rework"):
        states = " ".join(one for one in cells["from"].split() if one != "pending_check")
        if cells["action"] == "submit":
            cells = {**cells, "to": "closed"}  # noqa: PLW2901
        lines.append((line, {**cells, "from": states}))
    return lines


def handled(world: World, now: datetime, grid: str = "002011001") -> Case:
    """A case that its leader is busy with."""
    case = services.report_case(actor=world.actor("resident:1"), report=report(world, grid=grid), now=now).case
    return services.act(actor=world.actor(f"leader:{grid}"), case_id=case.pk, step=Step(Action.ACCEPT), now=now)


def test_a_towns_table_holds_there_and_nowhere_else(world: World, now: datetime, tmp_path: Path) -> None:
    assert "version 1 holds in 330281002" in load(written(tmp_path, no_checks()), "--area", "330281002")
    here, elsewhere = handled(world, now), handled(world, now, grid="003001001")
    for case, grid, state in ((here, "002011001", "closed"), (elsewhere, "003001001", "pending_check")):
        done = services.act(actor=world.actor(f"leader:{grid}"), case_id=case.pk, step=Step(Action.SUBMIT), now=now)
        assert done.state == state
    entry = AuditEntry.objects.get(action="load_workflow")
    assert entry.facts == {"area": "330281002", "n": 1, "source": "town.csv"}


def test_the_nearest_area_with_a_table_decides(world: World, now: datetime, tmp_path: Path) -> None:
    load(written(tmp_path, no_checks()))
    load(written(tmp_path, standard_lines()), "--area", "330281002011")
    assert State.PENDING_CHECK in holding.flow_for("3302.81.002.011.001.").states
    assert State.PENDING_CHECK not in holding.flow_for("3302.81.002.012.001.").states


def test_what_may_be_done_next_follows_the_loaded_table(world: World, now: datetime, tmp_path: Path) -> None:
    case, desk = handled(world, now), world.actor(DESK)
    assert Action.SUSPEND in [one.action for one in queries.available_actions(case, desk, now=now)]
    lines = changed("suspend", "roles", "street")
    load(written(tmp_path, lines))
    assert Action.SUSPEND not in [one.action for one in queries.available_actions(case, desk, now=now)]
    with pytest.raises(RoleMayNot):
        services.act(actor=desk, case_id=case.pk, step=Step(Action.SUSPEND, note="因故"), now=now)
    assert services.act(
        actor=world.actor("street:002"), case_id=case.pk, step=Step(Action.SUSPEND, note="因故"), now=now
    )


def test_the_days_of_a_guard_come_from_the_table(world: World, now: datetime, tmp_path: Path) -> None:
    case = handled(world, now)
    services.act(actor=world.actor(LEADER), case_id=case.pk, step=Step(Action.SUBMIT), now=now)
    case = services.act(actor=world.actor(DESK), case_id=case.pk, step=Step(Action.CLOSE), now=now)
    later = now + timedelta(days=20)
    assert not [one for one in queries.available_actions(case, world.actor(DESK), now=later) if one.action == "reopen"]
    load(written(tmp_path, changed("reopen", "guards", "closed_within_days=30")))
    assert [one for one in queries.available_actions(case, world.actor(DESK), now=later) if one.action == "reopen"]


def test_a_reopening_that_starts_no_limit_keeps_the_deadline(world: World, now: datetime, tmp_path: Path) -> None:
    load(written(tmp_path, changed("reopen", "clock", "")))
    case = handled(world, now)
    due = case.due_at
    services.act(actor=world.actor(LEADER), case_id=case.pk, step=Step(Action.SUBMIT), now=now)
    services.act(actor=world.actor(DESK), case_id=case.pk, step=Step(Action.CLOSE), now=now)
    later = now + timedelta(days=1)
    case = services.act(actor=world.actor(DESK), case_id=case.pk, step=Step(Action.REOPEN, note="没好"), now=later)
    assert case.due_at == due
    from backend.cases.limits import restate_limit

    restate_limit(case, now=later)
    assert case.due_at == due


def test_a_table_is_refused_while_a_case_stands_where_it_has_nothing(
    world: World, now: datetime, tmp_path: Path
) -> None:
    case = handled(world, now)
    services.act(actor=world.actor(LEADER), case_id=case.pk, step=Step(Action.SUBMIT), now=now)
    path = written(tmp_path, no_checks())
    with pytest.raises(CommandError, match="refused"):
        load(path)
    assert not FlowVersion.objects.exists()
    assert load(path, "--area", "330281003")  # nothing stands there
    services.act(actor=world.actor(DESK), case_id=case.pk, step=Step(Action.CLOSE), now=now)
    assert "version 1 holds everywhere" in load(path)


def test_a_case_that_arrives_in_a_state_unknown_here_is_not_stuck(world: World, now: datetime, tmp_path: Path) -> None:
    load(written(tmp_path, no_checks()), "--area", "330281003")
    case = handled(world, now)
    case = services.act(actor=world.actor(LEADER), case_id=case.pk, step=Step(Action.SUBMIT), now=now)
    Case.objects.filter(pk=case.pk).update(area_path=world.grid("003001001").path, grid=world.grid("003001001"))
    closed = services.act(actor=world.actor("street:003"), case_id=case.pk, step=Step(Action.CLOSE), now=now)
    assert closed.state == "closed"


def test_a_dry_run_and_the_same_again_write_nothing(world: World, tmp_path: Path) -> None:
    path = written(tmp_path, no_checks())
    assert "checked, nothing changed" in load(path, "--dry-run")
    assert not FlowVersion.objects.exists()
    load(path)
    assert "holds there already, as version 1" in load(path)
    assert [one.n for one in FlowVersion.objects.all()] == [1]
    load(written(tmp_path, standard_lines()))
    assert sorted(one.n for one in FlowVersion.objects.all()) == [1, 2]


def test_the_command_names_file_row_and_column(world: World, tmp_path: Path) -> None:
    out = StringIO()
    path = written(tmp_path, changed("submit", "roles", "mayor"))
    with pytest.raises(CommandError):
        call_command("load_workflow", str(path), stdout=out)
    assert f"town.csv:{line_of('submit')}: roles 'mayor' is none of" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("load_workflow", str(path), "--area", "999", stdout=out)
    assert "--area no community or larger area has the code 999" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_step_under_way_and_a_load_wait_for_each_other(tmp_path: Path) -> None:
    """A worker submits while the table without `pending_check` is loaded: the load waits, sees the case, refuses."""
    world = make_world(NOON)
    case, path = handled(world, NOON), written(tmp_path, no_checks())
    submitted, refused = Event(), Event()

    def submit() -> None:
        try:
            with transaction.atomic():
                services.act(actor=world.actor(LEADER), case_id=case.pk, step=Step(Action.SUBMIT), now=NOON)
                submitted.set()
                refused.wait(1)  # the load has this long to overtake
        finally:
            connections.close_all()

    def load_it() -> str:
        submitted.wait(10)
        try:
            call_command("load_workflow", str(path), stdout=StringIO())
        except CommandError as error:
            return str(error)
        finally:
            refused.set()
            connections.close_all()
        return "loaded"

    with ThreadPoolExecutor(2) as pool:
        step, loading = pool.submit(submit), pool.submit(load_it)
        step.result()
        assert "refused" in loading.result()
    case.refresh_from_db()
    assert (case.state, FlowVersion.objects.count()) == ("pending_check", 0)


@pytest.mark.django_db(transaction=True)
def test_a_step_that_waited_for_a_load_follows_the_new_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.cases.flows.loading.forget_flows", lambda: None)  # the load runs in another process
    world = make_world(NOON)
    case, path = handled(world, NOON), written(tmp_path, no_checks())
    holding.flow_for(case.area_path)  # a reader keeps the old one
    loaded = Event()

    def load_it() -> None:
        try:
            with transaction.atomic():
                call_command("load_workflow", str(path), stdout=StringIO())
                loaded.set()
                Event().wait(0.5)  # the step comes meanwhile
        finally:
            connections.close_all()

    def submit() -> str:
        loaded.wait(10)
        try:
            step = Step(Action.SUBMIT)
            return services.act(actor=world.actor(LEADER), case_id=case.pk, step=step, now=NOON).state
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        loading, step = pool.submit(load_it), pool.submit(submit)
        loading.result()
        assert step.result() == "closed"


def test_a_step_that_the_table_lacks_is_a_conflict(world: World, now: datetime) -> None:
    case = handled(world, now)
    with pytest.raises(TransitionNotAllowed):
        services.act(actor=world.actor(DESK), case_id=case.pk, step=Step(Action.CLOSE), now=now)
