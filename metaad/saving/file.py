"""One file: arrays and a text, in safetensors' format, every byte under a checksum.

    8 bytes      length of the header
    header       {"__metadata__":{"metaad":"<SHA-256><text>"},"0":{...}, ...}
    arrays       one after the other

The SHA-256 is that of the whole file with 64 zeros in its own place, so no byte can
change unseen: not in an array, not in a shape, not in a name.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import load, save

from metaad.repro.whole import whole

HEAD = b'{"__metadata__":{"metaad":"'
START = 8 + len(HEAD)  # of the checksum
END = START + 64
ZEROS = b"0" * 64


class SavedFileError(ValueError):
    """A file that can't be loaded: not there, damaged, of another origin, or with
    content that does not fit together. The message names the file.
    """


def write(path, text, arrays):
    """Write a text and arrays, dict from a name to a NumPy array, to one file.

    The file is written under a temporary name, flushed to the disk and renamed: whoever
    opens `path` sees the old content or the new one, never half of it, even if the
    process is killed. Equal content gives equal bytes.
    """
    arrays = {name: _little(a) for name, a in arrays.items()}
    content = bytearray(save(arrays, {"metaad": ZEROS.decode() + text}))
    content[START:END] = hashlib.sha256(content).hexdigest().encode()
    with whole(path) as file:
        file.write(content)


def read(path):
    """Return the text and the arrays that `write` wrote.

    Raises
    ------
    SavedFileError
        if there is no such file, it is damaged, or something else wrote it.
    """
    path = Path(path)
    if not path.is_file():
        raise SavedFileError(
            f"there is no file {path}; expected one that metaad.saving.save wrote."
        )
    try:
        content = bytearray(path.read_bytes())
    except OSError as error:
        raise SavedFileError(f"{path} can't be read ({error.strerror}).") from None
    try:
        return _parsed(content)
    except (ValueError, KeyError, safetensors.SafetensorError) as error:
        raise SavedFileError(
            f"{path} is not a complete file of metaad ({error}); "
            f"delete it or restore a copy."
        ) from None


def _parsed(content):
    if content[8:START] != HEAD:
        raise ValueError("it begins otherwise")
    found = bytes(content[START:END])
    content[START:END] = ZEROS
    if hashlib.sha256(content).hexdigest().encode() != found:
        raise ValueError("its content does not have the checksum that it states")
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    return header["__metadata__"]["metaad"][64:], load(bytes(content))


def _little(array):
    """The array in C order and little-endian, as the file holds it."""
    return np.array(array, dtype=array.dtype.newbyteorder("<"), order="C")
