from hypothesis import HealthCheck, settings

# Derandomised: a red test of today is red tomorrow. No deadline: the machine is shared.
settings.register_profile(
    "gis", deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gis")
