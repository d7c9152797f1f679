"""Who may act, by the field's own names."""

from enum import StrEnum


class Role(StrEnum):
    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    GRID_LEADER = "grid_leader"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"
    CITY = "city"
    DEPARTMENT = "department"
    AUDITOR = "auditor"
    INTEGRATION = "integration"
    ADMIN = "admin"
    SYSTEM = "system"


FIELD_ROLES = frozenset({Role.GRID_WORKER, Role.GRID_LEADER})
CONSOLE_ROLES = frozenset({Role.COMMUNITY, Role.STREET, Role.DISTRICT, Role.CITY})
CONSOLE_READERS = CONSOLE_ROLES | {Role.AUDITOR}
# Highest first: the role that a person acts in unless the request names another of theirs.
PRECEDENCE = (
    Role.CITY,
    Role.DISTRICT,
    Role.STREET,
    Role.COMMUNITY,
    Role.AUDITOR,
    Role.ADMIN,
    Role.DEPARTMENT,
    Role.GRID_LEADER,
    Role.GRID_WORKER,
    Role.INTEGRATION,
    Role.RESIDENT,
)
