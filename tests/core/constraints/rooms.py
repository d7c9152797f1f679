"""Every room with its lines and rows, in an order in which a row stands on those before it."""

from tests.core.constraints import accounts, areas, cases, dispatch, inspections, patrols, places, rest

ROOMS = (accounts, areas, dispatch, cases, places, inspections, patrols, rest)
