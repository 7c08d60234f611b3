"""Files that are written whole or not at all."""

import contextlib
import glob
import os
import platform
import re
from pathlib import Path


@contextlib.contextmanager
def whole(path):
    """Yield a binary file that takes the place of `path` when the block ends.

    It lies beside `path` under a temporary name, is flushed to the disk and renamed:
    whoever opens `path` sees the old content or the new one, never half of it, even if
    the process is killed. An error leaves nothing behind; what a killed process left is
    swept away by the next one that writes the same file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = re.sub(r"\W", "_", platform.node())
    begin = f".{path.name[:150]}.{machine}."
    for left in path.parent.glob(f"{glob.escape(begin)}*"):
        if not _alive(left.name.rpartition(".")[2]):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f"{begin}{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _alive(process):
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True
