"""Tables as people have them: index columns, two label columns, decimal commas, other
encodings, damaged and hostile archives.
"""

import gzip
import io
import pickle
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metaad import data

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(30, 3)).round(3), columns=list("abc"))
FRAME["y"] = (np.arange(30) < 3).astype(int)


def noted(path, **options):
    """The table, and what was said while it was loaded."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = data.load(path, **options)
    assert [str(w.message) for w in said] == [f"{path.name}: {n}." for n in table.notes]
    assert all(note in repr(table) for note in table.notes)
    return table


def refused(path, says, **options):
    with pytest.raises(data.DataError, match=says) as caught:
        data.load(path, **options)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", ")."))


def same(table):
    assert np.array_equal(table.X, FRAME[list("abc")]) and table.columns == (
        "a",
        "b",
        "c",
    )
    assert np.array_equal(table.y, FRAME["y"])
    return table


# --- what loads


@pytest.mark.parametrize(
    "ending",
    [
        ".csv",
        ".tsv",
        ".csv.gz",
        ".tsv.gz",
        ".csv.bz2",
        ".csv.xz",
        ".csv.zip",
        ".tsv.xz",
        ".parquet",
        ".TSV",
    ],
)
def test_every_kind_of_table_gives_the_same_rows_and_names(tmp_path, ending):
    path = tmp_path / f"mine{ending}"
    if ending == ".parquet":
        FRAME.to_parquet(path)
    else:
        tab = "\t" if "tsv" in ending.lower() else ","
        FRAME.to_csv(path, index=False, sep=tab)
    table = same(noted(path))
    assert table.name == "mine" and table.notes == ()


@pytest.mark.parametrize(
    ("decimal", "words"), [(",", "decimal commas"), (".", "decimal points")]
)
def test_semicolons_load_and_are_noted(tmp_path, decimal, words):
    path = tmp_path / "mine.csv"
    FRAME.to_csv(path, index=False, sep=";", decimal=decimal)
    table = same(noted(path))
    assert table.notes == (f"read with ; between cells and {words}",)


@pytest.mark.parametrize(
    ("above", "count"),
    [
        ("# made by a tool\n", "1 line"),
        ('# it\'s "written", on\n# a Monday\n\n', "3 lines"),
        ("# one\r\n# two\r\n", "2 lines"),
    ],
)
def test_remarks_above_the_names_are_left_out_with_a_word(tmp_path, above, count):
    path = tmp_path / "mine.csv"
    path.write_text(above + FRAME.to_csv(index=False), encoding="utf-8", newline="")
    table = same(noted(path))
    assert table.notes == (f"left out {count} above the names, from #",)


@pytest.mark.parametrize("above", ["", "# made, on, a, Monday\n"])
def test_a_line_of_names_may_itself_begin_with_a_hash(tmp_path, above):
    path = tmp_path / "mine.csv"
    path.write_text(f"{above}#{FRAME.to_csv(index=False)}", encoding="utf-8")
    own = data.read_frame(path)
    assert list(own.frame.columns) == ["#a", "b", "c", "y"] and len(own.frame) == 30


def test_a_title_above_the_names_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "mine.csv"
    for title in ("Report of Monday\n", "Report of Monday\n\n"):
        path.write_text(title + FRAME.to_csv(index=False), encoding="utf-8")
        refused(path, "above the names")


def test_line_ends_byte_order_marks_and_unusual_names_change_nothing(tmp_path):
    text = FRAME.to_csv(index=False)
    for i, content in enumerate(
        (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text)
    ):
        path = tmp_path / f"{i} with spaces und Ümläut.csv"
        path.write_bytes(content.encode())
        assert same(noted(path)).notes == ()
    first = FRAME[["y", "a", "b", "c"]].to_csv(index=False)  # the label behind the mark
    (tmp_path / "bom.csv").write_bytes(("\ufeff" + first).encode())
    same(noted(tmp_path / "bom.csv"))


def test_the_names_of_columns_are_kept_where_there_are_names():
    assert data.load("breast-cancer").columns[:2] == ("mean radius", "mean texture")
    assert data.load("wine").columns[0] == "alcohol"
    for name in ("breast-cancer", "wine"):
        table = data.load(name)
        assert len(table.columns) == table.X.shape[1] and table.notes == ()
    assert data.load("digits").columns is None


# --- columns that leak


@pytest.mark.parametrize("start", [0, 1, 500])
def test_a_pandas_index_is_dropped_with_a_word(tmp_path, start):
    path = tmp_path / "mine.csv"
    FRAME.set_index(FRAME.index + start).to_csv(path)  # the usual mistake
    (note,) = same(noted(path)).notes
    assert note.startswith("dropped 'Unnamed: 0': whole numbers without a name")
    FRAME.iloc[::-1].to_csv(path)  # sorted otherwise, it is an index all the same
    assert noted(path).columns == ("a", "b", "c")
    pd.read_csv(path).to_csv(path)  # and twice
    assert noted(path).columns == ("a", "b", "c") and len(noted(path).notes) == 2


def test_other_columns_without_a_name_are_refused(tmp_path):
    path = tmp_path / "mine.csv"
    FRAME.rename(columns={"b": ""}).to_csv(path, index=False)
    refused(
        path, r"a column without a name, 'Unnamed: 1', which holds '.*Name it in the"
    )


def test_a_comma_at_the_end_of_each_line_names_the_empty_column(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(FRAME.to_csv(index=False).replace("\n", ",\n"))
    (note,) = same(noted(path)).notes
    assert note.startswith("dropped 'Unnamed: 4': without a name or a cell")


@pytest.mark.parametrize("step", [1, 600, 0.1, -2])
def test_a_column_that_counts_the_rows_is_dropped_with_a_word(tmp_path, step):
    path = tmp_path / "mine.csv"
    FRAME.assign(id=7 + step * np.arange(30)).to_csv(path, index=False)
    (note,) = same(noted(path)).notes
    assert note == f"dropped 'id': it counts the rows, in steps of {step}"


def test_an_index_of_parquet_is_left_out_with_a_word(tmp_path):
    path = tmp_path / "mine.parquet"
    FRAME.set_index(pd.date_range("2026-01-01", periods=30, name="when")).to_parquet(
        path
    )
    assert same(noted(path)).notes == ("left out the index 'when': it names rows",)


@pytest.mark.parametrize("header", ["y,a,y", "y,a,y.1", "y.1,y,y.2", "y,y,y"])
def test_a_second_column_of_labels_is_refused(tmp_path, header):
    path = tmp_path / "mine.csv"
    path.write_text(header + "\n" + "0,5,0\n1,6,1\n")
    refused(
        path, r"more than one column of the label 'y' .* among the features. Delete"
    )


def test_a_label_with_signs_of_a_pattern_in_its_name(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a(b,c\n0,1\n1,2\n")
    assert data.load(path, label="a(b").columns == ("c",)


# --- what is refused, in a sentence that says what to do


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".npz"])
def test_a_gap_is_filled_with_the_median_and_marked(tmp_path, ending):
    frame = FRAME.copy()
    frame.loc[[5, 9], "b"] = np.nan
    path = tmp_path / f"mine{ending}"
    if ending == ".npz":
        columns = np.array(list("abc"))
        np.savez(path, X=frame[list("abc")], y=frame["y"], columns=columns)
    else:
        frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    table = noted(path)
    assert table.columns == ("a", "b", "b is empty", "c")
    assert table.X[:, 2].nonzero()[0].tolist() == [5, 9]
    assert (table.X[[5, 9], 1] == np.nanmedian(frame["b"])).all()
    kept = np.delete(np.arange(30), [5, 9])
    assert np.array_equal(table.X[kept][:, [0, 1, 3]], frame[list("abc")].loc[kept])
    assert table.notes[0].startswith("'b' is empty in 2 of 30 rows")


def test_rows_without_labels_and_with_some(tmp_path):
    path = tmp_path / "mine.csv"
    FRAME.drop(columns="y").to_csv(path, index=False)
    table = noted(path, label=None)
    assert (
        table.y is None
        and table.columns == ("a", "b", "c")
        and "no labels" in str(table)
    )
    refused(path, r"no column 'y'; it has a, b, c. .*label=None loads a table without")
    some = FRAME["y"].where(FRAME.index % 3 == 0)
    FRAME.assign(y=some).to_csv(path, index=False)
    table = noted(path)
    assert np.array_equal(table.y, some.fillna(-1))
    assert "1 anomaly, 20 not known" in str(table)
    FRAME.assign(y=some.fillna(-1).astype(int)).to_csv(path, index=False)
    assert np.array_equal(noted(path).y, some.fillna(-1))


def test_a_file_too_long_for_the_memory_is_thinned_out_and_says_so(tmp_path):
    path = tmp_path / "long.csv"
    long = pd.DataFrame({"a": np.arange(10_000) ** 2, "b": "x"})
    long.loc[7_777, "b"] = "y"
    long.to_csv(path, index=False)
    for most, step in ((10_000, 1), (3_000, 4), (9_999, 2)):
        own = data.read_frame(path, most=most)
        assert own.frame.index.tolist() == list(range(0, 10_000, step))
        assert np.array_equal(own.frame["a"], long["a"][::step])
        kept = f"kept 1 row in {step}, {len(own.frame):,} of 10,000, to fit the memory"
        assert own.notes == ([kept] if step > 1 else [])


def test_pieces_of_a_file_are_its_rows_in_order(tmp_path):
    for ending in ("csv", "csv.xz", "parquet", "npz"):
        path = tmp_path / f"t.{ending}"
        if ending == "parquet":
            FRAME.to_parquet(path)
        elif ending == "npz":
            np.savez(path, X=FRAME, columns=np.array(list(FRAME)))
        else:
            FRAME.to_csv(path, index=False)
        pieces = list(data.read_chunks(path, 7))
        assert ending == "npz" or [len(p) for p in pieces] == [7, 7, 7, 7, 2]
        whole = pd.concat(pieces)
        assert whole.index.tolist() == list(range(30))
        assert np.array_equal(whole.to_numpy(float), FRAME.to_numpy(float))


def test_a_row_that_is_cut_short_is_noted_by_its_line(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n1,2,3\n4,5\n7,8,9\n1")
    own = data.read_frame(path)
    assert own.notes == [
        "2 rows have fewer cells than the header, first in line 3; the cells that are "
        "missing are empty"
    ]
    assert own.frame["c"].isna().tolist() == [False, True, False, True]


def test_words_stay_words_where_that_is_said(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n007,NA\n012,1\n")
    assert data.read_frame(path).frame["a"].tolist() == [7, 12]
    words = data.read_frame(path, as_words=["a", "b"]).frame
    assert words["a"].tolist() == ["007", "012"] and words["b"].tolist() == ["NA", "1"]
    assert next(data.read_chunks(path, as_words=["a"]))["a"].tolist() == ["007", "012"]


@pytest.mark.parametrize(
    ("anomaly", "odd"),
    [("dos", ["dos"]), (["dos", "scan"], ["dos", "scan"]), (("scan",), ["scan"])],
)
def test_one_label_against_the_rest_and_several(tmp_path, anomaly, odd):
    words = np.array(["ok", "ok", "dos", "scan", "worm"])[np.arange(30) % 5]
    path = tmp_path / "mine.csv"
    FRAME.assign(y=words).to_csv(path, index=False)
    table = noted(path, anomaly=anomaly)
    assert np.array_equal(table.y, np.isin(words, odd))
    assert table.anomalies == f"rows whose y is {' or '.join(odd)}"
    refused(path, "got 'dos', 'ok', 'scan', 'worm'. Say which .* or several")
    refused(path, "holds .* The nearest is 'dos'", anomaly="dosss")


@pytest.mark.parametrize(
    ("written", "asked"),
    [("1", 1), ("1", "1"), ("1", 1.0), ("1.0", 1), ("True", True), ("Bad", "bad")],
)
def test_a_label_is_found_whatever_its_type(tmp_path, written, asked):
    path = tmp_path / "mine.csv"
    path.write_text(f"a,y\n5,{written}\n6,2\n7,2\n")
    assert data.load(path, anomaly=asked).y.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("cp1252", "not UTF-8; read as cp1252"), ("utf-16", "read as UTF-16")],
)
def test_another_encoding_is_read_and_noted(tmp_path, encoding, note):
    path = tmp_path / "mine.csv"
    frame = FRAME.rename(columns={"a": "größe"})
    frame.to_csv(path, index=False, encoding=encoding)
    table = noted(path)
    assert table.columns[0] == "größe" and table.notes[0].startswith(note)
    assert np.array_equal(table.X, FRAME[list("abc")])


def test_bytes_beyond_what_is_looked_at_first_are_read_all_the_same(tmp_path):
    path = tmp_path / "mine.csv"
    words = np.array(["tür", "tor"])[np.arange(40_000) % 2]
    words[:39_000] = "tor"
    long = pd.DataFrame({"a": RNG.normal(size=40_000), "b": words})
    long.to_csv(path, index=False, encoding="cp1252")
    own = data.read_frame(path)
    assert own.notes[0].startswith("not UTF-8") and own.frame["b"].tolist() == list(
        words
    )
    refused(path, "is not utf-8 text .byte 0xfc.; say encoding=", encoding="utf-8")
    refused(path, "no encoding that Python knows", encoding="utf8000")
    path.write_bytes(b"a,y\n\x81,0\n2,1\n")
    refused(path, "is not cp1252 text .byte 0x81.; say encoding= if you know it")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mine.npy", r"numpy.savez\(path, X=X, y=y\)"),
        ("mine.xlsx", "save it as CSV UTF-8"),
        ("mine.csv.7z", "unpack it first"),
        ("mine.txt", "rename it to .tsv if tabs stand between its cells"),
        ("mine.pkl", "can run code when it is read"),
        ("folder/mine", "write it as one of these"),
    ],
)
def test_other_files_are_no_unknown_datasets(name, says):
    refused(name, f"is not a file that load reads, which are .csv .*: .*{says}")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/t.csv",
        "http://a.example/t",
        "s3://b/t.parquet",
        "file:///t.csv",
    ],
)
def test_an_address_is_not_taken_for_a_path(address):
    refused(address, "is an address, and load reads files; download it first")
    refused(Path(address), "is an address")


@pytest.mark.parametrize("label", [5, 0.5, ("a",), ["y"], np.array([1])])
@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_a_label_that_is_no_name(tmp_path, label, ending):
    path = tmp_path / f"mine{ending}"
    FRAME.to_csv(path, index=False) if ending == ".csv" else np.savez(path, X=[[1.0]])
    refused(path, "label must be the name of a column or array, got", label=label)


@pytest.mark.parametrize("anomaly", [[["bad"]], [], {"bad"}, np.array([0, 1])])
def test_an_anomaly_that_is_no_value(tmp_path, anomaly):
    FRAME.to_csv(tmp_path / "mine.csv", index=False)
    says = "anomaly must be one value of 'y', or a list of some"
    refused(tmp_path / "mine.csv", says, anomaly=anomaly)


# --- damaged and hostile files


def test_a_damaged_gzip_file(tmp_path):
    whole = gzip.compress(FRAME.to_csv(index=False).encode(), mtime=0)
    for content in (b"no gzip", whole[:60], whole[:30] + b"????" + whole[34:]):
        (tmp_path / "mine.csv.gz").write_bytes(content)
        refused(tmp_path / "mine.csv.gz", "can't be read as a table|not UTF-8")


def archive(path, **members):
    """An .npz of members given as bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


def npy(shape, dtype="<f8", body=b""):
    """The bytes of an .npy file that declares a shape, and a body of any size."""
    file = io.BytesIO()
    about = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, about)
    return file.getvalue() + body


@pytest.mark.parametrize(
    "shape", [(10**13, 1), (10**6, 10**6), (2**62, 2**62), (3, 2), (-4, 2)]
)
def test_an_archive_that_declares_more_than_it_holds_is_refused_at_once(
    tmp_path, shape
):
    archive(
        tmp_path / "bomb.npz",
        X=npy(shape, body=bytes(64)),
        y=npy((2,), "<i8", bytes(16)),
    )
    refused(tmp_path / "bomb.npz", "bomb.npz is damaged")


def test_an_archive_whose_entry_lies_about_its_size_too(tmp_path):
    content = npy((10**9, 8), body=bytes(64))
    archive(tmp_path / "bomb.npz", X=content, y=npy((2,), "<i8", bytes(16)))
    claimed = 8 * 8 * 10**9 + len(content) - 64
    raw = (tmp_path / "bomb.npz").read_bytes()
    true = struct.pack("<L", len(content))
    assert (
        claimed > 2**32
    )  # a zip64 entry; the largest that fits without is enough here
    lied = raw.replace(true, struct.pack("<L", 2**32 - 2))
    (tmp_path / "bomb.npz").write_bytes(lied)
    refused(tmp_path / "bomb.npz", "bomb.npz is damaged")
    fits = npy(((2**32 - 2 - 128) // 8,), body=bytes(64))
    archive(tmp_path / "fits.npz", X=fits, y=npy((2,), "<i8", bytes(16)))
    raw = (tmp_path / "fits.npz").read_bytes()
    size = 128 + (2**32 - 2 - 128) // 8 * 8
    lied = raw.replace(struct.pack("<L", len(fits)), struct.pack("<L", size))
    (tmp_path / "fits.npz").write_bytes(lied)
    refused(tmp_path / "fits.npz", "made to fill the memory")


def test_a_bare_pickle_is_never_read(tmp_path):
    class Bad:
        def __reduce__(self):
            return (Path(tmp_path / "ran").touch, ())

    raw = pickle.dumps(Bad())
    (tmp_path / "mine.npz").write_bytes(raw)
    refused(tmp_path / "mine.npz", "is not an .npz archive")
    archive(tmp_path / "tail.npz", X=npy((1, 1), body=bytes(8)))
    tail = raw + (tmp_path / "tail.npz").read_bytes()  # a zip by its end alone
    (tmp_path / "mine.npz").write_bytes(tail)
    refused(tmp_path / "mine.npz", "is not an .npz archive")
    archive(tmp_path / "mine.npz", X=raw, y=raw)
    refused(tmp_path / "mine.npz", "mine.npz is damaged")
    archive(
        tmp_path / "mine.npz", X=npy((1, 1), "|O", raw), y=npy((1,), "<i8", bytes(8))
    )
    refused(tmp_path / "mine.npz", "holds Python objects in X")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_any_byte_changed_gives_the_same_rows_or_one_sentence(tmp_path, compressed):
    path = tmp_path / "mine.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, X=FRAME[list("abc")].to_numpy()[:4], y=np.array([0, 0, 1, 0]))
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(300):
        raw = bytearray(whole)
        for at in rng.integers(len(raw), size=rng.integers(1, 4)):
            raw[at] ^= 1 << rng.integers(8)
        path.write_bytes(raw[: rng.integers(len(raw))] if rng.random() < 0.1 else raw)
        try:
            table = data.load(path)
        except data.DataError:
            continue
        assert np.array_equal(table.X, FRAME[list("abc")][:4]) and table.y[2] == 1
