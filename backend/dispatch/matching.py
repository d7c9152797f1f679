"""Which rules fit a point, a matter and a moment: one indexed statement for one question or for a whole year."""

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from backend.areas.models import Area
from backend.core.clock import LOCAL
from backend.core.rows import array
from backend.dispatch.models import Rule
from backend.matters.models import Matter

# The box of the index is wider than the reach: the sides of its shapes are geodesics, those of an area are straight in
# degrees, and 100 m lie between the two for a side of about 95 km.
BOX_MARGIN_M: Final = 100

# A night from 22:00 to 06:00 belongs to the weekday, and to the season, of the day that it began on. Days of the year
# are compared as month × 100 + day: in a year without 29 February a season that begins on it begins on 1 March, one
# that ends on it ends on 28 February.
# A rule that names a closed area is read with its heir from the moment on (`dispatch.succession`).
_FITTING_SQL: Final = """
SELECT asked.n, -rule.priority, -length(area.path), rule.id, version.id, there.to_area_id
FROM unnest(%(n)s::int[], %(lon)s::float8[], %(lat)s::float8[], %(matter)s::uuid[], %(category)s::text[],
            %(path)s::text[], %(at)s::timestamptz[]) AS asked(n, lon, lat, matter_id, category, path, at)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(asked.lon, asked.lat), 4326) AS point,
                           asked.at AT TIME ZONE %(zone)s AS local) AS spot
JOIN dispatch_rule AS rule ON rule.enabled AND rule.valid @> asked.at
    AND (rule.matter_id IS NULL OR rule.matter_id = asked.matter_id)
    AND starts_with(asked.category, rule.category_prefix)
    AND {where}
    AND (rule.hours_from IS NULL
        OR (rule.hours_from < rule.hours_until AND spot.local::time >= rule.hours_from
            AND spot.local::time < rule.hours_until)
        OR (rule.hours_from > rule.hours_until
            AND (spot.local::time >= rule.hours_from OR spot.local::time < rule.hours_until)))
CROSS JOIN LATERAL (
    SELECT extract(isodow FROM began)::int AS weekday,
           extract(month FROM began)::int * 100 + extract(day FROM began)::int AS of_year
    FROM (SELECT spot.local - CASE
              WHEN rule.hours_from > rule.hours_until AND spot.local::time < rule.hours_until THEN interval '1 day'
              ELSE interval '0' END AS began) AS night) AS day
LEFT JOIN dispatch_rulehandover AS here ON here.rule_id = rule.id AND here.field = 'area'
    AND here.from_area_id = rule.area_id AND here.at <= asked.at
LEFT JOIN dispatch_rulehandover AS there ON there.rule_id = rule.id AND there.field = 'target_area'
    AND there.from_area_id = rule.target_area_id AND there.at <= asked.at
JOIN areas_area AS area ON area.id = coalesce(here.to_area_id, rule.area_id) AND starts_with(asked.path, area.path)
LEFT JOIN dispatch_ruleversion AS version ON version.rule_id = rule.id AND version.n = rule.version
WHERE (rule.weekdays = '{{}}' OR day.weekday = ANY(rule.weekdays))
    AND (rule.season_from IS NULL
        OR (rule.season_from <= rule.season_until AND day.of_year BETWEEN rule.season_from AND rule.season_until)
        OR (rule.season_from > rule.season_until
            AND (day.of_year >= rule.season_from OR day.of_year <= rule.season_until)))
"""
_EVERYWHERE_SQL: Final = _FITTING_SQL.format(where="rule.shape IS NULL")
_SOMEWHERE_SQL: Final = _FITTING_SQL.format(
    where=f"""rule.shape IS NOT NULL
    AND _ST_Expand(rule.shape::geography, rule.reach_m + {BOX_MARGIN_M}) && spot.point::geography
    AND CASE WHEN rule.reach_m > 0 THEN ST_DWithin(rule.shape::geography, spot.point::geography, rule.reach_m)
             ELSE ST_Covers(rule.shape, spot.point) END"""
)


@dataclass(frozen=True, slots=True)
class Question:
    """What rules are matched against: WGS84 degrees, the matter, the path of the area located in, the moment."""

    lon: float
    lat: float
    matter: Matter
    path: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fitting:
    """A rule that fits; `version_id` is its stored version, None while a change is only tried out."""

    rule: Rule
    version_id: UUID | None

    def sent_to(self, heir: Area) -> "Fitting":
        """The same rule with another target."""
        rule = copy.copy(self.rule)
        rule.target_area = heir
        return Fitting(rule, self.version_id)


# -priority, -length of the area's path, the rule; its version, the heir of the area that it names.
_Match = tuple[int, int, UUID, UUID | None, UUID | None]


def fitting_rules(questions: Sequence[Question]) -> list[list[Fitting]]:
    """For each question the rules that fit, the one that applies first. Three queries, however many are asked.

    Rules without a shape are matched once for all questions that differ by their points only.
    """
    if not questions:
        return []
    kinds: dict[tuple[UUID, str, str, datetime], int] = {}
    kind_of = [
        kinds.setdefault((one.matter.pk, one.matter.category_code, one.path, one.at), len(kinds)) for one in questions
    ]
    first_of = dict(zip(reversed(kind_of), reversed(questions), strict=True))
    everywhere = _matches(_EVERYWHERE_SQL, [first_of[kind] for kind in range(len(kinds))])
    somewhere = _matches(_SOMEWHERE_SQL, questions)
    fitting = _read({match for found in (everywhere, somewhere) for matches in found.values() for match in matches})
    shared = {kind: _in_order(everywhere.get(kind, []), fitting) for kind in range(len(kinds))}
    return [
        _in_order([*everywhere.get(kind, ()), *somewhere[n]], fitting) if n in somewhere else shared[kind]
        for n, kind in enumerate(kind_of)
    ]


def _in_order(matches: list[_Match], fitting: dict[_Match, Fitting]) -> list[Fitting]:
    return [fitting[match] for match in sorted(matches, key=lambda match: match[:3])]


def _matches(statement: str, questions: Sequence[Question]) -> dict[int, list[_Match]]:
    """The rules that the statement finds, by the place of the question."""
    found: dict[int, list[_Match]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "n": array(range(len(questions))),
                "lon": array(one.lon for one in questions),
                "lat": array(one.lat for one in questions),
                "matter": array(one.matter.pk for one in questions),
                "category": array(one.matter.category_code for one in questions),
                "path": array(one.path for one in questions),
                "at": array(one.at for one in questions),
                "zone": str(LOCAL),
            },
        )
        for n, *match in cursor.fetchall():
            found[n].append(tuple(match))
    return found


def _read(matches: set[_Match]) -> dict[_Match, Fitting]:
    """A rule that is read with the heir of the area that it names has that heir as its target."""
    if not matches:
        return {}
    rules = Rule.objects.select_related("department", "target_area__parent__parent").in_bulk(
        {rule_id for _, _, rule_id, _, _ in matches}
    )
    heir_ids = {heir_id for *_, heir_id in matches if heir_id is not None}
    heirs = Area.objects.select_related("parent__parent").in_bulk(heir_ids) if heir_ids else {}
    fitting = {}
    for match in matches:
        _, _, rule_id, version_id, heir_id = match
        one = Fitting(rules[rule_id], version_id)
        fitting[match] = one if heir_id is None else one.sent_to(heirs[heir_id])
    return fitting
