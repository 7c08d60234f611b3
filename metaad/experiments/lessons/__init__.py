"""What single lessons measure and show, kept out of their cells."""
