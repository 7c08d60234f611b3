"""Counts in sentences."""


def counted(count, noun, plural=None):
    """Return a count and its noun: "1 row", "1,200 rows". plural : where no s makes it."""
    word = noun if count == 1 else plural or f"{noun}s"
    return f"{count:,} {word}"
