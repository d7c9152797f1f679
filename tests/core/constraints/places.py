"""Places and the ground they stand on, with the matters and the duties to visit."""

import math

from django.contrib.gis.geos import Point

from backend.matters.models import FilingCondition, Matter
from backend.places.models import Address, BaseFeature, NetworkNode, Place, VisitDuty
from tests.core.constraints.breaking import NOWHERE, PARIS, Break, changed, doubled
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "matter_code_once": doubled(Matter, slug="another"),
    "department_matter_has_department": changed(Matter, handler="department", department=None),
    "condition_code_once": doubled(FilingCondition),
    "condition_limit_positive": changed(FilingCondition, limit_amount=0),
    "condition_limit_unit": changed(FilingCondition, limit_unit="XX"),
    "visit_duty_once_a_place": doubled(VisitDuty),
    "visit_duty_interval_positive": changed(VisitDuty, interval_days=0),
    "visit_duty_dwell_positive": changed(VisitDuty, dwell_minutes=0),
    "visit_duty_weight_positive": changed(VisitDuty, weight=0),
    "address_in_china": changed(Address, location=PARIS),
    "place_in_china": changed(Place, location=PARIS),
    "place_raw_pair": changed(Place, raw_lat=math.nan),
    "network_node_on_earth": changed(NetworkNode, location=NOWHERE),
}


def add_rows(scene: Scene) -> None:
    scene.world.add_place("P1", grid="002011001")
    Address.objects.create(code="A1", street="x", plate="1", location=scene.at, grid=scene.grid)
    NetworkNode.objects.create(number=1, location=scene.at)
    BaseFeature.objects.create(layer="water", kind="lake", shape=Point(0, 0, srid=3857))
