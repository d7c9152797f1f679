from django.db import migrations, models

# Until now a name held for all times of an area.
_FROM_AREAS = """
    UPDATE areas_boundary AS boundary SET name = area.name, name_en = area.name_en, kind = area.kind
    FROM areas_area AS area WHERE area.id = boundary.area_id"""


class Migration(migrations.Migration):
    dependencies = [("areas", "0003_duty_chain")]

    operations = [
        migrations.AddField("boundary", "name", models.CharField(blank=True, default="", max_length=80), preserve_default=False),
        migrations.AddField("boundary", "name_en", models.CharField(blank=True, default="", max_length=120), preserve_default=False),
        migrations.AddField("boundary", "kind", models.CharField(blank=True, default="", max_length=20), preserve_default=False),
        migrations.RunSQL(_FROM_AREAS, migrations.RunSQL.noop),
    ]
