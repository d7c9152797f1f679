"""One row for each thing that a client sends."""

from typing import ClassVar

from django.contrib.gis.db import models as gis
from django.db import models


class Report(models.Model):
    """What a resident reports, as it came."""

    id = models.UUIDField(primary_key=True)
    matter = models.UUIDField()
    description = models.TextField()
    address = models.TextField()
    location = gis.PointField(srid=4326)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Report"]] = models.Manager()

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "peers_report"


class Position(models.Model):
    """One position of a phone."""

    id = models.BigAutoField(primary_key=True)
    session = models.UUIDField()
    seq = models.IntegerField()
    at = models.DateTimeField()
    location = gis.PointField(srid=4326)
    accuracy_m = models.FloatField(null=True)
    speed_mps = models.FloatField(null=True)
    bearing_deg = models.FloatField(null=True)
    battery = models.FloatField(null=True)

    objects: ClassVar[models.Manager["Position"]] = models.Manager()

    class Meta:
        app_label = "peers"
        managed = False
        db_table = "peers_position"
