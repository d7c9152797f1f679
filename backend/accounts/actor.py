"""Who acts, in which role, over which areas: the one argument that every scoped read and write takes."""

from dataclasses import dataclass
from uuid import UUID

from backend.accounts.roles import CONSOLE_ROLES, FIELD_ROLES, Role


@dataclass(frozen=True)
class Actor:
    """Rights as of this request, read from the database, never from a token.

    `area_paths` are path prefixes that end with a dot; an empty tuple sees nothing that belongs to an area.
    """

    user_id: UUID | None
    role: Role
    area_paths: tuple[str, ...] = ()
    department_id: UUID | None = None
    name: str = ""

    @property
    def is_field(self) -> bool:
        return self.role in FIELD_ROLES

    @property
    def is_console(self) -> bool:
        return self.role in CONSOLE_ROLES

    def covers(self, path: str) -> bool:
        """Whether the area with this path lies in the actor's areas."""
        return any(path.startswith(prefix) for prefix in self.area_paths)


SYSTEM = Actor(user_id=None, role=Role.SYSTEM, area_paths=("",))
