"""Run as a module in a fault test's own town: lays the small world of `tests.world` with streets and places."""

from datetime import timedelta

import django

PLANNED_GRIDS = ("002011001", "002011002", "002012001")
PLACES = 30


def main() -> None:
    from django.utils import timezone

    from backend.accounts.models import Consent
    from tests.streets import lay_streets, spot_in
    from tests.world import make_world

    world = make_world(timezone.now() - timedelta(hours=1))
    lay_streets(world)
    for grid in PLANNED_GRIDS:
        for number in range(PLACES):
            at = spot_in(world, grid, east=0.05 + 0.03 * number, north=0.5)
            world.add_place(f"{grid}-{number}", grid=grid, at=at)
    leader = world.people["leader:002011001"]
    Consent.objects.create(user=leader, purpose="patrol_track", notice_version="1", granted=True, at=timezone.now())


if __name__ == "__main__":
    django.setup()
    main()
