"""The public list of grids: what the grid regulations publish (name, extent, who, phones) and nothing more."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.geos import MultiPolygon
from django.db.models import Q

from backend.areas.duty.chain import Chain, chains
from backend.areas.models import Area, Boundary, Duty

# Posts that the regulations make public; who stands in for them is known to the desk.
_PUBLIC_POSTS = (Duty.Post.LEADER, Duty.Post.WORKER)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody in a public post, by name."""

    name: str
    post: str


@dataclass(frozen=True, slots=True)
class PublishedGrid:
    """One grid as it is posted up: no account, no private number, nothing about absences."""

    code: str
    name: str
    name_en: str
    community: str
    community_en: str
    outline: MultiPolygon
    people: tuple[Named, ...]
    duty_phone: str
    supervision_phone: str


def published_grids(*, after_code: str, words: str, limit: int, now: datetime) -> list[PublishedGrid]:
    """Grids in force in the order of their codes, beginning after `after_code`; `words` look into names and codes."""
    found = Boundary.objects.in_force(now).filter(
        area__level=Area.Level.GRID, area__closed_at=None, area__code__gt=after_code
    )
    for word in words.split()[:5]:
        found = found.filter(
            Q(area__name__icontains=word)
            | Q(area__name_en__icontains=word)
            | Q(area__code__startswith=word)
            | Q(area__parent__name__icontains=word)
            | Q(area__parent__name_en__icontains=word)
        )
    rows = list(found.select_related("area__parent__parent").order_by("area__code")[:limit])
    on_duty = chains((row.area_id, now) for row in rows)
    return [_published(row, on_duty[row.area_id, now]) for row in rows]


def _published(row: Boundary, chain: Chain) -> PublishedGrid:
    grid = row.area
    community = grid.parent
    street = community.parent if community else None
    return PublishedGrid(
        code=grid.code,
        name=grid.name,
        name_en=grid.name_en,
        community=community.name if community else "",
        community_en=community.name_en if community else "",
        outline=row.outline,
        people=_present(chain),
        duty_phone=grid.duty_phone or (community.duty_phone if community else ""),
        supervision_phone=street.duty_phone if street else "",
    )


def _present(chain: Chain) -> tuple[Named, ...]:
    present = [line for line in chain.lines if line.post in _PUBLIC_POSTS and not line.is_absent]
    return tuple(Named(str(line.worker.name), line.post) for line in present)
