"""Numbers of new areas: the next after every number that was ever given, so that no code is used twice."""

from collections.abc import Iterable

from backend.areas.errors import CodesUsedUp
from backend.areas.models import Area

_HIGHEST = 999
SCHEMES = {Area.Level.GRID.value: "grid15", Area.Level.COMMUNITY.value: "stats12"}


def next_code(under: Area, *, taken: Iterable[str] = ()) -> str:
    """The code of the next new area directly under `under`. Closed areas and `taken` codes count as given.

    Raises CodesUsedUp.
    """
    given = [*Area.objects.filter(parent=under).values_list("code", flat=True), *taken]
    tails = [code.removeprefix(under.code) for code in given if code.startswith(under.code)]
    last = max((int(tail) for tail in tails if tail.isdigit() and len(tail) == 3), default=0)
    if last >= _HIGHEST:
        raise CodesUsedUp(f"{under.name} has given away all of its three-digit numbers", area_code=under.code)
    return f"{under.code}{last + 1:03d}"
