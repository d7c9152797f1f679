"""A small world for tests, built with the project's own services: every figure in it is fixed.

City 3302 › county 330281 › streets 002 and 003.
Street 002 has communities 011 (grids 001, 002, 003) and 012 (001, 002, 003); street 003 has 001 (grids 001, 002).
A grid is a box of 0.002° × 0.002°, side by side from west to east, one community a row; see `World.middle_of`.
Row 0 lies at latitude 30.050 (community 002011), row 1 at 30.052 (002012), row 2 at 30.054 (003001).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import shapely
from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import Actor
from backend.accounts.models import Department, Membership, User
from backend.accounts.roles import Role
from backend.areas.actors import actor_for
from backend.areas.models import Area, Duty
from backend.areas.services import Outline, publish_division
from backend.core.crypto import blind_index
from backend.matters.models import FilingCondition, Matter
from backend.places.models import Place, VisitDuty, VisitTarget

WEST, SOUTH, SIDE = 121.170, 30.050, 0.002
COMMUNITIES = (("002", "011", 3), ("002", "012", 3), ("003", "001", 2))
PASSWORD = "a-long-test-password"


@dataclass
class World:
    """What tests name: areas by full code, people by a short name, matters by slug."""

    began: datetime
    areas: dict[str, Area] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    matters: dict[str, Matter] = field(default_factory=dict)

    def grid(self, code: str) -> Area:
        """`002011001` is the first grid of community 011 in street 002."""
        return self.areas[f"330281{code}"]

    def middle_of(self, code: str) -> tuple[float, float]:
        """Longitude, latitude of the middle of a grid."""
        row = [f"{street}{community}" for street, community, _ in COMMUNITIES].index(code[:6])
        column = int(code[6:]) - 1
        return round(WEST + (column + 0.5) * SIDE, 7), round(SOUTH + (row + 0.5) * SIDE, 7)

    def actor(self, name: str, *, role: Role | None = None, now: datetime | None = None) -> Actor:
        """The named person as an Actor. Names: leader:002011001, worker:002011001, community:002011, street:002,
        district, city, department:sanitation, auditor, admin, resident:1, resident:2."""
        return actor_for(self.people[name], role=role, now=now or self.began)

    def add_place(
        self, code: str, *, grid: str, target: str = "fire_key", interval_days: int = 7, **more: object
    ) -> Place:
        """A place in the middle of a grid (or at `at=(lon, lat)`) with one visit duty."""
        lon, lat = more.pop("at", self.middle_of(grid))  # type: ignore[misc]
        last_visit_on = more.pop("last_visit_on", None)
        dwell_minutes = more.pop("dwell_minutes", 10)
        place = Place.objects.create(
            code=code,
            kind="premise",
            name=f"测试场所 {code}",
            name_en=f"Test place {code}",
            location=Point(lon, lat, srid=4326),
            raw_lon=lon,
            raw_lat=lat,
            raw_crs="wgs84",
            grid=self.grid(grid),
            **more,
        )
        VisitDuty.objects.create(
            place=place,
            target=target,
            interval_days=interval_days,
            dwell_minutes=dwell_minutes,
            starts_on=self.began.date() - timedelta(days=365),
            last_visit_on=last_visit_on,
        )
        return place


def make_world(began: datetime) -> World:
    """Builds the world; everybody has held their post for a year when it begins."""
    world = World(began)
    since = DateTimeTZRange(began - timedelta(days=365), None)
    _areas(world)
    _departments(world)
    _people(world, since)
    _matters(world)
    return world


def _areas(world: World) -> None:
    opened = world.began - timedelta(days=400)

    def add(level: str, code: str, parent: str | None, name: str, tail: str) -> Area:
        above = world.areas.get(parent or "")
        area = Area.objects.create(
            level=level,
            scheme="grid15" if level == "grid" else "stats12",
            code=code,
            parent=above,
            path=f"{above.path if above else ''}{tail}.",
            name=name,
            name_en=f"{level} {code}",
            opened_at=opened,
            duty_phone="0574-0000000" if level == "community" else "",
        )
        world.areas[code] = area
        return area

    add("city", "3302", None, "宁波市", "3302")
    add("county", "330281", "3302", "余姚市", "81")
    for street in ("002", "003"):
        add("street", f"330281{street}", "330281", f"测试街道{street}", street)
    communities, grids = [], []
    for row, (street, community, count) in enumerate(COMMUNITIES):
        code = f"330281{street}{community}"
        add("community", code, f"330281{street}", f"测试社区{community}", community)
        south = SOUTH + row * SIDE
        communities.append(Outline(world.areas[code], shapely.box(WEST, south, WEST + count * SIDE, south + SIDE)))
        for column in range(count):
            grid_code = f"{code}{column + 1:03d}"
            add("grid", grid_code, code, f"第{column + 1}网格", f"{column + 1:03d}")
            west = WEST + column * SIDE
            grids.append(Outline(world.areas[grid_code], shapely.box(west, south, west + SIDE, south + SIDE)))
    county = world.areas["330281"]
    for level, outlines in (("community", communities), ("grid", grids)):
        publish_division(
            parent=county,
            level=level,
            name=f"test {level}",
            source="tests",
            outlines=outlines,
            effective_at=opened,
            now=opened,
        )


def _departments(world: World) -> None:
    for code, name_zh, name_en in (("sanitation", "环卫所", "Sanitation"), ("police", "派出所", "Police")):
        world.departments[code] = Department.objects.create(
            code=code, name_zh=name_zh, name_en=name_en, area=world.areas["330281"]
        )


def _people(world: World, since: DateTimeTZRange) -> None:
    def add(name: str, role: Role, *, area: str | None = None, department: str | None = None, phone: str = "") -> User:
        username = f"resident:{name[-1]}" if role is Role.RESIDENT else name.replace(":", "-")
        user = User(
            username=username,
            name=f"测{name}",
            phone=phone,
            phone_index=blind_index(phone) if phone else None,
            is_invented=True,
        )
        user.set_password(PASSWORD)
        user.save()
        Membership.objects.create(
            user=user,
            role=role,
            area=world.areas.get(area or ""),
            employment="staff",
            valid=since,
            department=world.departments.get(department or ""),
        )
        world.people[name] = user
        return user

    for street, community, count in COMMUNITIES:
        code = f"330281{street}{community}"
        add(f"community:{street}{community}", Role.COMMUNITY, area=code)
        for column in range(count):
            short = f"{street}{community}{column + 1:03d}"
            leader = add(f"leader:{short}", Role.GRID_LEADER, area=code)
            Duty.objects.create(grid=world.grid(short), worker=leader, post="leader", valid=since)
    worker = add("worker:002011001", Role.GRID_WORKER, area="330281002011")
    Duty.objects.create(grid=world.grid("002011001"), worker=worker, post="worker", valid=since)
    for street in ("002", "003"):
        add(f"street:{street}", Role.STREET, area=f"330281{street}")
    add("district", Role.DISTRICT, area="330281")
    add("city", Role.CITY, area="3302")
    add("auditor", Role.AUDITOR, area="330281")
    add("admin", Role.ADMIN)
    add("department:sanitation", Role.DEPARTMENT, department="sanitation")
    add("resident:1", Role.RESIDENT, phone="19900000001")
    add("resident:2", Role.RESIDENT, phone="19900000002")


def _matters(world: World) -> None:
    def add(slug: str, code: str, unit: str, amount: float, **more: object) -> None:
        kind = more.pop("kind", Matter.Kind.INCIDENT)
        matter = Matter.objects.create(
            scheme="yuncheng",
            code=code,
            kind=kind,
            slug=slug,
            category_code="01",
            category_zh="市容环境",
            category_en="City appearance",
            name_zh=f"事项{slug}",
            name_en=slug.replace("_", " ").title(),
            handler=more.pop("handler", Matter.Handler.GRID),
            auto_file=more.pop("auto_file", True),
            public=more.pop("public", True),
            **more,
        )
        FilingCondition.objects.create(
            matter=matter,
            code="1",
            position=1,
            name_zh="默认",
            name_en="default",
            limit_amount=amount,
            limit_unit=unit,
            closing_zh="清除",
            closing_en="cleared",
        )
        world.matters[slug] = matter

    add("exposed_garbage", "event:01:10", "WH", 4)
    add("abandoned_furniture", "event:01:35", "WD", 2, auto_file=False)
    add(
        "dirty_road",
        "event:01:12",
        "WH",
        2,
        handler=Matter.Handler.DEPARTMENT,
        department=world.departments["sanitation"],
    )
    add("graffiti_removal", "event:02:01", "WD", 1, evidence={"photo": True})
    add("inner_tip", "G7:01", "WD", 1, public=False)
    add(
        "pension_life_proof",
        "S2:01",
        "WD",
        5,
        kind=Matter.Kind.HOME_SERVICE,
        dwell_minutes=25,
        legal_basis={"zh": "依据", "en": "basis"},
        requirements={"zh": "条件", "en": "conditions"},
        materials={"zh": ["身份证"], "en": ["identity card"]},
        procedure={"zh": "流程", "en": "procedure"},
        fee={"zh": "免费", "en": "free"},
        service_type={"zh": "即办件", "en": "on the spot"},
    )
    VisitTarget.objects.create(
        code="fire_key", name_zh="消防通道", name_en="Fire lane", interval_days=7, dwell_minutes=10
    )
    VisitTarget.objects.create(
        code="elder_high",
        name_zh="独居老人",
        name_en="Elder living alone",
        interval_days=7,
        dwell_minutes=20,
        at_home=True,
    )
