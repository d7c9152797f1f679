"""Checks on coordinates that more than one table states. NaN, infinity and an empty point satisfy none of them.

They are built from Django's own parts only, so that a migration holds the whole condition and no project code.
"""

from typing import Final

from django.db.models import BooleanField, CheckConstraint, F, Func, Q

_WITHIN: Final = (
    "coalesce(ST_X(%(expressions)s) BETWEEN {west} AND {east} AND ST_Y(%(expressions)s) BETWEEN {south} AND {north},"
    " false)"
)
CRS_NAMES: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
WIDEST_FIX_M: Final = 100_000


def point_in_china(column: str, *, name: str) -> CheckConstraint:
    """The point lies in the box of the country, 73..136 east and 3..54 north; a column without a point passes."""
    return _within(column, name=name, west=73, south=3, east=136, north=54)


def point_on_earth(column: str, *, name: str) -> CheckConstraint:
    """The point has a longitude and a latitude. For evidence of phones, which is kept however odd it looks."""
    return _within(column, name=name, west=-180, south=-90, east=180, north=90)


def raw_pair_kept(*, name: str) -> CheckConstraint:
    """`raw_lon`, `raw_lat` are degrees in the system that `raw_crs` names."""
    return CheckConstraint(
        condition=Q(raw_lon__range=(-180, 180), raw_lat__range=(-90, 90), raw_crs__in=CRS_NAMES), name=name
    )


def accuracy_is_a_radius(*, name: str) -> CheckConstraint:
    """`accuracy_m` is unknown, or metres from 0 up to what intake takes."""
    return CheckConstraint(condition=Q(accuracy_m=None) | Q(accuracy_m__range=(0, WIDEST_FIX_M)), name=name)


def _within(column: str, *, name: str, west: int, south: int, east: int, north: int) -> CheckConstraint:
    template = _WITHIN.format(west=west, south=south, east=east, north=north)
    lies_within = Func(F(column), template=template, output_field=BooleanField())
    return CheckConstraint(condition=Q(**{f"{column}__isnull": True}) | Q(lies_within), name=name)
