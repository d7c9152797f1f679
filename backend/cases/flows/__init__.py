"""The life of a case as one table: reading and checking it, its guards, and which table holds where."""
