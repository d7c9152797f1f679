"""A case's history in words, Chinese and English. Names of people are never part of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.cases.models import CaseEvent
from backend.cases.round_lines import GIVEN_BACK, LEFT_ROUND, WENT_ALONG
from backend.cases.workflow import Action
from backend.core.clock import LOCAL

_ROLE = {
    "resident": ("居民", "the resident"),
    "grid_worker": ("网格员", "the grid worker"),
    "grid_leader": ("网格长", "the grid leader"),
    "community": ("社区值班台", "the community desk"),
    "street": ("街道指挥中心", "the street command centre"),
    "district": ("区县平台", "the district"),
    "city": ("市级平台", "the city"),
    "department": ("处置部门", "the department"),
    "integration": ("外部系统", "a partner system"),
    "system": ("系统", "the system"),
}

# {who} is the role that took the step.
_ACTION: dict[Action, tuple[str, str]] = {
    Action.REPORT: ("{who}上报", "Reported by {who}"),
    Action.ROUTE: ("{who}重新定位责任网格", "Routed anew by {who}"),
    Action.CORRECT: ("{who}更正{what}", "{what} corrected by {who}"),
    Action.SELF_HANDLE: ("{who}当场处置完毕", "Dealt with on the spot by {who}"),
    Action.VERIFY: ("{who}安排现场核实", "Sent for verification on site by {who}"),
    Action.VERIFIED: ("{who}核实属实", "Found true on site by {who}"),
    Action.FILE: ("{who}立案", "Filed by {who}"),
    Action.REFUSE: ("{who}不予受理", "Not accepted by {who}"),
    Action.DISPATCH: ("{who}派遣至责任人", "Dispatched by {who}"),
    Action.RETURN: ("{who}退回", "Returned by {who}"),
    Action.ASSIGN: ("{who}指派处置人", "Assigned by {who}"),
    Action.ACCEPT: ("{who}已接办", "Taken on by {who}"),
    Action.HAND_BACK: ("{who}交回", "Handed back by {who}"),
    Action.SUBMIT: ("{who}处置完成，待核查", "Handled by {who}, to be checked"),
    Action.REWORK: ("{who}核查未通过，返工", "Check not passed, rework asked by {who}"),
    Action.CLOSE: ("{who}核查通过，结案", "Checked and closed by {who}"),
    Action.ASK_EXTENSION: ("{who}申请延期", "More time asked for by {who}"),
    Action.EXTEND: ("{who}批准延期", "More time granted by {who}"),
    Action.DENY_EXTENSION: ("{who}未批准延期", "More time denied by {who}"),
    Action.SUPERVISE: ("{who}督办", "Supervised by {who}"),
    Action.APPEAL: ("{who}对超时提出申诉", "Overtime appealed against by {who}"),
    Action.GRANT_APPEAL: ("{who}认可超时申诉", "Appeal granted by {who}, the overtime is excused"),
    Action.DENY_APPEAL: ("{who}驳回超时申诉", "Appeal denied by {who}"),
    Action.SUSPEND: ("{who}挂账{what}，计时暂停", "Suspended{what} by {who}, the clock stands still"),
    Action.RESUME: ("{who}恢复办理", "Resumed by {who}"),
    Action.CANCEL: ("{who}撤销", "Cancelled by {who}"),
    Action.FORCE_CLOSE: ("{who}强制结案", "Closed by force by {who}"),
    Action.REOPEN: ("{who}要求重办", "Reopened by {who}"),
    Action.RATE: ("{who}已评价", "Rated by {who}"),
    Action.NOTE: ("{who}备注", "Note by {who}"),
    Action.ESCALATE: ("超过时限，{who}已督办", "Overdue, escalated by {who}"),
    Action.DISPUTE: ("{who}退单", "Sent back by {who}"),
    Action.SETTLE: ("{who}{what}", "{what} by {who}"),
    Action.WITHDRAW: ("{who}撤回退单", "Return taken back by {who}"),
    Action.REBOOK: ("{who}改约上门时间：{when}", "Visit moved by {who}: {when}"),
}


def event_text(event: CaseEvent) -> tuple[str, str]:
    """One line of the history: (Chinese, English)."""
    who_zh, who_en = _ROLE.get(event.actor_role, (event.actor_role, event.actor_role))
    zh, en = _by_round(event) or _ACTION[Action(event.action)]
    when = _window_text(event.facts) if event.action == Action.REBOOK else ""
    what_zh, what_en = _WHAT[Action(event.action)](event.facts) if event.action in _WHAT else ("", "")
    return zh.format(who=who_zh, when=when, what=what_zh), en.format(who=who_en, when=when, what=what_en)


_SETTLED = {
    "stays": ("裁定退单：维持原责任", "Dispute ruled: the case stays,"),
    "grid": ("裁定退单：转至网格 {grid}", "Dispute ruled: to grid {grid},"),
    "department": ("裁定退单：转处置部门", "Dispute ruled: to a department,"),
}


def _settled_text(facts: Mapping[str, Any]) -> tuple[str, str]:
    if facts["how"] == "agreed":
        return "同意接办退单", "Case that was sent back taken on"
    zh, en = _SETTLED[facts["outcome"]]
    return zh.format(grid=facts["to_grid"]), en.format(grid=facts["to_grid"])


def _corrected_text(facts: Mapping[str, Any]) -> tuple[str, str]:
    parts_zh, parts_en = [], []
    if "moved_m" in facts:
        parts_zh.append(f"位置（移动 {facts['moved_m']:.0f} 米）")
        parts_en.append(f"Place (moved {facts['moved_m']:.0f} m)")
    if "to_matter" in facts:
        old, new = facts["from_matter"], facts["to_matter"]
        parts_zh.append(f"事项（{old['zh']} → {new['zh']}）")
        parts_en.append(f"{'matter' if parts_en else 'Matter'} ({old['en'] or old['zh']} → {new['en'] or new['zh']})")
    return "和".join(parts_zh), " and ".join(parts_en)


def _suspended_text(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Lines from before a suspension had an end name none."""
    if "until" not in facts:
        return "", ""
    until = datetime.fromisoformat(facts["until"]).astimezone(LOCAL)
    return f"至 {until:%Y-%m-%d}", f" until {until:%Y-%m-%d}"


_WHAT = {Action.SETTLE: _settled_text, Action.CORRECT: _corrected_text, Action.SUSPEND: _suspended_text}


_FATES = {
    WENT_ALONG: (
        "预约的上门（{when}）随更正转至新的网格，时间不变",
        "Visit ({when}) went to the new team at the same time",
    ),
    GIVEN_BACK: ("更正后预约的上门（{when}）已取消", "Visit ({when}) given back with the correction"),
}


def _by_round(event: CaseEvent) -> tuple[str, str] | None:
    """The words of a line that the rounds wrote."""
    if event.action == Action.REBOOK and "visit" in event.facts:
        return _FATES[event.facts["visit"]]
    left = event.facts.get(LEFT_ROUND) if event.action == Action.NOTE else None
    if left is None:
        return None
    day = left["day"][5:]
    return f"已移出网格 {left['grid']} 的 {day} 走访路线", f"Taken out of the round of {day} in grid {left['grid']}"


def _window_text(facts: Mapping[str, Any]) -> str:
    """From when to when; without a window of before the window alone."""
    if "from" not in facts:
        start, end = (datetime.fromisoformat(facts[name]).astimezone(LOCAL) for name in ("start", "end"))
        return f"{start:%m-%d %H:%M}–{end:%H:%M}"
    before, start, end = (datetime.fromisoformat(facts[name]).astimezone(LOCAL) for name in ("from", "start", "end"))
    return f"{before:%m-%d %H:%M} → {start:%m-%d %H:%M}–{end:%H:%M}"
