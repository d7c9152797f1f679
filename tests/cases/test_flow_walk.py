"""Every state x step x role of the table is tried: what it allows goes through, what it lacks is refused.

The walk is made from the table itself, so a row that is added or taken away changes what is expected here, and a door
that keeps a list of its own is found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from backend.accounts.actor import SYSTEM, Actor
from backend.accounts.roles import Role
from backend.cases import services
from backend.cases.flows.describing import as_markdown
from backend.cases.flows.holding import standard
from backend.cases.flows.names import Guard, Need
from backend.cases.flows.steps import may_take
from backend.cases.flows.table import Transition
from backend.cases.models import Case
from backend.cases.services import OWN_DOORS, Step
from backend.cases.workflow import MEANING, Action, State
from backend.core.errors import DomainError
from backend.matters.models import Matter
from tests.cases.test_spine import report
from tests.conftest import NOON
from tests.world import World

PAGE = Path(__file__).parents[2] / "docs" / "mechanisms" / "case_states.md"
WHO = {
    Role.RESIDENT: "resident:1",
    Role.GRID_WORKER: "worker:002011001",
    Role.GRID_LEADER: "leader:002011001",
    Role.COMMUNITY: "community:002011",
    Role.STREET: "street:002",
    Role.DISTRICT: "district",
    Role.CITY: "city",
    Role.DEPARTMENT: "department:sanitation",
    Role.AUDITOR: "auditor",
    Role.ADMIN: "admin",
}


def actor_of(world: World, role: Role) -> Actor:
    """Somebody of the role who sees the case of `walked`."""
    if role is Role.SYSTEM:
        return SYSTEM
    if role is Role.INTEGRATION:
        return Actor(user_id=world.people["resident:1"].pk, role=role)
    actor = world.actor(WHO[role])
    # The auditor and the administrator have no areas in the small world; the table is asked, not the scope.
    return actor if actor.area_paths or role in (Role.RESIDENT, Role.DEPARTMENT) else Actor(actor.user_id, role, ("",))


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def walked(world: World, now: datetime) -> Case:
    """A case that has been through everything once, so that every guard can hold in some state."""
    Matter.objects.update(evidence={})
    return services.report_case(actor=world.actor("resident:1"), report=report(world), now=now).case


# What the columns say when a guard holds, when it does not, and the code of the refusal.
LATE = {"due_at": NOON - timedelta(hours=1), "handled_at": NOON}
GUARDS: dict[Guard, tuple[dict[str, object], dict[str, object], str]] = {
    Guard.NOT_GONE_TO_DEPARTMENT: ({}, {}, "with_a_department"),
    Guard.CLOSED_WITHIN_DAYS: ({"closed_at": NOON}, {"closed_at": NOON - timedelta(days=16)}, "too_late_to_reopen"),
    Guard.NOT_RATED: ({"rated_at": None}, {"rated_at": NOON}, "already_rated"),
    Guard.HAS_LIMIT: ({}, {"due_at": None}, "no_limit"),
    Guard.NOT_OVERDUE: ({}, {"due_at": NOON}, "past_the_deadline"),
    Guard.EXTENSION_ASKED: ({"extension_asked_at": NOON}, {"extension_asked_at": None}, "nothing_asked"),
    Guard.NO_EXTENSION_ASKED: ({}, {"extension_asked_at": NOON}, "extension_asked"),
    Guard.EXTENDED_LESS_THAN: ({"extension_count": 1}, {"extension_count": 2}, "too_many_extensions"),
    Guard.SUSPENDED_LESS_THAN: ({}, {"suspension_count": 1}, "too_many_suspensions"),
    Guard.HANDLED_LATE: (LATE, {**LATE, "handled_at": LATE["due_at"]}, "not_late"),
    Guard.APPEALED: ({"appeal": "asked"}, {"appeal": "granted"}, "nothing_asked"),
    Guard.NOT_APPEALED: ({}, {"appeal": "denied"}, "already_appealed"),
}


def put(case: Case, row: Transition | None, state: State, role: Role, world: World) -> None:
    """The case as it would stand in that state, by the shortest way: the columns that the guards look at."""
    columns: dict[str, object] = {"state": state.value, "closed_at": None if MEANING[state].is_open else NOON}
    columns["department"] = world.departments["sanitation"] if role is Role.DEPARTMENT else None
    for one in row.guards if row else ():
        columns |= GUARDS[one.guard][0]
    Case.objects.filter(pk=case.pk).update(**columns)


def step_for(world: World, action: Action, needs: tuple[Need, ...]) -> Step:
    department = world.departments["sanitation"].pk if Need.ASSIGNEE in needs else None
    return Step(action, note="因故如此" if Need.NOTE in needs else "", department_id=department)


@pytest.mark.parametrize("role", list(Role))
def test_every_step_is_taken_or_refused_as_the_table_says(
    world: World, now: datetime, walked: Case, role: Role
) -> None:
    flow, actor = standard(), actor_of(world, role)
    allowed = {(one.state, one.action): one for one in flow.transitions if role in one.roles}
    exists = {(one.state, one.action) for one in flow.transitions}
    wrong, tried = [], 0
    for state in State:
        put(walked, None, state, role, world)
        for action in sorted(set(Action) - OWN_DOORS):
            row = allowed.get((state, action))
            expected = "done" if row else "role_may_not" if (state, action) in exists else "transition_not_allowed"
            came = (
                tried_one(walked, actor, row, state=state, world=world, now=now)
                if row
                else refused(walked, actor, action, now)
            )
            tried += 1
            if came != expected:
                wrong.append((state.value, action.value, expected, came))
    assert not wrong
    assert tried == len(State) * len(set(Action) - OWN_DOORS)


def refused(case: Case, actor: Actor, action: Action, now: datetime) -> str:
    """What comes of a step that is not to be; a refusal changes nothing."""
    try:
        return f"went to {services.act(actor=actor, case_id=case.pk, step=Step(action, note='因故'), now=now).state}"
    except DomainError as refusal:
        return refusal.code


def tried_one(case: Case, actor: Actor, row: Transition, *, state: State, world: World, now: datetime) -> str:
    """What comes of a step that is to be, taken back afterwards."""
    with undone():
        put(case, row, state, actor.role, world)
        if row.action is Action.RESUME:
            Case.objects.filter(pk=case.pk).update(state=State.HANDLING.value)
            desk = world.actor("community:002011")
            services.act(actor=desk, case_id=case.pk, step=Step(Action.SUSPEND, note="因故"), now=now)
        try:
            step = step_for(world, row.action, row.needs)
            done = services.act(actor=actor, case_id=case.pk, step=step, now=now + timedelta(minutes=5))
        except DomainError as refusal:
            return refusal.code
    # A case that is filed goes on to its owner at once.
    return "done" if done.state in (row.to, State.PENDING_HANDLE) else f"went to {done.state}"


@pytest.mark.parametrize("role", list(Role))
def test_what_a_step_needs_is_asked_for(world: World, now: datetime, walked: Case, role: Role) -> None:
    actor, wrong = actor_of(world, role), []
    missing = {Need.NOTE: "note_needed", Need.ASSIGNEE: "unknown_assignee"}
    for one in standard().transitions:
        if one.state is None or role not in one.roles or one.action in OWN_DOORS:
            continue
        for need in one.needs:
            if need not in missing:
                continue
            rest = tuple(other for other in one.needs if other is not need)
            with undone():
                put(walked, one, one.state, role, world)
                try:
                    services.act(actor=actor, case_id=walked.pk, step=step_for(world, one.action, rest), now=now)
                    wrong.append((one.state.value, one.action.value, need.value, "taken"))
                except DomainError as refusal:
                    if refusal.code != missing[need]:
                        wrong.append((one.state.value, one.action.value, need.value, refusal.code))
    assert not wrong


def taken(case: Case, actor: Actor, row: Transition, world: World, now: datetime) -> None:
    """The step through its own door."""
    if row.action is Action.RATE:
        rating = services.Rating(responded=True, solved=True, satisfied=5)
        services.rate(actor=actor, case_id=case.pk, rating=rating, now=now)
    else:
        services.act(actor=actor, case_id=case.pk, step=step_for(world, row.action, row.needs), now=now)


@pytest.mark.parametrize("guard", [guard for guard in Guard if guard is not Guard.NOT_GONE_TO_DEPARTMENT])
def test_a_guard_that_does_not_hold_refuses_and_hides_the_step(
    world: World, now: datetime, walked: Case, guard: Guard
) -> None:
    rows = [one for one in standard().transitions if guard in [condition.guard for condition in one.guards]]
    assert rows
    for row in rows:
        role = next(role for role in WHO if role in row.roles)
        actor = actor_of(world, role)
        put(walked, row, row.state or State.REPORTED, role, world)
        assert may_take(Case.objects.get(pk=walked.pk), row.action, actor, now=now)
        Case.objects.filter(pk=walked.pk).update(**GUARDS[guard][1])
        later = now + timedelta(minutes=1)
        assert not may_take(Case.objects.get(pk=walked.pk), row.action, actor, now=later)
        with pytest.raises(DomainError) as refused:
            taken(walked, actor, row, world, later)
        assert refused.value.code == GUARDS[guard][2]


def test_the_page_shows_the_table_in_the_tree() -> None:
    """`./dev manage show_workflow` prints it."""
    assert as_markdown(standard()) in PAGE.read_text(encoding="utf-8")
