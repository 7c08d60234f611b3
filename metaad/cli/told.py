"""What went wrong, as one sentence and an exit code.

The package's own errors are ValueErrors and TypeErrors that say what was expected, what
came and what to do; they are shown as they are. Anything else is a fault of the package
and is called one.
"""

import errno
import re

INPUT, FAILURE = 2, 1  # exit codes


class CommandError(Exception):
    """A command that can't go on. code : its exit code, 2 for what the reader gave."""

    def __init__(self, message, code=INPUT):
        super().__init__(message)
        self.code = code


# how the package speaks of its arguments, and what a command has for them
OPTIONS = (
    (r"anomaly=\[([^],]+), …\]", r"--anomaly \1 --anomaly …"),
    (r"\banomaly=", "--anomaly "),
    (r"label=None", "no --label"),
    (r"\blabel=", "--label "),
    (r', or take calibration="cross", which calibrates with all of them', ""),
    (r"say encoding= if you know it, or ", ""),
    (r"say encoding=", "save it as UTF-8"),
    (r"--(\w+) (?=[.;,]|$)", r"--\1"),
)


def as_options(text):
    """Return a sentence of the package with options in the place of arguments."""
    for argument, option in OPTIONS:
        text = re.sub(argument, option, text)
    return text


def told(error):
    """Return the sentence that a reader sees, and the exit code of the process."""
    if isinstance(error, CommandError):
        return str(error), error.code
    if isinstance(error, UnicodeError):
        return f"{error}; save the text as UTF-8", INPUT
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, ModuleNotFoundError):
        return str(error), FAILURE
    if isinstance(error, MemoryError):
        return "there is not enough memory; take fewer rows", FAILURE
    if isinstance(error, (ValueError, TypeError)) and str(error):
        return str(error), INPUT
    return (
        f"{type(error).__name__}: {error}. This is a fault of metaad, not of your file; "
        f"the same command with --debug shows where it lies.",
        FAILURE,
    )


def _of_the_system(error):
    """A file that is not there, or can't be read or written."""
    name = f"{error.filename}: " if error.filename else ""
    said = f"{name}{error.strerror or error}"
    if error.errno == errno.ENOSPC:
        return f"{said}; make room and run the command again", FAILURE
    given = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
    too_long = error.errno == errno.ENAMETOOLONG
    return said, INPUT if isinstance(error, given) or too_long else FAILURE
