"""What is learned from tables, many or few."""
