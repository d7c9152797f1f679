"""Disputes (退单): a case is sent back with a ground; the neighbour takes it, or the level above rules."""
