"""One row of the table of classes that a file may hold."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Saved:
    """One row: learned attributes, and those that are left out."""

    learned: dict = field(default_factory=dict)
    # made again, or of no matter to the scores
    left_out: tuple = ()
    # parameters that are not carried over: a path of the machine that saved
    unset: tuple = ()
    # parameters that must look like something, in a class that learns nothing
    given: dict = field(default_factory=dict)
    # what it has learned lies in its parameters, objects of this table themselves
    of_parts: bool = False
