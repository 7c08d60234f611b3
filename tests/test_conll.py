"""Reading tagged text: schemes, broken lines by number, the course's own sentences."""

import gzip

import numpy as np
import pytest

from metaad import data, scores
from metaad.data import conll
from metaad.data.records import DataError

CONLL = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O
. . O O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER

-DOCSTART- -X- -X- O

Ann NNP I-NP I-PER
Bo NNP I-NP B-PER
"""


def written(tmp_path, text, name="a.conll", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_conll_2003_comes_out_in_iob2_with_its_documents(tmp_path):
    read = data.read_conll(written(tmp_path, CONLL))
    assert read.scheme == "IOB1" and read.documents == [0, 2] and read.repaired == 0
    assert read.sentences == [
        [
            ("EU", "B-ORG"),
            ("rejects", "O"),
            ("German", "B-MISC"),
            *[("call", "O"), (".", "O")],
        ],
        [("Peter", "B-PER"), ("Blackburn", "I-PER")],
        [("Ann", "B-PER"), ("Bo", "B-PER")],  # two that touch
    ]


@pytest.mark.parametrize(
    ("tags", "scheme", "wanted"),
    [
        ("I-A I-A B-A O", "IOB1", "B-A I-A B-A O"),
        ("B-A I-A B-A O", "IOB2", "B-A I-A B-A O"),
        ("B-A E-A S-A O", "BIOES", "B-A I-A B-A O"),
        ("B-A I-A E-A U-B", "BIOES", "B-A I-A I-A B-B"),
        ("B-A L-A U-A O", "BIOES", "B-A I-A B-A O"),
        ("O O O", "IOB2", "O O O"),
        ("I-A I-B", "IOB1", "B-A B-B"),
    ],
)
def test_each_scheme_is_recognised_and_means_the_same(tags, scheme, wanted):
    assert conll.scheme_of([tags.split()]) == scheme
    assert data.as_iob2(tags.split()) == wanted.split()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_written_in_any_scheme_comes_back(seed):
    rng = np.random.default_rng(seed)
    spans, tags = [], []
    for _ in range(12):
        if rng.random() < 0.5:
            tags.append("O")
            continue
        size, kind = int(rng.integers(1, 4)), str(rng.choice(["A", "B"]))
        spans.append((len(tags), size, kind))
        tags += [f"B-{kind}", *[f"I-{kind}"] * (size - 1)]
    ends = {start + size: kind for start, size, kind in spans}
    iob1, bioes = list(tags), list(tags)
    for start, size, kind in spans:
        if ends.get(start) != kind:  # B- stands only where two of a kind touch
            iob1[start] = f"I-{kind}"
        if size == 1:
            bioes[start] = f"S-{kind}"
        else:
            bioes[start + size - 1] = f"E-{kind}"
    assert data.as_iob2(iob1) == data.as_iob2(bioes) == data.as_iob2(tags) == tags
    # the scorer's rule reads IOB1 and IOB2 alike, without being told which it is
    assert scores.entities(iob1) == scores.entities(tags)


def test_broken_sequences_are_read_as_the_scorer_reads_them_and_counted(tmp_path):
    tags = ["O", "I-A", "O", "B-A", "I-B", "O", "E-A"]
    assert data.as_iob2(tags) == ["O", "B-A", "O", "B-A", "B-B", "O", "B-A"]
    text = "".join(
        f"w{i}\t{t}\n"
        for i, t in enumerate(["B-A", "I-A", "O", "B-A", "B-A", "O", "I-A"])
    )
    read = data.read_conll(written(tmp_path, text))
    assert (read.scheme, read.repaired) == ("IOB2", 1)
    assert read.sentences[0][-1] == ("w6", "B-A")


def test_broken_lines_are_named_by_number(tmp_path):
    text = "Ann B-PER\nBo\n\nin O\nRome X-LOC\nnow B-\na b c\n"
    with pytest.raises(DataError) as error:
        data.read_conll(written(tmp_path, text))
    said = str(error.value)
    assert "4 broken lines" in said
    for part in ("line 2: 1 columns", "line 5: 'X-LOC'", "line 6: 'B-'", "line 7: 3"):
        assert part in said


def test_only_five_broken_lines_are_named_and_the_rest_counted(tmp_path):
    text = "a O\n" + "b\n" * 9
    with pytest.raises(DataError, match=r"9 broken lines.*line 6.*and 4 more"):
        data.read_conll(written(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no token"),
        (b"\n \n\n", "holds no token"),
        (b"Ann O\nJos\xe9 O\n", r"not UTF-8 \(line 2\)"),
    ],
)
def test_files_without_tokens_or_in_another_encoding_say_so(tmp_path, content, said):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        data.read_conll(path)


def test_missing_files_and_damaged_archives_say_so(tmp_path):
    with pytest.raises(DataError, match="can't be read"):
        data.read_conll(tmp_path / "none.txt")
    path = tmp_path / "a.conll.gz"
    path.write_bytes(gzip.compress(CONLL.encode())[:-20])
    with pytest.raises(DataError, match="can't be read"):
        data.read_conll(path)


def test_line_ends_marks_blanks_comments_and_archives_change_nothing(tmp_path):
    plain = data.read_conll(written(tmp_path, CONLL)).sentences
    for i, text in enumerate(
        (
            CONLL.replace("\n", "\r\n"),
            "\ufeff" + CONLL,
            CONLL.replace(" ", "\t"),
            CONLL.replace(" ", "  "),
            CONLL.rstrip("\n"),
            CONLL.replace("\n\n", "\n \n\n"),
        )
    ):
        assert data.read_conll(written(tmp_path, text, f"{i}.txt")).sentences == plain
    packed = tmp_path / "b.conll.gz"
    packed.write_bytes(gzip.compress(CONLL.encode()))
    assert data.read_conll(packed).sentences == plain
    noted = written(tmp_path, "# id 7\n" + CONLL, "noted.txt")
    assert data.read_conll(noted, comment="# id").sentences == plain
    with pytest.raises(DataError, match="line"):
        data.read_conll(noted)


def test_a_token_may_begin_with_a_hash_and_tabs_keep_blanks_inside(tmp_path):
    read = data.read_conll(written(tmp_path, "#wow\tO\nNew York\tB-LOC\n"))
    assert read.sentences == [[("#wow", "O"), ("New York", "B-LOC")]]


def test_columns_are_chosen(tmp_path):
    text = "1\tAnn\tB-PER\t_\n2\tcame\tO\t_\n"
    read = data.read_conll(written(tmp_path, text), token=1, tag=2)
    assert read.sentences == [[("Ann", "B-PER"), ("came", "O")]]
    with pytest.raises(
        DataError, match="columns 1 and 9 are asked for, and there are 4"
    ):
        data.read_conll(written(tmp_path, text), token=1, tag=9)


def folder(tmp_path, names=("eng.train", "eng.testa", "eng.testb")):
    for name in names:
        written(tmp_path, CONLL, name)
    return tmp_path


@pytest.mark.parametrize(
    "names",
    [
        ("eng.train", "eng.testa", "eng.testb"),
        ("train.txt", "valid.txt", "test.txt"),
        ("my-train.conll", "my-dev.conll", "my-test.conll", ".hidden"),
    ],
)
def test_a_folder_is_a_text_of_three_parts(tmp_path, names):
    text = data.conll_folder(folder(tmp_path, names))
    assert len(text.train) == len(text.dev) == len(text.test) == 3
    assert "3, 3, 3 sentences" in repr(text)


def test_a_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(DataError, match="is no folder"):
        data.conll_folder(tmp_path / "none")
    with pytest.raises(DataError, match="no file for dev.*testa or dev or valid"):
        data.conll_folder(folder(tmp_path, ("eng.train",)))
    with pytest.raises(DataError, match="several files could be train"):
        data.conll_folder(folder(tmp_path, ("eng.train", "other.train")))


def test_any_bytes_are_read_or_refused_by_a_data_error(tmp_path):
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    some = st.sampled_from(
        ["a O\n", "b B-X\n", "\n", "c\tO\n", "-DOCSTART- O\n", "  \n"]
    )
    texts = st.lists(some | st.text(max_size=6), max_size=9).map("".join)
    path = tmp_path / "fuzzed.txt"

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.binary(max_size=40) | texts.map(str.encode))
    def check(content):
        path.write_bytes(content)
        try:
            read = data.read_conll(path)
        except DataError:
            return
        assert read.sentences and all(read.sentences)
        for sentence in read.sentences:
            tags = [tag for _, tag in sentence]
            assert data.as_iob2(tags) == tags
            scores.entities(tags)

    check()


# --- our own sentences


def test_the_same_seed_gives_the_same_sentences_and_another_one_others():
    a, b, c = (data.own_sentences(s, train=30, dev=5, test=20) for s in (0, 0, 1))
    assert a.train == b.train and a.test == b.test and a.train != c.train
    assert [len(p) for p in (a.train, a.dev, a.test)] == [30, 5, 20]


@pytest.mark.parametrize("seed", range(3))
def test_own_sentences_are_proper_iob2_with_five_kinds_and_new_names_in_test(seed):
    text = data.own_sentences(seed)
    kinds, seen = set(), {t.lower() for s in text.train for t, _ in s}
    names = new = 0
    for sentence in text.test:
        tags = [tag for _, tag in sentence]
        assert data.as_iob2(tags) == tags and all(t for t, _ in sentence)
        for start, end, kind in scores.entities(tags):
            kinds.add(kind)
            names += 1
            new += any(t.lower() not in seen for t, _ in sentence[start:end])
    assert kinds == {"PER", "LOC", "ORG", "MISC", "SHIP"}
    assert 0.4 < new / names < 0.8
    tags = [tag for s in text.test for _, tag in s]
    assert 0.05 < 1 - tags.count("O") / len(tags) < 0.2


@pytest.mark.parametrize("wrong", [{"train": 0}, {"new": 1.5}])
def test_sizes_and_shares_that_cannot_be_are_refused(wrong):
    with pytest.raises(DataError, match="1 sentence or more"):
        data.own_sentences(0, **wrong)
