"""Refusals around places and the ground they stand on."""

from backend.core.errors import Unavailable


class NoNetwork(Unavailable):
    """No walking network is imported, so nothing can be planned."""

    code = "no_network"
