"""What is inspected or served, how often, and the ground it stands on: walking network and base map."""

from typing import Self

from django.contrib.gis.db import models as gis
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models import within
from backend.core.constraints import point_in_china, point_on_earth, raw_pair_kept
from backend.core.ids import uuid7


class Address(models.Model):
    """A door plate with the households behind it; no person is named here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40, unique=True)
    street = models.CharField(max_length=80)
    plate = models.CharField(max_length=40)
    building = models.CharField(max_length=60, blank=True)
    unit_count = models.PositiveSmallIntegerField(default=1)
    households = models.PositiveIntegerField(default=0)
    location = gis.PointField(srid=4326)
    grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="addresses")

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [point_in_china("location", name="address_in_china")]

    @property
    def text(self) -> str:
        return f"{self.street}{self.plate}{self.building}"


class PlaceQuerySet(models.QuerySet["Place"]):
    def visible_to(self, actor: Actor) -> Self:
        """Places in the actor's areas."""
        return self.filter(within(actor.area_paths, "grid__path"))


class Place(models.Model):
    """A home, premises, component, public space or site that somebody has to look after."""

    class Kind(models.TextChoices):
        RESIDENCE = "residence"
        PREMISE = "premise"
        COMPONENT = "component"
        PUBLIC_SPACE = "public_space"
        SITE = "site"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=15, choices=Kind.choices)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    address = models.ForeignKey(Address, models.PROTECT, null=True, related_name="places")
    address_text = models.CharField(max_length=200, blank=True)
    location = gis.PointField(srid=4326)
    raw_lon = models.FloatField()
    raw_lat = models.FloatField()
    raw_crs = models.CharField(max_length=10)
    grid = models.ForeignKey("areas.Area", models.PROTECT, related_name="places")
    opening_hours = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField(default=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        constraints = [point_in_china("location", name="place_in_china"), raw_pair_kept(name="place_raw_pair")]


class VisitDuty(models.Model):
    """A place is to be visited at least every `interval_days`, for one target of the visit catalogue."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    place = models.ForeignKey(Place, models.CASCADE, related_name="visit_duties")
    target = models.CharField(max_length=30)
    interval_days = models.PositiveSmallIntegerField()
    dwell_minutes = models.PositiveSmallIntegerField()
    windows = models.CharField(max_length=200, blank=True)
    weight = models.FloatField(default=1.0)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    last_visit_on = models.DateField(null=True)
    failed_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "visit duties"
        constraints = [
            models.UniqueConstraint(fields=["place", "target"], name="visit_duty_once_a_place"),
            models.CheckConstraint(condition=Q(interval_days__gt=0), name="visit_duty_interval_positive"),
            models.CheckConstraint(condition=Q(dwell_minutes__gt=0), name="visit_duty_dwell_positive"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="visit_duty_weight_positive"),
        ]


class NetworkImport(models.Model):
    """One reading of an OSM extract; the newest finished one is the network and base map in force."""

    source = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    report = models.JSONField(default=dict)


class NetworkNode(models.Model):
    """A junction or end of the walking network."""

    number = models.IntegerField(primary_key=True)
    location = gis.PointField(srid=4326)

    class Meta:
        constraints = [point_on_earth("location", name="network_node_on_earth")]


class NetworkEdge(models.Model):
    """A stretch that can be walked, between two junctions."""

    number = models.IntegerField(primary_key=True)
    tail = models.ForeignKey(NetworkNode, models.CASCADE, related_name="+", db_index=False)
    head = models.ForeignKey(NetworkNode, models.CASCADE, related_name="+", db_index=False)
    length_m = models.FloatField()
    walk_s = models.FloatField()
    ebike_s = models.FloatField(null=True)
    ebike_back_s = models.FloatField(null=True)
    highway = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    osm_way = models.BigIntegerField()
    line = gis.LineStringField(srid=4326)


class BaseFeature(models.Model):
    """A drawn thing of the base map, kept in Web Mercator since tiles are its only use."""

    class Layer(models.TextChoices):
        WATER = "water"
        LANDUSE = "landuse"
        ROADS = "roads"
        BUILDINGS = "buildings"
        PLACES = "places"

    layer = models.CharField(max_length=10, choices=Layer.choices)
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    name_en = models.CharField(max_length=160, blank=True)
    housenumber = models.CharField(max_length=30, blank=True)
    rank = models.PositiveSmallIntegerField(default=0, help_text="smallest zoom at which it is drawn")
    shape = gis.GeometryField(srid=3857)

    class Meta:
        indexes = [models.Index(fields=["layer", "rank"])]


class VisitTarget(models.Model):
    """A kind of visit (elder_high, fire_key …) with its default frequency and dwell; a town may edit the rows."""

    code = models.CharField(max_length=30, primary_key=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    interval_days = models.PositiveSmallIntegerField(null=True)
    dwell_minutes = models.PositiveSmallIntegerField()
    at_home = models.BooleanField(default=False, help_text="a call at somebody's home: counted against the daily cap")
    windows = models.CharField(max_length=200, blank=True)
    questions = ArrayField(models.CharField(max_length=60), default=list)
