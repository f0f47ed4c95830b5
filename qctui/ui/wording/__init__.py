"""Values, ages and load states as words."""
