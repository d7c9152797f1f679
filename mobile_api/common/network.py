"""Where a request comes from."""

from ipaddress import ip_address, ip_network

from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client as our own proxy saw it: the last entry of X-Forwarded-For. An IPv6 client counts as its /64.

    Entries before the last one were written by the client and are not believed.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    offered = forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(offered)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False).network_address)
