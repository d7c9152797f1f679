"""A decision in words, Chinese and English, for the person who asks "why here?"."""

from collections.abc import Sequence

from backend.areas.models import Area
from backend.areas.queries import DutyLine
from backend.core.crypto import mask_name
from backend.dispatch.models import Decision, Ruling
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


def gap(community: Area) -> Texts:
    return (
        f"位置在{community.name}内，但不属于任何网格，转社区值班台。",
        f"The point lies in {community.name_en or community.name} but in no grid; the community desk decides.",
    )


def grid(
    located: Located,
    *,
    area: Area,
    candidates: Sequence[dict[str, object]],
    lines: Sequence[DutyLine],
    chosen: DutyLine | None,
    matter: Matter,
    owner: Decision.Owner,
) -> Texts:
    place_zh, place_en = _place(located, area, candidates)
    who_zh, who_en = _who(lines, chosen, matter, owner)
    return f"{place_zh}{who_zh}", f"{place_en} {who_en}"


def _place(located: Located, area: Area, candidates: Sequence[dict[str, object]]) -> Texts:
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


def _who(lines: Sequence[DutyLine], chosen: DutyLine | None, matter: Matter, owner: Decision.Owner) -> Texts:
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
