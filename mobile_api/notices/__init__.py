"""A person's in-app notices."""
