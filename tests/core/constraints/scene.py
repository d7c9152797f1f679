"""What the rooms' rows have in common."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.models import User
from backend.areas.models import Area
from backend.cases.models import Case
from tests.world import World


@dataclass(frozen=True)
class Scene:
    """Whom and what the rooms' rows belong to: a grid with its leader, and a case reported there."""

    world: World
    now: datetime
    case: Case

    @property
    def grid(self) -> Area:
        return self.world.grid("002011001")

    @property
    def community(self) -> Area:
        return self.world.areas["330281002011"]

    @property
    def leader(self) -> User:
        return self.world.people["leader:002011001"]

    @property
    def city(self) -> User:
        return self.world.people["city"]

    @property
    def hour(self) -> DateTimeTZRange:
        return DateTimeTZRange(self.now, self.now + timedelta(hours=1))

    @property
    def at(self) -> Point:
        lon, lat = self.world.middle_of("002011001")
        return Point(lon, lat, srid=4326)
