"""Refusals around places and the ground they stand on."""

from backend.core.errors import NotFound, Unavailable


class PlaceNotFound(NotFound):
    """No such place, or outside the actor's areas."""

    code = "place_not_found"


class NoNetwork(Unavailable):
    """No walking network is imported, so nothing can be planned."""

    code = "no_network"
