"""A decision in words, Chinese and English, for the person who asks "why here?"."""

from collections.abc import Sequence

from backend.areas.models import Area
from backend.areas.queries import DutyLine
from backend.core.crypto import mask_name
from backend.dispatch.models import Decision, Rule, Ruling
from backend.matters.models import Matter
from gis.locate import Kind, Located

Texts = tuple[str, str]

_POST_ZH = {"leader": "网格长", "worker": "网格员", "deputy": "代理人", "cover": "临时代管人"}
_POST_EN = {"leader": "grid leader", "worker": "grid worker", "deputy": "deputy", "cover": "cover"}


def triage(street: Area, distance_m: float) -> Texts:
    return (
        f"位置在服务范围外约 {distance_m:.0f} 米，转{street.name}指挥中心人工分派。",
        f"The point lies about {distance_m:.0f} m outside the served area; the command centre of "
        f"{street.name_en or street.name} decides.",
    )


def place(located: Located, area: Area, candidates: Sequence[dict[str, object]]) -> Texts:
    """Where the point lies: in which grid and why in this one, or in a gap of the community `area`."""
    if located.kind is Kind.GAP:
        return (
            f"位置在{area.name}内，但不属于任何网格。",
            f"The point lies in {area.name_en or area.name} but in no grid.",
        )
    name_zh, name_en = f"{area.name}（{area.code}）", f"{area.name_en or area.name} ({area.code})"
    border = f"{located.border_m:.0f}" if located.border_m is not None else "?"
    if located.kind is Kind.ON_BORDER:
        codes = "、".join(str(row["code"]) for row in candidates)
        return (
            f"位置正在边界上（{codes}），按规则由编码最小的{name_zh}负责。",
            f"The point lies on the border of {codes}; by rule the lowest code answers: {name_en}.",
        )
    if located.kind is Kind.UNCERTAIN:
        shares_zh = "、".join(f"{row['code']} 占 {_percent(row)}" for row in candidates)
        shares_en = ", ".join(f"{row['code']} {_percent(row)}" for row in candidates)
        return (
            f"定位误差圈跨越网格（{shares_zh}），由占比最大的{name_zh}负责。",
            f"The accuracy circle reaches several grids ({shares_en}); the largest share answers: {name_en}.",
        )
    if located.kind is Kind.SNAPPED:
        return (
            f"位置在网格外 {border} 米，归入最近的{name_zh}。",
            f"The point lies {border} m outside all grids; the nearest answers: {name_en}.",
        )
    return (
        f"位置在{name_zh}内，距边界 {border} 米。",
        f"The point lies in {name_en}, {border} m from its border.",
    )


def _percent(row: dict[str, object]) -> str:
    share = row["share"]
    return f"{share:.0%}" if isinstance(share, float) else "?"


def by_rule(rule: Rule, beaten: Sequence[Rule]) -> Texts:
    """The rule that goes before the grid's duty, and those that fitted too."""
    zh = f"适用规则“{rule.name_zh}”（优先级 {rule.priority}）"
    en = f"The rule “{rule.name_en or rule.name_zh}” (priority {rule.priority}) applies"
    if rule.ground:
        zh, en = f"{zh}，依据：{rule.ground}", f"{en}, on the ground of {rule.ground}"
    if not beaten:
        return f"{zh}。", f"{en}."
    names_zh = "、".join(f"“{one.name_zh}”（优先级 {one.priority}）" for one in beaten)
    names_en = ", ".join(f"“{one.name_en or one.name_zh}” (priority {one.priority})" for one in beaten)
    return f"{zh}；让位的规则：{names_zh}。", f"{en}; it goes before {names_en}."


def who(
    lines: Sequence[DutyLine],
    chosen: DutyLine | None,
    matter: Matter,
    owner: Decision.Owner,
    *,
    rule: Rule | None,
    is_gap: bool,
) -> Texts:
    """Who answers, by the rule, the matter or the duty chain."""
    if rule is not None and rule.target_area is not None and owner is Decision.Owner.COMMUNITY_DESK:
        desk = rule.target_area
        if rule.target == Rule.Target.DESK:
            return f"由{desk.name}值班台处置。", f"The desk of {desk.name_en or desk.name} decides."
    if rule is not None and rule.department is not None:
        return f"由{rule.department.name_zh}处置。", f"{rule.department.name_en or rule.department.name_zh} handles it."
    if is_gap:
        return "转社区值班台。", "The community desk decides."
    named_zh, named_en = "", ""
    if rule is not None and rule.target_area is not None:
        grid = rule.target_area
        named_zh = f"归{grid.name}（{grid.code}）。"
        named_en = f"It belongs to {grid.name_en or grid.name} ({grid.code}). "
    zh, en = _by_matter_or_duty(lines, chosen, matter, owner)
    return f"{named_zh}{zh}", f"{named_en}{en}"


def _by_matter_or_duty(
    lines: Sequence[DutyLine], chosen: DutyLine | None, matter: Matter, owner: Decision.Owner
) -> Texts:
    if owner is Decision.Owner.DEPARTMENT and matter.department:
        return (
            f"事项“{matter.name_zh}”由{matter.department.name_zh}处置。",
            f"“{matter.name_en or matter.name_zh}” is handled by "
            f"{matter.department.name_en or matter.department.name_zh}.",
        )
    return _on_duty(lines, chosen)


def ruled(ruling: Ruling, *, names: Texts, lines: Sequence[DutyLine], chosen: DutyLine | None) -> Texts:
    """The words for a case that was disputed: who settled it for whom, and who of them answers now."""
    zh, en = names
    if ruling.how == Ruling.How.AGREED:
        said = f"退单后由{zh}同意接办。", f"After a dispute it was taken by {en}."
    else:
        said = f"退单经裁定由{zh}负责。", f"After a dispute it was ruled that {en} answers."
    if ruling.department is not None:
        return said
    who_zh, who_en = _on_duty(lines, chosen)
    return f"{said[0]}{who_zh}", f"{said[1]} {who_en}"


def _on_duty(lines: Sequence[DutyLine], chosen: DutyLine | None) -> Texts:
    away = [line for line in lines if line.is_absent]
    away_zh = "".join(f"{_POST_ZH[line.post]}{mask_name(str(line.worker.name))}请假，" for line in away)
    away_en = "".join(f"The {_POST_EN[line.post]} is away. " for line in away)
    if chosen is None:
        return f"{away_zh}当前无人值守，转社区值班台。", f"{away_en}Nobody is on duty, so the community desk decides."
    return (
        f"{away_zh}由当值{_POST_ZH[chosen.post]}{mask_name(str(chosen.worker.name))}负责。",
        f"{away_en}The {_POST_EN[chosen.post]} on duty answers.",
    )
