"""Who answers for a grid: the chain at a moment, the calendar, changes, gaps, and the sheets that offices keep."""
