"""Reads of the matter list."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Prefetch, Q

from backend.matters.errors import MatterNotFound, UnknownCondition, UnknownMatter
from backend.matters.models import FilingCondition, Matter, MatterQuerySet

_CONDITIONS = Prefetch("conditions", FilingCondition.objects.filter(is_active=True), to_attr="active_conditions")


def admitted_matters(*, kind: str = "", q: str = "", public_only: bool) -> MatterQuerySet:
    """Matters that a new case may name, with their conditions; `q` searches names and categories in both languages."""
    found = Matter.objects.admitted().select_related("department").prefetch_related(_CONDITIONS)
    if public_only:
        found = found.filter(public=True)
    if kind:
        found = found.filter(kind=kind)
    for word in q.split():
        found = found.filter(
            Q(name_zh__icontains=word)
            | Q(name_en__icontains=word)
            | Q(category_zh__icontains=word)
            | Q(category_en__icontains=word)
            | Q(code__iexact=word)
        )
    return found.order_by("kind", "scheme", "code")


def find_matter(matter_id: UUID, *, public_only: bool) -> Matter:
    """A matter to look at. Raises MatterNotFound."""
    matter = admitted_matters(public_only=public_only).filter(pk=matter_id).first()
    if matter is None:
        raise MatterNotFound("no such matter in the published list")
    return matter


def matters_by_id(matter_ids: Collection[UUID]) -> dict[UUID, Matter]:
    """Matters with their departments, those that are no longer offered too."""
    return Matter.objects.select_related("department").in_bulk(matter_ids)


def get_matter(matter_id: UUID, *, public_only: bool) -> Matter:
    """Raises UnknownMatter."""
    matter = admitted_matters(public_only=public_only).filter(pk=matter_id).first()
    if matter is None:
        raise UnknownMatter("choose a matter of the published list", field="matter", matter=str(matter_id))
    return matter


def condition_for(matter: Matter, condition_id: UUID | None) -> FilingCondition | None:
    """The named filing condition, or the matter's first one. Raises UnknownCondition."""
    conditions = _active_conditions(matter)
    if condition_id is None:
        return conditions[0] if conditions else None
    for condition in conditions:
        if condition.pk == condition_id:
            return condition
    raise UnknownCondition(
        "the condition does not belong to this matter", field="condition", condition=str(condition_id)
    )


def _active_conditions(matter: Matter) -> list[FilingCondition]:
    """As read with the matter, or read now."""
    read: list[FilingCondition] | None = getattr(matter, "active_conditions", None)
    return list(matter.conditions.filter(is_active=True)) if read is None else read


def condition_named(matter_id: UUID, code: str) -> UUID | None:
    """Id of the active condition with this code; None for an empty code. Raises UnknownCondition."""
    if not code:
        return None
    found = (
        FilingCondition.objects.filter(matter_id=matter_id, code=code, is_active=True)
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise UnknownCondition("the condition does not belong to this matter", field="condition", condition=code)
    return found
