"""Files that the course downloads: their addresses, their checksums, a connection
that may break off.
"""

import gzip
import hashlib
import os
import re
import time
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from metaad.data.records import DataError
from metaad.progress import progress

CHUNK = 1 << 14  # bytes; a connection that breaks off costs at most so many
TRIES = 5
PAUSE = 1.0  # seconds before the connection is taken up again
TIMEOUT = (10, 60)  # seconds: to connect, between two chunks
MOST = 1 << 27  # bytes of one file, four times the largest that is registered
PART = ".{name}.{id}.part"  # a file that is still arriving
# seconds after its last byte: a download that lives has given up long before
STALE = 3 * TRIES * sum(TIMEOUT)

# The address of each top folder of the data folder; a file's name is appended. Pinned
# to one commit where there is one.
ADDRESSES = {
    "adbench": "https://github.com/Minqi824/ADBench/raw/3dac8221081e190f157d78e93bfa8867f90d0965"
    "/adbench/datasets/Classical/",
    "oddbench": "https://github.com/psorus/Outformer/raw/"
    "99aebce03692d1a21a4e9ccaac097fe2cc73eceb/benchmarks/oddbench/",
    "uoms": "https://github.com/yzhao062/UOMS/raw/a27ebbbde2dcfd9c2d2b207f8b98dcbdff0ecef9"
    "/Internal_Evaluation/analysis/OD_Intrinsic_Measure/",
    "wnut17": "https://github.com/leondz/emerging_entities_17/raw/"
    "e52a2d2a71ac1a051ca2d532eef28653c5c02603/",
    # torchvision's addresses, in torchvision's layout, so that torchvision finds the
    # files as well
    "MNIST": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "FashionMNIST": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}


def checkout():
    """Return the folder that holds this package together with the notebooks, or None
    where metaad was installed from a wheel.
    """
    root = Path(__file__).parents[2]
    whole = (root / "pyproject.toml").is_file() and (root / "notebooks").is_dir()
    return root if whole else None


def data_dir():
    """Return the folder of downloaded data: $METAAD_DATA if it is set; else data/ in
    the checkout; else, for a package from a wheel, the user's cache folder.

    A relative $METAAD_DATA counts from the checkout, without one from the current
    folder.
    """
    named, root = os.environ.get("METAAD_DATA"), checkout()
    if named:
        return (root or Path()) / Path(named).expanduser()
    if root:
        return root / "data"
    from platformdirs import user_cache_path

    return user_cache_path("metaad", appauthor=False)


@cache
def registry():
    """Return every file that can be downloaded: {path below the data folder: SHA-256 as
    64 hex digits}.
    """
    path = Path(__file__).with_name("registry.txt")
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(
            f"the list of checksums {path} can't be read ({error.strerror}); install "
            f"metaad again."
        ) from None
    return dict(line.replace(" sha256:", " ").split() for line in lines if line.strip())


def fetch(file):
    """Return the path of one registered file, checked; it is downloaded if it is not
    there yet.

    Parameters
    ----------
    file : str, path below the data folder as the registry has it, e.g.
        "adbench/10_cover.npz".

    Returns
    -------
    Path

    Raises
    ------
    DataError
        if the file on disk or the download has another SHA-256 than the registry (of a
        .gz file on disk the unpacked content may match instead), if
        there is no network, if the connection breaks off for good, if more arrives than
        a file of the course holds, if the folder can't be written or the disk is full.
        No part of a file is left behind. A process that is killed leaves a hidden
        `.part`, which no one reads and the next download into the folder removes.
    """
    wanted = registry()[file]
    path = data_dir() / file
    if path.exists():
        _check(path, wanted, registry().get(file.removesuffix(".gz")))
        return path
    address = ADDRESSES[file.split("/")[0]] + path.name
    part = path.with_name(
        PART.format(name=path.name, id=f"{os.getpid()}-{token_hex(4)}")
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        _sweep(part)
        _Resuming(file, wanted)(address, part)
        part.chmod(0o644)  # a classroom shares its data folder
        os.replace(part, path)
    except OSError as error:
        raise DataError(
            f"{file} is missing and can't be written to {data_dir()} "
            f"({error.strerror or error}). Set METAAD_DATA to a folder that you can "
            f"write to, or to one that holds the file."
        ) from None
    finally:
        # where the folder itself is missing there is nothing to remove
        with suppress(OSError):
            part.unlink()
    return path


def _check(path, wanted, content=None):
    """Raise DataError unless a file has the SHA-256 `wanted`.

    content : SHA-256 of what a .gz file holds, where it is known: the same content
        compressed by someone else, such as Debian's packages, is the same file."""
    try:
        found = sha256(path)
        if found != wanted and content and path.suffix == ".gz":
            found = wanted if _unpacked_sha256(path) == content else found
    except OSError as error:
        raise DataError(
            f"{path} is there but can't be read ({error.strerror}); make it readable "
            f"or move it away."
        ) from None
    if found != wanted:
        raise DataError(
            f"{path} is damaged or another file: expected SHA-256 {wanted[:12]}…, "
            f"got {found[:12]}…. Delete it and load again."
        )


def _sweep(own):
    """Remove what killed downloads have left beside our own part.

    Another process may be downloading at this moment, so age decides: by the clock of
    the disk, which two machines may share."""
    now = own.stat().st_mtime
    for part in own.parent.glob(PART.format(name="*", id="*")):
        with suppress(OSError):  # another process sweeps too
            if now - part.stat().st_mtime > STALE:
                part.unlink()


def sha256(path):
    """Return the SHA-256 of a file: 64 hex digits."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _unpacked_sha256(path):
    """Return the SHA-256 of what a .gz file holds; None if it is damaged or larger than
    any file of the course.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with gzip.open(path) as f:
            while (chunk := f.read(1 << 20)) and size <= MOST:
                digest.update(chunk)
                size += len(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return None
    return digest.hexdigest() if size <= MOST else None


class _Resuming:
    """A downloader that takes up a broken connection where it broke off, a few times,
    within one call.
    """

    def __init__(self, file, wanted):
        self.file, self.wanted = file, wanted

    def __call__(self, address, output):
        import requests

        for attempt in range(1, TRIES + 1):
            try:
                self._continue(address, output)
                break
            except requests.HTTPError as error:
                code = error.response.status_code
                if attempt == TRIES or (code < 500 and code != 429):
                    raise self._failed(
                        address, f"the server answered {code} {error.response.reason}"
                    ) from None
            except requests.RequestException as error:
                got = os.path.getsize(output)
                if not got and isinstance(error, requests.ConnectionError):
                    raise self._failed(address, "no connection") from None
                if attempt == TRIES:
                    raise self._failed(
                        address,
                        f"the connection broke off {TRIES} times, last after {got} bytes",
                    ) from None
            time.sleep(PAUSE)
        found = sha256(output)
        if found != self.wanted:
            raise DataError(
                f"{address} did not give the file that this course was made with: expected SHA-256 "
                f"{self.wanted[:12]}…, got {found[:12]}…. It was deleted. Try again "
                f"on another network; if it stays, "
                f"the source has changed."
            )

    def _continue(self, address, output):
        """Append what is missing of the file to `output`; start over if the server
        can't continue.
        """
        import requests

        have = os.path.getsize(output)
        # identity: the checksum is that of the file, not of a transfer encoding
        headers = {"Accept-Encoding": "identity"} | (
            {"Range": f"bytes={have}-"} if have else {}
        )
        with requests.get(
            address, headers=headers, stream=True, timeout=TIMEOUT
        ) as answer:
            continues = answer.headers.get("Content-Range", "").startswith(
                f"bytes {have}-"
            )
            if answer.status_code == 416 or (
                answer.status_code == 206 and not continues
            ):
                os.truncate(output, 0)
                raise requests.RequestException("the server continues at another place")
            answer.raise_for_status()
            have = have if answer.status_code == 206 else 0
            length = _length(answer)
            self._bound(address, have + (length or 0))
            with open(output, "ab" if have else "wb") as f:
                for chunk in progress(
                    answer.iter_content(CHUNK),
                    total=length and -(-length // CHUNK),
                    label=self.file,
                ):
                    have += len(chunk)
                    self._bound(address, have)
                    f.write(chunk)

    def _bound(self, address, size):
        if size > MOST:
            raise DataError(
                f"{address} sends more than {MOST:,} bytes, and no file of this course "
                f"is so large: it is another file. Nothing was kept; try again on "
                f"another network."
            )

    def _failed(self, address, reason):
        return DataError(
            f"{self.file} is not in {data_dir()} and could not be downloaded from "
            f"{urlsplit(address).netloc}: "
            f"{reason}. Connect to the network and load again, or put the file there "
            f"by hand from {address}"
        )


def _length(answer):
    """Bytes that the server says will follow, or None: some say nothing, some
    nonsense.
    """
    said = answer.headers.get("Content-Length", "")
    return int(said) if re.fullmatch("[0-9]{1,18}", said) else None
