from django.db import migrations

FORWARD = """
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON dispatch_decision
    FOR EACH ROW EXECUTE FUNCTION gridward_refuse_change();
"""
BACK = "DROP TRIGGER decision_append_only ON dispatch_decision;"


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
