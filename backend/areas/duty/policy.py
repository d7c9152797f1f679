"""What a town has settled about duty: the nearest area above counts."""

from backend.areas.models import Area, DutyPolicy


def returns_work(area: Area) -> bool:
    """Whether unstarted work goes back when an absence ends; without a word from the town it stays."""
    parts = area.path.rstrip(".").split(".")
    paths = [".".join(parts[:count]) + "." for count in range(1, len(parts) + 1)]
    found = DutyPolicy.objects.filter(area__path__in=paths).order_by("-area__path").first()
    return found is not None and found.returns_work
