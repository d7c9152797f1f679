"""What residents use: matters, places, reports, photos, following and rating, appointments."""
