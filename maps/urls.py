"""Map routes."""

urlpatterns: list = []
