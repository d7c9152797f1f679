"""From a checked body to the report that the service takes; residents and workers share it."""

from typing import Any

from backend.cases.services import NewReport
from backend.matters import queries as matters
from mobile_api.public.serializers import case_point


def new_report(body: dict[str, Any], *, channel: str, **more: object) -> NewReport:
    """The report that a checked body asks for. Raises UnknownCondition."""
    contact = body["contact"] or {"name": "", "phone": ""}
    return NewReport(
        id=body["id"],
        matter_id=body["matter"],
        condition_id=matters.condition_named(body["matter"], body["condition"] or ""),
        description=body["description"],
        point=case_point(body["location"]),
        address_text=body["address"],
        contact_name=contact["name"],
        contact_phone=contact["phone"],
        photo_claims=body["photos"],
        channel=channel,
        **more,  # type: ignore[arg-type]
    )
