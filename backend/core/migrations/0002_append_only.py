from django.db import migrations

REFUSE = """
CREATE FUNCTION gridward_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The erasure job, and nothing else, sets this for its own transaction.
    IF current_setting('gridward.erasing', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION gridward_refuse_change();
"""
BACK = """
DROP TRIGGER audit_append_only ON core_auditentry;
DROP FUNCTION gridward_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, BACK)]
