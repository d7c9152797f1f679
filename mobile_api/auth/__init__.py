"""Signing in: phones by password or code, the console by session; who am I."""
