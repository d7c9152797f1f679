from django.db import migrations

FORWARD = """
CREATE TRIGGER ruling_append_only BEFORE UPDATE OR DELETE ON dispatch_ruling
    FOR EACH ROW EXECUTE FUNCTION gridward_refuse_change();
"""
BACK = "DROP TRIGGER ruling_append_only ON dispatch_ruling;"


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0003_rulings"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
