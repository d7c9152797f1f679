"""Rules, rulings, and who answers in a department."""

from datetime import time

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.areas.models import Division
from backend.dispatch.models import Decision, DepartmentDuty, Rule, RuleHandover, RuleVersion, Ruling, RulingPlace
from tests.core.constraints.breaking import EMPTY, Break, changed, doubled, row_of
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "ruling_names_an_owner": doubled(Ruling, grid=None),
    "stretch_lies_between_two": doubled(Ruling, other_boundary=None),
    "ruling_says_why": doubled(Ruling, how="ruled", words=""),
    "ruling_placed_once_a_division": doubled(RulingPlace),
    "dropped_has_no_place": changed(RulingPlace, dropped="border_moved"),
    "rule_has_one_target": changed(Rule, target_area=lambda row: row.area),
    "rule_reach_fits_shape": changed(Rule, reach_m=0),
    "rule_weekdays": changed(Rule, weekdays=[8]),
    "rule_hours_in_pairs": changed(Rule, hours_from=time(8)),
    "rule_season": changed(Rule, season_from=601, season_until=631),
    "rule_priority": changed(Rule, priority=1001),
    "rule_lasts": changed(Rule, valid=EMPTY),
    "rule_version_numbered": doubled(RuleVersion),
    "rule_handed_over_once": doubled(RuleHandover),
    "rule_handed_to_another": changed(RuleHandover, to_area=lambda row: row.from_area),
    "department_duty_once": doubled(DepartmentDuty),
    "department_duty_weekdays": changed(DepartmentDuty, weekdays=[8]),
    "department_duty_hours": changed(DepartmentDuty, hours_from=time(8)),
    "department_duty_names_somebody": changed(DepartmentDuty, phone=""),
    "department_duty_lasts": changed(DepartmentDuty, valid=EMPTY),
}
# A trigger refuses changing and deleting a row of these tables.
APPEND_ONLY: dict[str, type[models.Model]] = {
    "decision_append_only": Decision,
    "ruling_append_only": Ruling,
    "rule_version_append_only": RuleVersion,
}


def add_rows(scene: Scene) -> None:
    grid, police, now = scene.grid, scene.world.departments["police"], scene.now
    always = DateTimeTZRange(now, None)
    rule = Rule.objects.create(
        name_zh="x", area=grid, shape=scene.at, reach_m=5, target="department", changed_at=now, department=police,
        valid=always,
    )  # fmt: skip
    DepartmentDuty.objects.create(department=police, area=grid, person="x", phone="1", valid=always)
    RuleVersion.objects.create(rule=rule, n=1, at=now, actor_role="city", action="created", content={})
    RuleHandover.objects.create(
        rule=rule, division=row_of(Division), field="area", at=now, from_area=grid,
        to_area=scene.world.grid("002011002"),
    )  # fmt: skip
