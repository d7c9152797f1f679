"""The signed ticket of the live stream: whose areas, until when. Needs no database to read."""

from dataclasses import dataclass

from django.core import signing

from backend.accounts.actor import Actor

LASTS_S = 55
_SALT = "gridward.live"


class TicketRefused(Exception):
    """Forged, damaged or run out: ask for a new one."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What its holder may hear: messages of areas under these path prefixes."""

    user_id: str
    area_paths: tuple[str, ...]

    def covers(self, path: str) -> bool:
        return any(path.startswith(prefix) for prefix in self.area_paths)


def issue_ticket(actor: Actor) -> str:
    """A ticket for under a minute: rights that change meanwhile count from the next one on."""
    return signing.dumps({"user": str(actor.user_id), "paths": list(actor.area_paths)}, salt=_SALT)


def read_ticket(text: str) -> Ticket:
    """Raises TicketRefused."""
    try:
        said = signing.loads(text, salt=_SALT, max_age=LASTS_S)
    except signing.BadSignature as error:
        raise TicketRefused("this ticket does not hold; ask for a new one") from error
    return Ticket(user_id=said["user"], area_paths=tuple(said["paths"]))
