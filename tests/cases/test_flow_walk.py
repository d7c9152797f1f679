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
from backend.cases.flows.names import Need
from backend.cases.models import Case
from backend.cases.services import OWN_DOORS, Step
from backend.cases.workflow import Action, State
from backend.core.errors import DomainError
from backend.matters.models import Matter
from tests.cases.test_spine import report
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


def put(case: Case, state: State, role: Role, world: World, now: datetime) -> None:
    """The case as it would stand in that state, by the shortest way: the columns that the guards look at."""
    department = world.departments["sanitation"] if role is Role.DEPARTMENT else None
    ended = state in (State.CLOSED, State.NOT_ACCEPTED, State.CANCELLED, State.FORCED_CLOSE)
    Case.objects.filter(pk=case.pk).update(
        state=state.value, department=department, closed_at=now if ended else None, rated_at=None
    )


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
    later, wrong = now + timedelta(minutes=5), []
    for state in State:
        for action in sorted(set(Action) - OWN_DOORS):
            row = allowed.get((state, action))
            expected = "done" if row else "role_may_not" if (state, action) in exists else "transition_not_allowed"
            with undone():
                put(walked, state, role, world, now)
                if action is Action.RESUME and row:
                    Case.objects.filter(pk=walked.pk).update(state=State.HANDLING.value)
                    desk = world.actor("community:002011")
                    services.act(actor=desk, case_id=walked.pk, step=Step(Action.SUSPEND, note="因故"), now=now)
                step = step_for(world, action, row.needs if row else ())
                try:
                    done = services.act(actor=actor, case_id=walked.pk, step=step, now=later)
                    came = "done" if row and done.state in (row.to, "pending_handle") else f"went to {done.state}"
                except DomainError as refusal:
                    came = refusal.code
            if came != expected:
                wrong.append((state.value, action.value, expected, came))
    assert not wrong


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
                put(walked, one.state, role, world, now)
                try:
                    services.act(actor=actor, case_id=walked.pk, step=step_for(world, one.action, rest), now=now)
                    wrong.append((one.state.value, one.action.value, need.value, "taken"))
                except DomainError as refusal:
                    if refusal.code != missing[need]:
                        wrong.append((one.state.value, one.action.value, need.value, refusal.code))
    assert not wrong


def test_the_page_shows_the_table_in_the_tree() -> None:
    """`./dev manage show_workflow` prints it."""
    assert as_markdown(standard()) in PAGE.read_text(encoding="utf-8")
