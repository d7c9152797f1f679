"""kill -9 between two statements of a change: not one row of it is there, and the same request again completes it."""

import io
import os
import signal
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from backend.areas.duty.wishes import AbsenceWish
from backend.areas.layers import drafting
from backend.areas.models import Division
from backend.cases import photos, rule_effects, services
from backend.cases.models import Case, CaseEvent, Photo
from backend.cases.photos import PhotoClaim
from backend.core.ids import uuid7
from backend.inspections import dividing, rehoming, staffing
from backend.inspections.booking import NewBooking, book
from backend.places import queries as places
from gis.layers import Wish, read_layer, suggest_mapping, write_layer
from tests.areas.layers.test_commands import grids
from tests.cases.test_spine import ANONYMOUS, report
from tests.conftest import NOON
from tests.dispatch.wishes import creation, wish
from tests.inspections.test_divisions import checked, draft_of, half_split, reported
from tests.mobile_api.conftest import picture
from tests.streets import lay_streets, spot_in
from tests.tables import unchanged
from tests.world import SIDE, SOUTH, WEST, World, make_world

Work = Callable[[], object]

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
COMMUNITY, GRID = "330281002011", "002011001"


def killed(work: Work, *, at: int | None = None) -> int:
    """Runs the work in a child that is killed before its statement number `at`, or else as it wants to commit.

    How many statements it had sent.
    """
    connections.close_all()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        _work_until_killed(work, at, told)
    os.close(told)
    said = os.read(heard, 20)
    os.close(heard)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the work ended by itself"
    return int(said)


def _work_until_killed(work: Work, at: int | None, told: int) -> None:
    sent = 0

    def die() -> None:
        os.write(told, str(sent).encode())
        os.kill(os.getpid(), signal.SIGKILL)

    def counted(execute: Callable[..., object], *statement: object) -> object:
        nonlocal sent
        if sent == at:
            die()
        sent += 1
        return execute(*statement)

    try:
        if at is None:
            connection.commit = die
        with connection.execute_wrapper(counted):
            work()
    except BaseException:  # nothing of pytest may run on in the child
        traceback.print_exc()
    finally:
        os._exit(1)


def stored_photo(photo_id: object) -> Photo:
    return photos.store_photo(actor=None, photo_id=photo_id, file=io.BytesIO(picture().getvalue()), now=NOON)


def intake_with_photo(world: World) -> Work:
    photo = stored_photo(uuid7())
    new = report(world, photo_claims=[PhotoClaim(photo.pk, photos.claim_of(photo))])
    return lambda: services.report_case(actor=ANONYMOUS, report=new, now=NOON)


def publish(world: World) -> Work:
    division = checked(world, half_split(world, draft_of(world, NOON), NOON), NOON)
    return lambda: dividing.publish_division(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, effective_at=None, now=NOON
    )


def switch(world: World) -> Work:
    """Open work comes to the new grids: the second half of a publish."""
    for east in (1.2, 1.8):
        reported(world, WEST + east * SIDE, SOUTH + 0.5 * SIDE, NOON)
    division = checked(world, half_split(world, draft_of(world, NOON), NOON), NOON)
    later = NOON + timedelta(hours=1)
    dividing.publish_division(
        actor=world.actor("street:002"), division_id=division.pk, version=division.version, effective_at=later, now=NOON
    )
    return lambda: rehoming.switch_division(division_id=division.pk, now=later)


def layer_import(world: World) -> Work:
    content = write_layer(grids(), fields=["WGBM", "WGMC"], name="grids", file_format="gpkg").content
    layer, actor = read_layer(content, name="grids.gpkg", wish=Wish()), world.actor("street:002")
    ground = drafting.ground_for(actor, parent_code=COMMUNITY, level="grid")
    found = drafting.sketch(layer, suggest_mapping(layer.fields), ground)
    return lambda: drafting.draft_of(actor=actor, found=found, ground=ground, name="新图层", source="g.gpkg", now=NOON)


def duty_change(world: World) -> Work:
    for _ in range(2):
        services.report_case(actor=ANONYMOUS, report=report(world), now=NOON)
    desk, change_id = world.actor("community:002011"), uuid7()
    away = AbsenceWish(world.people[f"leader:{GRID}"].pk, "annual", NOON, NOON + timedelta(days=2), "")
    seen = staffing.preview(actor=desk, change_id=change_id, wish=away, now=NOON)
    return lambda: staffing.apply(actor=desk, change_id=change_id, wish=away, version=seen.version, now=NOON)


def rule_change(world: World) -> Work:
    services.report_case(actor=ANONYMOUS, report=report(world), now=NOON)
    street, change = world.actor("street:002"), creation(wish(world))
    return lambda: rule_effects.apply(actor=street, change=change, now=NOON, move_open=True)


def booking(world: World) -> Work:
    lay_streets(world)
    places.walking_network()
    start = datetime.fromisoformat("2026-11-20T14:00:00+08:00")
    new = NewBooking(
        id=uuid7(), matter_id=world.matters["pension_life_proof"].pk, start=start, end=start + timedelta(hours=2),
        point=services.PointIn(*spot_in(world, GRID, east=0.7, north=0.7), "wgs84", 5.0),
        contact_name="测试人", contact_phone="19900000001",
    )  # fmt: skip
    return lambda: book(actor=world.actor("resident:1"), booking=new, now=NOON)


@pytest.mark.parametrize(
    ("prepare", "may_repeat"),
    [(intake_with_photo, True), (publish, False), (switch, True), (layer_import, False), (duty_change, True),
     (rule_change, True), (booking, True)],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_killed_change_leaves_no_trace_and_the_next_try_completes_it(
    prepare: Callable[[World], Work], may_repeat: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_kept", None)
    work = prepare(make_world(NOON))
    with unchanged():
        last = killed(work)
        assert last > 4
        for quarter in (1, 2, 3):
            killed(work, at=last * quarter // 4)
        killed(work, at=last - 1)
    before = Case.objects.count(), CaseEvent.objects.count(), Division.objects.count()
    work()
    if prepare is not publish:
        assert (Case.objects.count(), CaseEvent.objects.count(), Division.objects.count()) != before
    if may_repeat:
        with unchanged():
            work()


def test_a_photo_is_ready_only_with_its_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row comes first, then the file, then the mark: killed anywhere, the upload again finishes it."""
    photo_id, writes = uuid7(), photos._write_whole

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def before(path: Path, content: bytes) -> None:
        die()

    def halfway(path: Path, content: bytes) -> None:
        monkeypatch.setattr(Path, "replace", lambda *_: die())
        writes(path, content)

    def after(path: Path, content: bytes) -> None:
        writes(path, content)
        die()

    for moment in (before, halfway, after):
        monkeypatch.setattr(photos, "_write_whole", moment)
        connections.close_all()
        child = os.fork()
        if child == 0:
            try:
                stored_photo(photo_id)
            finally:
                os._exit(1)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        photo = Photo.objects.get()
        assert (photo.state, photos.file_path(photo).exists()) == (Photo.State.PENDING, moment is after)
    monkeypatch.setattr(photos, "_write_whole", writes)
    photo = stored_photo(photo_id)
    assert (photo.state, photos.file_path(photo).stat().st_size) == (Photo.State.READY, photo.size_bytes)
    assert Photo.objects.count() == 1
