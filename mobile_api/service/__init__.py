"""What an operator and a client developer ask of the server itself: health, readiness, the interface description."""
