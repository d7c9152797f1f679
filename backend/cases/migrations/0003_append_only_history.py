from django.db import migrations

FORWARD = """
CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION gridward_refuse_change();
CREATE INDEX case_location_gist_open ON cases_case USING gist (location)
    WHERE state NOT IN ('closed', 'not_accepted', 'cancelled', 'forced_close');
"""
BACK = "DROP TRIGGER case_event_append_only ON cases_caseevent; DROP INDEX case_location_gist_open;"


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
