"""Run as a module in a fault test's own town: lays the small world of `tests.world` with streets and places."""

from datetime import timedelta

import django


def main() -> None:
    from django.utils import timezone

    from backend.accounts.models import Consent
    from tests.streets import lay_streets, spot_in
    from tests.world import make_world

    world = make_world(timezone.now() - timedelta(hours=1))
    lay_streets(world)
    for number in range(30):
        at = spot_in(world, "002011001", east=0.05 + 0.03 * number, north=0.5)
        world.add_place(f"P{number}", grid="002011001", at=at)
    leader = world.people["leader:002011001"]
    Consent.objects.create(user=leader, purpose="patrol_track", notice_version="1", granted=True, at=timezone.now())


if __name__ == "__main__":
    django.setup()
    main()
