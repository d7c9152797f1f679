import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

# Partitioned by the session's day: the device's sequence number is then unique per session, and a month of raw
# tracks is dropped as a table. The default partition catches days whose month has no partition yet.
FORWARD = """
CREATE TABLE patrols_trackpoint (
    session_day date NOT NULL,
    session_id uuid NOT NULL REFERENCES patrols_patrolsession (id) DEFERRABLE INITIALLY DEFERRED,
    seq integer NOT NULL CHECK (seq >= 0),
    recorded_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    location geometry(Point, 4326) NOT NULL
        CHECK (ST_X(location) BETWEEN -180 AND 180 AND ST_Y(location) BETWEEN -90 AND 90),
    accuracy_m double precision CHECK (accuracy_m >= 0),
    speed_mps double precision,
    bearing_deg double precision,
    battery double precision,
    raw_lon double precision NOT NULL,
    raw_lat double precision NOT NULL,
    raw_crs varchar(10) NOT NULL,
    flags integer NOT NULL DEFAULT 0,
    PRIMARY KEY (session_day, session_id, seq)
) PARTITION BY RANGE (session_day);
CREATE TABLE patrols_trackpoint_default PARTITION OF patrols_trackpoint DEFAULT;
"""
BACK = "DROP TABLE patrols_trackpoint;"


class Migration(migrations.Migration):
    dependencies = [("patrols", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACK)],
            state_operations=[
                migrations.CreateModel(
                    name='TrackPoint',
                    fields=[
                        ('pk', models.CompositePrimaryKey('session_day', 'session', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('session_day', models.DateField()),
                        ('session', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='points', to='patrols.patrolsession')),
                        ('seq', models.IntegerField()),
                        ('recorded_at', models.DateTimeField()),
                        ('received_at', models.DateTimeField()),
                        ('location', django.contrib.gis.db.models.fields.PointField(srid=4326)),
                        ('accuracy_m', models.FloatField(null=True)),
                        ('speed_mps', models.FloatField(null=True)),
                        ('bearing_deg', models.FloatField(null=True)),
                        ('battery', models.FloatField(null=True)),
                        ('raw_lon', models.FloatField()),
                        ('raw_lat', models.FloatField()),
                        ('raw_crs', models.CharField(max_length=10)),
                        ('flags', models.IntegerField(default=0)),
                    ],
                    options={
                        'db_table': 'patrols_trackpoint',
                    },
                ),
            ],
        )
    ]
