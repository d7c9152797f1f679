"""Phone API routes."""

urlpatterns: list = []
