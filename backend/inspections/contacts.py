"""Whom the booked visits of a round lead to: in clear, for a stated reason, each one kept in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.cases.errors import CaseNotFound
from backend.cases.services import reveal_contact
from backend.inspections.models import Route


@dataclass(frozen=True, slots=True)
class StopContact:
    """What a booked visit needs to be made: who, where, and what the resident wrote."""

    name: str
    phone: str
    address: str
    note: str


@transaction.atomic
def reveal_contacts(*, actor: Actor, routes: Sequence[Route], reason: str, now: datetime) -> dict[UUID, StopContact]:
    """Contacts of the booked stops of routes that the actor has fetched, by stop; all or none is kept in the trail.

    A booked visit whose case lies outside the actor's areas stays hidden. Raises NoteNeeded for a reason of less than
    four characters.
    """
    found = {}
    for stop in (stop for route in routes for stop in route.stops.all()):
        if stop.appointment is None:
            continue
        case = stop.appointment.case
        try:
            contact = reveal_contact(actor=actor, case_id=case.pk, reason=reason, now=now)
        except CaseNotFound:
            continue
        found[stop.pk] = StopContact(contact.name, contact.phone, case.address_text, stop.appointment.note)
    return found
