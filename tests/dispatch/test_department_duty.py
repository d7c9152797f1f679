"""Who of a department is on duty: found by area, matter and hour, told, and missed aloud where nobody is."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from openpyxl import Workbook

from backend.accounts.actor import SYSTEM
from backend.cases import correcting, services
from backend.core.ids import uuid7
from backend.core.workbooks import write_workbook
from backend.dispatch import department_duty
from backend.dispatch import services as dispatch
from backend.dispatch.department_duty import Question
from backend.dispatch.department_sheet import directory_sheet, minutes_of
from backend.dispatch.models import DepartmentDuty
from backend.inspections import staff_sheets
from backend.notify.models import Notification
from backend.notify.relay import relay
from backend.notify.texts import notice_text
from tests.cases.test_correcting import right
from tests.cases.test_spine import ANONYMOUS, report
from tests.world import World

HEAD = ("部门编码", "区域编码", "事项编码", "星期", "时起", "时止", "值班人", "电话", "起", "止")


def enter(world: World, now: datetime, **more: Any) -> DepartmentDuty:
    given = {
        "id": uuid7(), "department": world.departments["sanitation"], "area": world.areas["330281"],
        "person": "值班甲", "phone": "0574-1", "valid": (now - timedelta(days=1), None),
    }  # fmt: skip
    return DepartmentDuty.objects.create(**{**given, **more})


def answering(world: World, at: datetime, *, grid: str = "002011001", matter: str = "dirty_road") -> str:
    asked = Question(world.departments["sanitation"].pk, world.grid(grid).path, world.matters[matter], at)
    found = department_duty.on_duty([asked])[0].found
    return found.person if found else "nobody"


def test_the_narrower_area_then_the_named_matter_goes_first(world: World, now: datetime) -> None:
    assert answering(world, now) == "nobody"
    enter(world, now, person="全县")
    enter(world, now, person="街道", area=world.areas["330281002"])
    enter(world, now, person="道路", area=world.areas["330281002"], matter=world.matters["dirty_road"])
    assert answering(world, now) == "道路"
    assert answering(world, now, matter="exposed_garbage") == "街道"
    assert answering(world, now, grid="003001001") == "全县"


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-11-20T21:59", "nobody"),  # Friday
        ("2026-11-20T22:00", "夜班"),
        ("2026-11-21T05:59", "夜班"),  # Saturday morning belongs to Friday's night
        ("2026-11-21T06:00", "nobody"),
        ("2026-11-21T22:00", "nobody"),
        ("2026-11-22T23:00", "周日夜"),
        ("2026-11-23T03:00", "周日夜"),  # a week's end is followed by its begin
    ],
)
def test_nights_belong_to_the_day_that_they_begin_on(world: World, now: datetime, at: str, who: str) -> None:
    night = {"hours_from": "22:00", "hours_until": "06:00"}
    enter(world, now, person="夜班", weekdays=[1, 2, 3, 4, 5], **night)
    enter(world, now, person="周日夜", weekdays=[7], **night)
    assert answering(world, datetime.fromisoformat(f"{at}:00+08:00")) == who


@pytest.mark.parametrize(
    ("first", "then", "meets"),
    [
        ({}, {}, True),
        ({"weekdays": [1]}, {"weekdays": [2]}, False),
        ({"weekdays": [7], "hours_from": "22:00", "hours_until": "06:00"}, {"weekdays": [1]}, True),
        ({"hours_from": "08:00", "hours_until": "18:00"}, {"hours_from": "18:00", "hours_until": "08:00"}, False),
        ({"hours_from": "08:00", "hours_until": "18:00"}, {"hours_from": "17:00", "hours_until": "20:00"}, True),
    ],
)
def test_the_database_refuses_two_at_one_time(
    world: World, now: datetime, first: dict[str, Any], then: dict[str, Any], meets: bool
) -> None:
    one = enter(world, now, **first)
    one.refresh_from_db()
    if meets:
        with pytest.raises(IntegrityError, match="department_duty_once"), transaction.atomic():
            enter(world, now, **then)
        return
    other = enter(world, now, **then)
    other.refresh_from_db()
    assert not minutes_of(one) & minutes_of(other)
    # Another matter, another area, another time: nothing to do with each other.
    enter(world, now, matter=world.matters["dirty_road"])
    enter(world, now, area=world.areas["330281002"])


def test_whoever_is_on_duty_is_told_once_and_kept_in_the_decision(world: World, now: datetime) -> None:
    enter(world, now, person="张三丰", phone="0574-8")
    case = services.report_case(actor=ANONYMOUS, report=report(world, matter="dirty_road"), now=now).case
    for _ in range(2):
        relay(now=lambda: now)
    (line,) = [one for one in Path(settings.SMS_FILE).read_text().splitlines() if case.number in one]
    assert "\t0574-8\t" in line
    (decision,) = dispatch.decisions_of(case.pk)
    assert decision.department_duty == {"person": "张三丰", "phone": "0574-8", "area": "330281"}
    assert "张三丰" not in decision.text_zh
    assert "部门当值：张" in decision.text_zh
    assert not Notification.objects.filter(topic="department_unattended").exists()


def test_nobody_on_duty_is_an_alarm(world: World, now: datetime) -> None:
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    said = right(world, case, matter="dirty_road")
    correcting.correct_case(actor=world.actor("street:002"), case_id=case.pk, correction=said, now=now)
    relay(now=lambda: now)
    told = list(Notification.objects.filter(topic="department_unattended").select_related("user"))
    assert {one.user.username for one in told} == {"community-002011", "street-002"}
    assert notice_text(told[0].topic, told[0].facts)[1].endswith(
        "went to Sanitation, where nobody is on duty; call or assign anew"
    )
    assert dispatch.decisions_of(case.pk)[0].text_en.endswith("Nobody of it is on duty at this hour.")


def book(*rows: tuple[str, ...]) -> bytes:
    made = Workbook()
    sheet = made.active
    sheet.title = "部门值班"
    for row in (HEAD, *rows):
        sheet.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


DAY = ("sanitation", "330281002", "", "1-5", "08:00", "18:00", "甲", "0574-1", "2026-11-01", "")
NIGHT = ("sanitation", "330281002", "", "1-5", "18:00", "08:00", "乙", "0574-2", "2026-11-01", "")


def load(world: World, content: bytes, now: datetime, who: str = "street:002") -> staff_sheets.SheetEffect:
    actor = world.actor(who)
    seen = staff_sheets.import_sheets(actor=actor, content=content, version=None, now=now)
    if seen.report.errors:
        return seen
    return staff_sheets.import_sheets(actor=actor, content=content, version=seen.version, now=now)


def test_the_sheet_comes_in_and_goes_out_and_again_changes_nothing(world: World, now: datetime) -> None:
    done = load(world, book(DAY, NIGHT), now)
    assert (done.is_kept, done.report.counts["new department duties"]) == (True, 2)
    again = write_workbook([directory_sheet(world.actor("street:002"), now=now)])
    assert load(world, again, now).report.counts["new department duties"] == 0
    assert answering(world, now) == "甲"
    # What the list leaves out ends now.
    load(world, book(NIGHT), now + timedelta(minutes=1))
    assert answering(world, now + timedelta(minutes=2)) == "nobody"
    assert directory_sheet(SYSTEM, now=now).rows


def test_bad_rows_are_named_and_nothing_is_kept(world: World, now: datetime) -> None:
    bad = book(
        DAY,
        (*DAY[:6], "丙", "0574-3", "2026-11-05", ""),
        ("water", *DAY[1:]),
        (*DAY[:2], "no:such", "8", "08:00", "", *DAY[6:]),
        ("police", "330281003", *DAY[2:]),
    )
    seen = load(world, bad, now)
    named = {(one.row, one.field) for one in seen.report.errors}
    assert {(3, "起"), (4, "部门编码"), (5, "事项编码"), (5, "星期"), (5, "时止"), (6, "区域编码")} <= named
    assert not DepartmentDuty.objects.exists()
