"""The main job in real browsers: a resident's phone, a grid leader's phone and the desk of the community.

The story of `tests/scenarios/test_main_job.py` through the built pages: booked on Monday, walked on Wednesday.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESK, PATIENCE_MS, PHONE, Visitor, street_photo, until
from tests.e2e.conftest import GRID, Town
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE_NUMBER = "19900000078"
GARBAGE, PENSION = "事项exposed_garbage", "事项pension_life_proof"
WORDS = "桶边堆着垃圾袋，已经两天"
WALK_STEPS = 6
STAY_STEPS = 3  # a stop counts as visited after a minute's standing; the phone keeps a fix every thirty seconds then


@dataclass
class Stop:
    """The booked visit in the published plan."""

    arrive: datetime
    lon: float
    lat: float


def test_from_report_to_rating_in_the_browser(town: Town, chromium: Browser, tmp_path: Path) -> None:
    resident = town.visitor(size=PHONE, at=town.spot(east=0.4, north=0.6))
    desk = town.visitor(size=DESK)
    leader = town.visitor(size=PHONE, at=town.spot(east=0.1, north=0.1))

    # 1 Monday: the resident signs in, reports with a photo and a place, and books a home visit.
    sign_in_by_code(town, resident)
    number = report_garbage(resident)
    book_visit(town, resident)

    # 2, 3 The desk plans and publishes the week; the leader's phone shows the case and the visit.
    town.relay()
    sign_in_at_desk(desk)
    plan_week(desk)
    town.relay()
    sign_in_on_duty(leader)
    look_at_case_and_week(leader)

    # 4 Wednesday: the leader walks, the stop is recognised, the visit recorded, the case handled.
    stop = booked_stop(desk)
    town.clock.put(stop.arrive - timedelta(minutes=4))
    sign_in_at_desk(desk, again=True)
    expect(desk.page.get_by_text("实时", exact=True)).to_be_visible()
    walk_to(town, leader, stop)
    see_live_worker(town, desk)
    record_visit(leader)
    handle_case(leader)
    end_patrol(leader)
    town.relay()

    # 5 The desk hears of it, compares planned with walked, closes both; the resident follows and rates.
    town.clock.forward(timedelta(minutes=20))
    close_cases(desk, [GARBAGE, PENSION])
    town.relay()
    compare_routes(desk)
    sheet = save_round_sheet(desk, tmp_path)
    follow_and_rate(resident, number)

    for person in (resident, leader, desk):
        assert person.ear.complaints == []
        assert person.ear.foreign == []
    opens_without_any_network(chromium, sheet)


def sign_in_by_code(town: Town, resident: Visitor) -> None:
    page = resident.page
    page.goto("/")
    expect(page.get_by_role("heading", name="您好，要办什么事？")).to_be_visible()
    resident.shoot("1-01-resident-home")
    resident.link("我的事项").click()
    resident.link("手机号登录").click()
    page.get_by_label("手机号").fill(PHONE_NUMBER)
    resident.button("发送验证码").click()
    expect(page.get_by_label("验证码")).to_be_visible()
    found = re.search(r"验证码 (\d+)", town.last_sms())
    assert found is not None
    page.get_by_label("验证码").fill(found[1])
    resident.shoot("1-02-resident-code")
    resident.button("登录").click()
    expect(page.get_by_text("账号里还没有事项。")).to_be_visible()


def report_garbage(resident: Visitor) -> str:
    """Walks through the five steps of a report; its number."""
    page = resident.page
    resident.link("首页").click()
    resident.link("上报问题").click()
    page.get_by_label("问题照片", exact=True).set_input_files([street_photo("corner.jpg")])
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    resident.shoot("1-03-report-photo")
    resident.button("下一步").click()
    resident.button("用我现在的位置").click()
    expect(page.get_by_text("属于：测试社区011 第1网格")).to_be_visible()
    page.get_by_label("地址或标志物").fill("东西E路南北E路路口")
    resident.drawn()
    resident.shoot("1-04-report-place")
    resident.button("下一步").click()
    resident.button(GARBAGE).first.click()
    expect(page.get_by_text(f"已选：{GARBAGE}")).to_be_visible()
    resident.shoot("1-05-report-kind")
    resident.button("下一步").click()
    page.get_by_label("发生了什么").fill(WORDS)
    page.get_by_label("手机号").fill(PHONE_NUMBER)
    resident.shoot("1-06-report-words")
    resident.button("下一步").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    resident.shoot("1-07-report-check")
    resident.button("提交").click()
    expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    # Grid, person, deadline and the reason are there at once.
    expect(resident.fact("网格")).to_have_text("第1网格")
    expect(resident.fact("谁来处理")).to_contain_text("网格长")
    expect(resident.fact("最晚什么时候处理完")).to_contain_text("11月16日")
    expect(resident.fact("怎么分派的")).not_to_be_empty()
    resident.shoot("1-08-report-done")
    return resident.fact("编号").inner_text()


def book_visit(town: Town, resident: Visitor) -> None:
    page = resident.page
    resident.stand(town.spot(east=0.7, north=0.7))
    resident.link("回到首页").click()
    resident.link("预约上门").click()
    resident.shoot("1-09-book-matters")
    resident.link(PENSION).click()
    expect(page.get_by_text("身份证")).to_be_visible()
    resident.shoot("1-10-book-matter")
    resident.link("预约上门", exact=True).click()
    resident.button("用我现在的位置").click()
    expect(page.get_by_text("属于：测试社区011 第1网格")).to_be_visible()
    page.get_by_label("详细地址").fill("测试路1号2幢101")
    resident.shoot("1-11-book-place")
    resident.button("下一步").click()
    page.get_by_role("group", name="选日期").get_by_role("button", name="11月18日").click()
    afternoon = page.get_by_role("button", name=re.compile("^14:"))
    expect(afternoon.first).to_be_visible()
    afternoon.first.click()
    resident.shoot("1-12-book-slot")
    resident.button("下一步").click()
    page.get_by_label("联系人姓名").fill("测试人")
    page.get_by_label("联系电话").fill(PHONE_NUMBER)
    page.get_by_label("要提醒网格员的话").fill("门铃坏了，请敲门")
    resident.shoot("1-13-book-contact")
    resident.button("下一步").click()
    resident.shoot("1-14-book-check")
    resident.button("确认预约").click()
    expect(page.get_by_role("heading", name="已预约")).to_be_visible()
    expect(resident.fact("上门时间")).to_contain_text("11月18日")
    resident.shoot("1-15-book-done")


def sign_in_at_desk(desk: Visitor, *, again: bool = False) -> None:
    page = desk.page
    page.goto("/console/")
    page.get_by_label("用户名").fill("community-002011")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    if not again:
        desk.shoot("2-01-console-login")
    desk.button("登录").click()
    for matter in (GARBAGE, PENSION):
        expect(page.get_by_role("option").filter(has_text=matter)).to_be_visible()
    if not again:
        desk.shoot("2-02-console-overview")
        page.get_by_role("option").filter(has_text=GARBAGE).click()
        expect(page.get_by_text("为什么派到这里？")).to_be_visible()
        expect(page.get_by_role("img", name="上报照片")).to_be_visible()
        desk.drawn()
        desk.shoot("2-03-console-case")


def plan_week(desk: Visitor) -> None:
    page = desk.page
    page.get_by_role("link", name="每周计划").click()
    desk.button("第1网格").click()
    expect(page.get_by_text("这一周还没有计划")).to_be_visible()
    desk.shoot("3-01-console-no-plan")
    desk.button("编排这个网格").click()
    expect(desk.button("发布")).to_be_visible()
    desk.shoot("3-02-console-plan-draft")
    desk.button("发布").click()
    expect(page.get_by_text("发布", exact=False).filter(has_text="11月16日").first).to_be_visible()
    expect(page.get_by_text("未排入")).to_have_count(1)  # the heading of the totals; no list of what was left out
    page.get_by_role("navigation", name="日期").get_by_role("button", name="周三").click()
    expect(page.get_by_role("button").filter(has_text="预约 14:")).to_be_visible()
    desk.drawn()
    desk.shoot("3-03-console-plan-wednesday")


def sign_in_on_duty(leader: Visitor) -> None:
    page = leader.page
    page.goto("/field/")
    page.get_by_label("用户名").fill(f"leader-{GRID}")
    page.get_by_label("密码").fill(PASSWORD)
    leader.shoot("3-04-field-login")
    leader.button("登录").click()
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def look_at_case_and_week(leader: Visitor) -> None:
    page = leader.page
    leader.button("事件 2").click()
    expect(leader.link(GARBAGE)).to_be_visible()
    expect(leader.link(PENSION)).to_be_visible()
    leader.shoot("3-05-field-cases")
    leader.link(GARBAGE).click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(leader.fact("为什么派给我")).not_to_be_empty()
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    leader.shoot("3-06-field-case")
    leader.tab("一周").click()
    page.get_by_role("group", name="一周").get_by_role("button", name="周三").click()
    expect(page.get_by_text(re.compile("^预约 14:"))).to_be_visible()
    leader.shoot("3-07-field-week")


def booked_stop(desk: Visitor) -> Stop:
    """Where and when the visit stands in the published plan, asked as the desk's own page asks."""
    asked = desk.context.request
    (line,) = asked.get(f"/api/v1/console/plans?week=2026-11-16&grid=330281{GRID}").json()["items"]
    plan: dict[str, Any] = asked.get(f"/api/v1/console/plans/{line['id']}").json()
    assert plan["unserved"] == []
    stops = [stop for route in plan["routes"] for stop in route["stops"]]
    assert [stop["kind"] for stop in stops].count("duty") == 4
    (booked,) = [stop for stop in stops if stop["kind"] == "appointment"]
    moment = datetime.fromisoformat(booked["start_at"])
    assert (moment.date().isoformat(), moment.hour) == ("2026-11-18", 14)
    return Stop(moment, booked["location"]["lon"], booked["location"]["lat"])


def walk_to(town: Town, leader: Visitor, stop: Stop) -> None:
    """Walks on patrol from the south-west, a fix every 20 s, and stands there. Sends, and the stop is recognised."""
    page = leader.page
    page.goto("/field/#/today")
    page.reload()
    expect(page.get_by_text("2026年11月18日")).to_be_visible()
    leader.shoot("4-01-field-today")
    leader.button("开始巡查").click()
    expect(page.get_by_role("heading", name="巡查位置：请先看清楚再决定")).to_be_visible()
    leader.shoot("4-02-field-consent")
    leader.button("同意并开始").click()
    expect(page.get_by_text("正在记录位置")).to_be_visible()
    expect(page.get_by_text("±6 米")).to_be_visible()
    leader.context.set_offline(True)  # no signal between the houses
    expect(page.get_by_text("没有网络：照常记录，联网后自动发送")).to_be_visible()
    for step in range(1, WALK_STEPS + STAY_STEPS + 1):
        town.clock.forward(timedelta(seconds=20 if step <= WALK_STEPS else 31))
        left = max(WALK_STEPS - step, 0)
        sway = 0.000002 * (step % 2)  # a browser tells of a fix only where it is another one
        leader.stand((stop.lon - 0.0002 * left + sway, stop.lat - 0.0001 * left))
        until(lambda step=step: fixes(page) == step + 1, page)  # type: ignore[misc]
    leader.tab("待发").click()
    expect(page.get_by_text(re.compile(r"^巡查位置 \d+ 个点待发$"))).to_be_visible()
    leader.shoot("4-03-field-outbox")
    leader.context.set_offline(False)
    expect(page.get_by_text("没有待发送的记录。")).to_be_visible()
    leader.tab("今日").click()
    leader.button("地图").click()
    leader.drawn()
    leader.shoot("4-04-field-map")
    leader.button("路线").click()
    expect(page.get_by_text("到访 1 站")).to_be_visible()
    expect(page.get_by_text("已到达")).to_be_visible()
    leader.shoot("4-05-field-arrived")


def fixes(page: Page) -> int:
    """Positions of the running patrol: those that wait on the phone and those that were sent."""
    recorder = page.get_by_role("status").filter(has_text="正在记录位置")
    found = re.search(r"待发 (\d+) · 已发 (\d+)", recorder.inner_text())
    return int(found[1]) + int(found[2]) if found else 0


def see_live_worker(town: Town, desk: Visitor) -> None:
    """The desk's open page has heard of the position by itself."""
    town.relay()
    page = desk.page
    desk.button("网格员").click()
    expect(page.get_by_text("在岗 1 / 4")).to_be_visible()
    desk.drawn()
    desk.shoot("4-06-console-live-worker")
    desk.button("关闭").click()


def record_visit(leader: Visitor) -> None:
    page = leader.page
    page.get_by_role("link").filter(has_text="已到达").click()
    expect(page.get_by_text("门铃坏了，请敲门")).to_be_visible()
    leader.shoot("4-07-field-stop")
    leader.button("记录情况").click()
    page.get_by_label("情况说明").fill("已核验，本人在家")
    page.get_by_role("button", name="照片", exact=True).set_input_files([street_photo("visit.jpg", clean=True)])
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    leader.shoot("4-08-field-visit")
    leader.button("保存").click()
    expect(page.get_by_text("已记录")).to_be_visible()


def handle_case(leader: Visitor) -> None:
    page = leader.page
    leader.tab("今日").click()
    leader.button("事件", exact=False).click()
    leader.link(GARBAGE).click()
    leader.button("接受").click()
    leader.button("处理完成，提交").click()
    page.get_by_label("怎么处理的").fill("垃圾已清走，桶已归位")
    page.get_by_role("button", name="照片", exact=True).set_input_files([street_photo("after.jpg", clean=True)])
    expect(page.get_by_role("img", name="第 1 张照片").last).to_be_visible()
    leader.shoot("4-09-field-submit")
    leader.button("确认：处理完成，提交").click()
    expect(page.get_by_text("待核查", exact=True)).to_be_visible()
    leader.shoot("4-10-field-handled")


def end_patrol(leader: Visitor) -> None:
    page = leader.page
    leader.tab("今日").click()
    leader.button("结束巡查").click()
    page.get_by_role("dialog").get_by_role("button", name="结束巡查").click()
    expect(leader.button("开始巡查")).to_be_visible()
    leader.tab("待发").click()
    expect(page.get_by_text("没有待发送的记录。")).to_be_visible()
    leader.tab("今日").click()
    leader.shoot("4-11-field-day-done")


def close_cases(desk: Visitor, matters: list[str]) -> None:
    page = desk.page
    for number, matter in enumerate(matters):
        row = page.get_by_role("option").filter(has_text=matter)
        # Heard over the live stream: nobody has reloaded this page since the walk began.
        expect(row).to_contain_text("待核查")
        row.click()
        desk.button("结案").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("说明").fill("核查通过")
        if number == 0:
            desk.shoot("5-01-console-closing")
        dialog.get_by_role("button", name="结案").click()
        expect(page.get_by_role("region", name="案件", exact=True).get_by_text("已结案").first).to_be_visible()
        desk.shoot(f"5-02-console-closed-{number + 1}")


def compare_routes(desk: Visitor) -> None:
    page = desk.page
    desk.button("网格员").click()
    page.get_by_role("listitem").filter(has_text=f"测leader:{GRID}").get_by_role("link", name="轨迹").click()
    expect(desk.fact("到访 / 计划")).to_have_text(re.compile(r"^[1-9]\d* / \d+$"))
    expect(desk.fact("实走")).to_have_text(re.compile(r"^[1-9]\d* 米$"))
    desk.drawn()
    desk.shoot("5-03-console-planned-walked")


def save_round_sheet(desk: Visitor, folder: Path) -> Path:
    """The week's round as one file, as the desk would save it."""
    page = desk.page
    page.get_by_role("link", name="每周计划").click()
    desk.button("第1网格").click()
    link = page.get_by_role("link", name="打开离线地图")
    address = link.get_attribute("href")
    assert address is not None
    answer = desk.context.request.get(address)
    assert answer.status == 200
    desk.shoot("5-04-console-plan-done")
    file = folder / "round.html"
    file.write_bytes(answer.body())
    return file


def opens_without_any_network(browser: Browser, file: Path) -> None:
    """Opens the saved file with the network away: it asks for nothing and draws the stops and the way."""
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, device_scale_factor=1, offline=True)
    context.set_default_timeout(PATIENCE_MS)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    context.route(lambda address: not address.startswith("file:"), lambda route: route.abort())
    page: Page = context.new_page()
    page.goto(file.as_uri())
    until(lambda: page.locator(".leaflet-container path.leaflet-interactive").count() > 0, page)
    expect(page.get_by_text(PENSION).first).to_be_visible()
    page.wait_for_timeout(500)
    page.screenshot(path=file.with_suffix(".png"))
    page.screenshot(path=Path(__file__).parent / "screenshots" / "5-05-round-sheet-offline.png")
    assert asked == [file.as_uri()]
    assert complaints == []
    context.close()


def follow_and_rate(resident: Visitor, number: str) -> None:
    page = resident.page
    page.goto("/resident/#/requests")
    page.reload()
    expect(page.get_by_text(number)).to_be_visible()
    resident.shoot("5-06-resident-requests")
    resident.link(number).click()
    steps = page.get_by_role("region").or_(page.locator("section")).filter(has_text="经过").get_by_role("listitem")
    expect(steps).to_have_count(6)
    expect(page.get_by_text("已办结").first).to_be_visible()
    resident.shoot("5-07-resident-followed")
    resident.button("有").click()
    resident.button("解决了").click()
    page.get_by_role("button", name="5 很满意").click()
    page.get_by_label("还想说的话").fill("很快")
    resident.shoot("5-08-resident-rating")
    resident.button("提交评价").click()
    expect(page.get_by_role("heading", name="您的评价")).to_be_visible()
    resident.shoot("5-09-resident-rated")
