"""The bytes of a reader's own file, unpacked while they are read."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib

from metaad.data.records import DataError

PACKED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
TEXT = tuple(e + p for p in ("", *PACKED, ".zip") for e in (".csv", ".tsv"))
READS = ".csv or .tsv (also .gz, .bz2, .xz, .zip), .parquet or .npz"
LONGEST = 1 << 24  # bytes between two line ends; a longer line is no row of a table
# what a damaged or foreign packed file raises
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)


def is_text(path):
    """Say whether a path is that of a .csv or .tsv file, packed or not."""
    return path.name.lower().endswith(TEXT) or path.suffix.lower() == ".zip"


def stem(path):
    """Return the name of a file without its endings: "mine" of mine.csv.gz."""
    return re.sub(r"(\.[ct]sv)?\.\w+$", "", path.name) or path.name


def must_be_there(path):
    """Raise DataError if there is no such file."""
    if not path.is_file():
        raise DataError(
            f"there is no file {path}; check the path (it counts from the current folder)."
        )


def opened(path):
    """Open a text file for its bytes, unpacked; lines of any length are not read.

    Raises
    ------
    DataError
        if there is no such file, or a .zip holds something other than one table. What
        is damaged raises one of `BROKEN`, now or while it is read.
    """
    must_be_there(path)
    ending = path.suffix.lower()
    if ending == ".zip":
        return io.BufferedReader(_Lines(_member(path), path.name), 1 << 20)
    return io.BufferedReader(
        _Lines(PACKED.get(ending, open)(path, "rb"), path.name), 1 << 20
    )


def _member(path):
    """The one table in a .zip file."""
    archive = zipfile.ZipFile(path)
    names = [n for n in archive.namelist() if not n.startswith("__MACOSX/")]
    tables = [n for n in names if n.lower().endswith((".csv", ".tsv"))]
    if len(tables) != 1:
        archive.close()
        raise DataError(
            f"{path.name} must hold one .csv or .tsv file; it holds {len(tables)} among "
            f"{len(names)} files. Unpack it and name the one."
        )
    return archive.open(tables[0])


class _Lines(io.RawIOBase):
    """Bytes of a file, as long as its lines end: a packed file of a few bytes can
    unpack to one line larger than the memory.
    """

    def __init__(self, file, name):
        self.file, self.name, self.since = file, name, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        block = self.file.read(len(buffer))
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.since = len(block) - end - 1 if end >= 0 else self.since + len(block)
        if self.since > LONGEST:
            raise DataError(
                f"{self.name} has a line of more than {LONGEST:,} bytes, so it is no "
                f"table of one row per line; check the file."
            )
        buffer[: len(block)] = block
        return len(block)

    def close(self):
        self.file.close()
        super().close()
