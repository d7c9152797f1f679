"""Phones of the small world, as the tests of the phone API have them."""

from tests.mobile_api.conftest import _own_limits, client_of

__all__ = ["_own_limits", "client_of"]
