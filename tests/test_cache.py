"""Keys of caches: equal for what is equal, different for every single difference."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from metaad.detectors import (
    AutoencoderDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
)
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.repro import cache

X = np.arange(6.0).reshape(3, 2)


def test_a_key_is_the_same_for_equal_parts_and_another_for_each_difference():
    parts = [
        X,
        X.T,
        X.astype(np.float32),
        X + [[0, 0], [0, 1e-15], [0, 0]],
        X.ravel(),
        "X",
        0,
        0.0,
        None,
        False,
        [1, 2],
        {"a": 1},
        {"b": 1},
        KMeansDetector(2),
        KMeansDetector(3),
        KNNDetector(2),
        KNNDetector(2, contamination=0.2),
        IsolationForest(policy=SplitPolicy({"few": 1.0})),
        IsolationForest(policy=SplitPolicy({"few": 2.0})),
        np.array(["a", "b"], dtype=object),
    ]
    keys = [cache.key(part=p) for p in parts]
    for (i, one), (j, two) in itertools.combinations(enumerate(keys), 2):
        assert one != two or (i, j) == (0, 3) and X[1, 1] + 1e-15 == X[1, 1], (i, j)
    assert keys[0] == cache.key(part=X.copy(order="F"))
    assert cache.key(a=1, b=2) == cache.key(b=2, a=1) != cache.key(a=2, b=1)
    with pytest.raises(TypeError, match="Give a generator's seed instead"):
        cache.key(part=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("changed", "counts"),
    [("nets", True), ("base", True), ("autoencoder", True), ("train", True)]
    + [("progress", False), ("kmeans", False), ("trees", False)],
)
def test_the_code_behind_a_class_is_that_of_its_modules_bases_and_imports(
    changed, counts, monkeypatch
):
    def version():
        cache.code_version.cache_clear()
        return cache.code_version(AutoencoderDetector)

    before, read = version(), cache._source
    assert before == version() != cache.code_version(KMeansDetector)

    def edited(origin):
        return read(origin) + b"\n# edited" * origin.endswith(f"{changed}.py")

    monkeypatch.setattr(cache, "_source", edited)
    assert (version() != before) == counts
    cache.code_version.cache_clear()


def version_of(kind):
    cache.code_version.cache_clear()
    return cache.code_version(kind)


def edited_file(monkeypatch, name, content):
    """Read `content` behind every file of that name."""
    read = cache._source

    def edited(origin):
        return read(origin) + content * str(origin).endswith(name)

    monkeypatch.setattr(cache, "_source", edited)


def test_a_json_file_that_a_module_reads_counts_and_one_that_it_does_not_name_does_not(
    monkeypatch,
):
    from metaad.search.tuning.no_labels import Gain

    before, apart = version_of(Gain), version_of(KMeansDetector)
    edited_file(monkeypatch, "shipped.json", b" ")
    assert version_of(Gain) != before and version_of(KMeansDetector) == apart
    cache.code_version.cache_clear()


def test_a_string_that_names_a_file_of_the_package_stands_for_its_content(monkeypatch):
    named = IsolationForest(policy="halved")
    before, apart = cache.key(part=named), cache.key(part="halve")
    edited_file(monkeypatch, "policies/halved.json", b" ")
    assert cache.key(part=named) != before and cache.key(part="halve") == apart
    cache.code_version.cache_clear()


def test_a_module_that_is_imported_by_its_whole_name_counts(monkeypatch):
    def behind():
        found = {}
        cache._collect("metaad.detectors.kmeans", found)
        return found

    assert "metaad.tasks.doodles" not in behind()
    edited_file(monkeypatch, "kmeans.py", b"\nimport metaad.tasks.doodles as d\n")
    assert {"metaad.tasks.doodles", "metaad.detectors.kmeans"} <= set(behind())


def test_modules_that_only_show_results_do_not_count():
    found = {}
    cache._collect("metaad.search.tuning.matrix", found)
    assert {"metaad.metrics", "metaad.detectors.base", "metaad.nets"} <= set(found)
    assert not [n for n in found if n.startswith(("metaad.plots", "metaad.repro"))]


def test_what_is_kept_comes_back_under_its_key_alone(tmp_path):
    path = cache.path(tmp_path, "a", 1)
    cache.keep(path, "key", scores=X, n=3)
    back = cache.stored(path, "key")
    assert set(back) == {"scores", "n"} and back["n"] == 3
    assert back["scores"].tobytes() == X.tobytes()
    assert cache.stored(path, "other") is None
    assert cache.stored(tmp_path / "nowhere.npz", "key") is None
    assert cache.stored(tmp_path, "key") is None
    np.savez(path, key="key", scores=X)
    assert cache.stored(path, "key") is None, "no checksum"
    np.savez(path, key=np.array([print], dtype=object))
    assert cache.stored(path, "key") is None


def test_every_byte_of_a_cache_that_flips_is_noticed_or_changes_nothing(tmp_path):
    path = cache.path(tmp_path, "a")
    cache.keep(path, "key", scores=X)
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        back = cache.stored(path, "key")
        assert back is None or (
            list(back) == ["scores"] and (back["scores"] == X).all()
        )


SESSION = """
import sys
from metaad.meta import MAML
from metaad.repro.cache import code_version

class Mine(MAML):
    def rate(self):
        return NUMBER

def own(x):
    return x + NUMBER

print(code_version(Mine), code_version(own))
"""


def test_what_a_session_defines_counts_by_its_own_source():
    """A subclass or a loss of a notebook, which has no file to read."""

    def printed(number):
        code = SESSION.replace("NUMBER", number)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    one, again, other = printed("1"), printed("1"), printed("2")
    assert one == again and len(set(one + other)) == 4
