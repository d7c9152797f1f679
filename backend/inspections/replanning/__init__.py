"""A published week mended after something came between: proposed, read by a person, accepted once."""
