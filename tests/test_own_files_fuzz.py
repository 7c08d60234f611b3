"""Any table and any bytes: the package's own sentence, or the values that were written."""

import bz2
import gzip
import lzma
import math
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaad.data import DataError, Preparation, load, read_chunks, read_frame

CHECKED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r")
WORDS = st.text(st.sampled_from(list("abz ÄéNA09-,;.|\t\"'\n")), max_size=8)
NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
PLAIN = st.text(LETTERS, max_size=6)
CELLS = st.one_of(NUMBERS, st.integers(-(10**6), 10**6), st.none(), PLAIN, WORDS)
NAME = st.text(st.sampled_from(list("abcxyz_ Ü-")), min_size=1, max_size=6).map(
    str.strip
)
NAMES = st.lists(NAME.filter(bool), min_size=1, max_size=5, unique=True)
KINDS = [NUMBERS, st.integers(), WORDS, CELLS, st.booleans(), st.datetimes()]
BYTES = st.one_of(
    st.binary(max_size=300), st.text(LETTERS, max_size=200).map(str.encode)
)
ENDINGS = [".csv", ".tsv.gz", ".csv.bz2", ".csv.xz", ".zip", ".parquet", ".npz"]


def quietly(function, *inputs, **options):
    with warnings.catch_warnings(action="ignore"):
        return function(*inputs, **options)


@st.composite
def numeric(draw):
    """A table of numbers with gaps."""
    names = draw(NAMES)
    n = draw(st.integers(1, 12))
    cells = draw(st.lists(NUMBERS, min_size=n * len(names), max_size=n * len(names)))
    return pd.DataFrame(np.array(cells).reshape(n, -1), columns=names)


@CHECKED
@given(
    numeric(),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ","), ("|", ".")]),
)
def test_numbers_come_back_to_the_last_bit(tmp_path, frame, written):
    path = tmp_path / "t.csv"
    sep, decimal = written
    # as Python writes them: pandas writes 1e-05 with a point whatever decimal= says
    lines = [sep.join(frame.columns)]
    for row in frame.to_numpy().tolist():
        lines.append(
            sep.join(
                "" if math.isnan(v) else repr(v).replace(".", decimal) for v in row
            )
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        own = read_frame(path, sep=sep, decimal=decimal)
    except DataError:
        # a column of empty lines, or names that look like a row
        assert frame.isna().all(axis=1).any() and len(frame.columns) == 1
        return
    kept = frame
    if len(frame.columns) == 1:  # an empty line is no row
        kept = frame.dropna()
    assert list(own.frame) == list(frame.columns)
    assert np.array_equal(own.frame.to_numpy(float), kept.to_numpy(), equal_nan=True)


@CHECKED
@given(st.data())
def test_any_cells_come_back_as_they_were_written_or_are_refused(tmp_path, data):
    names = data.draw(NAMES)
    row = st.lists(CELLS, min_size=len(names), max_size=len(names))
    rows = data.draw(st.lists(row, max_size=9))
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False, encoding="utf-8")
    try:
        own = read_frame(path, as_words=names, sep=",", encoding="utf-8")
    except DataError as error:
        assert "\n" not in str(error).strip() and len(str(error)) < 600
        return
    written = [
        [None if c is None or c != c or c == "" else str(c) for c in row]
        for row in rows
    ]
    read = [
        [None if c != c or c is None else c for c in row]
        for row in own.frame.to_numpy(object)
    ]
    assert list(own.frame) == names and read == written


@CHECKED
@given(st.data())
def test_what_is_fitted_gives_finite_numbers_for_any_rows_or_says_why(data):
    names = data.draw(NAMES)
    kinds = [data.draw(st.sampled_from(KINDS)) for _ in names]

    def some(low):
        n = data.draw(st.integers(low, 25))
        columns = [data.draw(st.lists(k, min_size=n, max_size=n)) for k in kinds]
        return pd.DataFrame(dict(zip(names, columns, strict=True)))

    train, new = some(2), some(1)
    try:
        fitted = quietly(Preparation().fit, train)
    except DataError:
        return
    X = quietly(fitted.transform, train)
    assert (
        X.shape
        == (len(train), len(fitted.columns_))
        == (len(train), len(fitted.source_))
    )
    assert np.isfinite(X).all() and set(fitted.source_) <= set(names)
    assert np.array_equal(X[1:], quietly(fitted.transform, train[1:]))
    try:
        assert np.isfinite(quietly(fitted.transform, new)).all()
    except DataError as error:
        assert "must hold" in str(error)


@CHECKED
@given(content=BYTES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_any_bytes_give_a_table_or_one_sentence(tmp_path, ending, content):
    path = tmp_path / f"t{ending}"
    for raw in {content, packed(ending, content)}:
        path.write_bytes(raw)
        for read in (
            lambda: load(path, label=None),
            lambda: list(read_chunks(path, 3)),
        ):
            try:
                quietly(read)
            except DataError as error:
                assert str(error).endswith((".", ").")), error


def packed(ending, content):
    """The same bytes in the file that the ending promises."""
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    return pack.get(ending[-3:], pack.get(ending[-4:], bytes))(content)


def test_a_line_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"a,b\n1,2\n")
        for _ in range(40):
            file.write(b"7" * (1 << 20))
    with pytest.raises(DataError, match="a line of more than 16,777,216 bytes"):
        load(path, label=None)


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"], ["a.txt"]])
def test_a_zip_without_one_table_is_refused(tmp_path, names):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n1,2\n")
    with pytest.raises(DataError, match="must hold one .csv or .tsv file; it holds"):
        load(tmp_path / "t.zip", label=None)
