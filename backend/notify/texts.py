"""What an SMS says (Chinese first, as the phones of residents expect, with an English line) and what a notice says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.core.clock import LOCAL


def one_time_code(code: str) -> str:
    return f"【网格通】验证码 {code}，5 分钟内有效，请勿告诉他人。Your Gridward code is {code}."


def case_ended(number: str, action: str) -> str:
    if action == "close":
        return f"【网格通】您反映的事项 {number} 已办结，欢迎凭查询码评价。Your report {number} is closed."
    return f"【网格通】您反映的事项 {number} 不予受理，凭查询码可看原因。Your report {number} was not accepted."


def to_department(number: str, matter: str, address: str) -> str:
    """To whoever is on duty for a department: what and where, and nothing of who reported it."""
    where = f"，{address}" if address else ""
    return f"【网格通】{matter}（{number}{where}）已派至贵部门，请及时处置。Case {number} was sent to your department."


def visit_given_back(number: str, topic: str, facts: Mapping[str, Any]) -> str:
    """For who booked without an account; `topic` says whether another time may be chosen."""
    when = _when(facts)
    if topic == "visit_to_rebook":
        return (
            f"【网格通】{number} 更正后，原定 {when} 的上门已取消，请致电社区另约时间。"
            f"The visit of {when} was given back; call the community desk for another time."
        )
    return f"【网格通】{number} 更正后，原定 {when} 的上门已取消。The visit of {when} was given back and is not needed."


_STEPS = {
    "dispatch": ("已派遣", "was dispatched"),
    "refuse": ("不予受理", "was not accepted"),
    "accept": ("已接办", "was taken on"),
    "submit": ("处置完成，待核查", "was handled and is to be checked"),
    "close": ("已办结", "was closed"),
    "rework": ("核查未通过，需返工", "did not pass the check and needs rework"),
    "cancel": ("已撤销", "was cancelled"),
    "force_close": ("已强制结案", "was closed by force"),
    "reopen": ("已重新办理", "was reopened"),
    "correct": ("的位置或事项已更正", "was corrected: place or matter"),
    "assign": ("已指派给您", "was assigned to you"),
    "escalate": ("已超过时限", "is overdue"),
    "suspend": ("已挂账", "was suspended"),
    "resume": ("已恢复办理", "was resumed"),
    "ask_extension": ("申请延期，待审批", "asks for more time"),
    "extend": ("已批准延期", "has been given more time"),
    "deny_extension": ("未批准延期", "gets no more time"),
    "supervise": ("被督办", "is being pressed for from above"),
    "appeal": ("对超时提出申诉，待审批", "has an appeal against its overtime"),
    "grant_appeal": ("超时申诉已认可", "is excused for its overtime"),
    "deny_appeal": ("超时申诉未获认可", "is not excused for its overtime"),
}


_MOVED = {
    "case_handed_on": ("因{why}已改由他人负责", "is now somebody else's, because {why}"),
    "case_handed_to": ("因{why}改由您负责", "is now yours, because {why}"),
}
_WHY = {
    "duty": ("值守变动", "duty changed"),
    "rule": ("分派规则变动", "a rule changed"),
    "location": ("位置更正", "its place was corrected"),
    "matter": ("事项更正", "its matter was corrected"),
}


_ASKED = {
    "dispute_asks": ("被邻格退单，请看是否由您接办", "was sent back; is it yours to take?"),
    "case_to_decide": (
        "更正后应由他人负责，现任仍在办理，请决定由谁继续",
        "was corrected and is another's now; its owner has begun, decide who goes on",
    ),
    "dispute_to_rule": ("有退单待裁定", "was sent back and waits for a ruling"),
}
_SETTLED = {
    "agreed": ("退单已由对方接办", "was taken by the side that was asked"),
    "stays": ("退单裁定：维持原责任", "stays where it was, by ruling"),
    "grid": ("退单裁定：转至其他网格", "goes to another grid, by ruling"),
    "department": ("退单裁定：转处置部门", "goes to a department, by ruling"),
}


_VISITS = {
    "appointment_moved": ("上门时间改为 {when}", "the visit was moved to {when}"),
    "appointment_went_along": (
        "更正后由新的网格上门，时间不变：{when}",
        "another team makes the visit after the correction, at the same time: {when}",
    ),
    "visit_to_rebook": (
        "更正后原定 {when} 的上门已取消，请另选时间",
        "the visit of {when} was given back with the correction; choose another time",
    ),
    "visit_not_needed": (
        "更正后原定 {when} 的上门已取消，无需再约",
        "the visit of {when} was given back with the correction; none is needed any more",
    ),
    "visit_unserved": (
        "预约在 {when} 上门，目前无人可去，请安排代管或与居民改期",
        "booked for {when}, and nobody can go; name a cover or agree on another time",
    ),
}


def notice_text(topic: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """A notice in words: (Chinese, English)."""
    if topic in _WHOLE:
        return _WHOLE[topic](facts)
    if topic in _VISITS:
        return _visit(facts, *_VISITS[topic])
    if topic == "dispute_settled":
        zh, en = _SETTLED["agreed" if facts.get("how") == "agreed" else str(facts.get("outcome"))]
        return _of_case(facts, zh, en)
    if topic in _MOVED:
        why_zh, why_en = _WHY[str(facts.get("cause", "duty"))]
        zh, en = _MOVED[topic]
        return _of_case(facts, zh.format(why=why_zh), en.format(why=why_en))
    zh, en = _ASKED.get(topic) or _STEPS.get(str(facts.get("action")), ("有新进展", "has news"))
    return _of_case(facts, zh, en)


_CAUSES = {
    "urgent_case": ("紧急案件", "an urgent case"),
    "come_again": ("再次上门", "a visit that is made again"),
    "absence": ("同事不在岗", "somebody is away"),
    "moved_appointment": ("预约改期", "a moved appointment"),
    "case_moved": ("事项已转走", "a case went elsewhere"),
    "visit_moved": ("上门已转走或取消", "a visit went elsewhere or was given back"),
}


def _round_changed(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Days, how many stops are new, gone or elsewhere, and why."""
    zh_why, en_why = _CAUSES[str(facts["cause"])]
    days = [str(day)[5:] for day in facts["days"]]
    count, more, fewer = int(facts["changed"]), int(facts["more"]), int(facts["fewer"])
    parts_zh = [f"变动 {count} 站", *([f"增加 {more}"] if more else []), *([f"减少 {fewer}"] if fewer else [])]
    parts_en = [
        f"{count} {'stop' if count == 1 else 'stops'} changed",
        *([f"{more} more"] if more else []),
        *([f"{fewer} fewer"] if fewer else []),
    ]
    return (
        f"{'、'.join(days)} 的走访路线已调整（{zh_why}）：{'，'.join(parts_zh)}",
        f"Your round of {', '.join(days)} has changed ({en_why}): {', '.join(parts_en)}",
    )


def _of_case(facts: Mapping[str, Any], zh: str, en: str) -> tuple[str, str]:
    matter, number = facts.get("matter", {}), facts.get("number", "")
    return f"{matter.get('zh', '')}（{number}）{zh}", f"{matter.get('en') or matter.get('zh', '')} ({number}) {en}"


def _visit(facts: Mapping[str, Any], zh: str, en: str) -> tuple[str, str]:
    matter, number = facts.get("matter", {}), facts.get("number", "")
    when = _when(facts)
    return (
        f"{matter.get('zh', '')}（{number}）{zh.format(when=when)}",
        f"{matter.get('en') or matter.get('zh', '')} ({number}): {en.format(when=when)}",
    )


def _when(facts: Mapping[str, Any]) -> str:
    start, end = (datetime.fromisoformat(str(facts[name])).astimezone(LOCAL) for name in ("start", "end"))
    return f"{start:%m-%d %H:%M}–{end:%H:%M}"


def _duty_gap(facts: Mapping[str, Any]) -> tuple[str, str]:
    grid = facts.get("grid", {})
    start = datetime.fromisoformat(str(facts["starts_at"])).astimezone(LOCAL)
    end = datetime.fromisoformat(str(facts["ends_at"])).astimezone(LOCAL) if facts.get("ends_at") else None
    zh_end, en_end = (f"至{end:%m-%d %H:%M}", f" until {end:%m-%d %H:%M}") if end else ("起", "")
    name = grid.get("name", "")
    return (
        f"{name}（{grid.get('code', '')}）{start:%m-%d %H:%M}{zh_end}无人值守，请安排代管",
        f"Nobody is on duty in {grid.get('name_en') or name} from {start:%m-%d %H:%M}{en_end}; name a cover",
    )


def _department_unattended(facts: Mapping[str, Any]) -> tuple[str, str]:
    names = facts.get("department", {})
    zh, en = names.get("zh", ""), names.get("en") or names.get("zh", "")
    return _of_case(
        facts,
        f"派至{zh}，但该部门此时无人值班，请联系或改派",
        f"went to {en}, where nobody is on duty; call or assign anew",
    )


def _plan_published(facts: Mapping[str, Any]) -> tuple[str, str]:
    week = facts.get("week_start", "")
    return f"{week} 起的每周走访计划已更新", f"The plan of the week of {week} is in force"


def _proposal_ended(facts: Mapping[str, Any]) -> tuple[str, str]:
    name = facts["name"]
    if facts["state"] == "done":
        return f"划分建议“{name}”已生成草案", f"The proposal “{name}” is done: its draft is there"
    return (
        f"划分建议“{name}”未能生成草案，原因见划分页面",
        f"The proposal “{name}” came to no draft; the divisions page says why",
    )


_WHOLE = {
    "proposal_ended": _proposal_ended,
    "plan_published": _plan_published,
    "round_changed": _round_changed,
    "duty_gap": _duty_gap,
    "department_unattended": _department_unattended,
}
