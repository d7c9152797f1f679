"""What the whole database says, so that a test can tell that nothing of it has changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def contents() -> dict[str, tuple[int, str]]:
    """Rows and a digest of every table; `django_session` and the like included."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        parts = (
            f"SELECT '{name}', count(*), coalesce(md5(string_agg(one::text, '' ORDER BY one::text)), '') "
            f'FROM "{name}" AS one'
            for name in tables
        )
        cursor.execute(" UNION ALL ".join(parts))
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


@contextmanager
def unchanged() -> Iterator[None]:
    """Whatever happens inside leaves every row of every table as it was."""
    before = contents()
    yield
    after = contents()
    changed = [name for name in after if after[name] != before[name]]
    assert not changed, f"changed: {changed}"
