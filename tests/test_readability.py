"""Lessons are short, and written for people who read English as a second language."""

import json
from pathlib import Path

import pytest
import readability

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# one sitting: about 1,800 words and 250 lines
MOST_WORDS, MOST_LINES, LEAST_EASE, MOST_IN_A_BLOCK = 2_000, 250, 55, 100


def too_much(path):
    r = readability.of(path)
    return {
        name: found
        for name, found, fine in (
            ("words", r.words, r.words <= MOST_WORDS),
            ("lines of code", r.lines, r.lines <= MOST_LINES),
            ("words in a block", r.longest_block, r.longest <= MOST_IN_A_BLOCK),
        )
        if not fine
    }


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_is_one_sitting_long(path):
    assert not too_much(path)


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_reads_easily(path):
    assert readability.of(path).ease >= LEAST_EASE


@pytest.mark.parametrize(
    ("word", "count"),
    [("cat", 1), ("anomaly", 4), ("isolation", 4), ("reads", 1), ("autoencoders", 5)],
)
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert readability.syllables(word) == count


def test_reading_ease_is_the_formula_s():
    # 6 words of one syllable in one sentence
    assert readability.ease(["The cat sat on the mat."]) == pytest.approx(
        206.835 - 1.015 * 6 - 84.6
    )
    # 5 words, 2 sentences, 12 syllables
    hard = ["Autoencoders reconstruct. Anomalies surprise everybody."]
    assert readability.ease(hard) == pytest.approx(
        206.835 - 1.015 * 5 / 2 - 84.6 * (5 + 3 + 4 + 2 + 4) / 5
    )


def test_formulas_code_tables_and_headings_are_no_prose():
    text = (
        "# A heading\n\nOne $x + y$ two `code` three.\n\n"
        "| a | b |\n|:--|:--|\n| c | d |\n\n- An item, [a link](address).\n\n"
        "```python\nnot = prose\n```\n\n$$z = 1$$\n"
    )
    blocks = readability.prose(text)
    assert [readability.WORD.findall(b) for b in blocks] == [
        ["One", "two", "three"],
        ["An", "item", "a", "link"],
    ]


def test_a_formula_may_begin_a_sentence_and_an_abbreviation_ends_none():
    (block,) = readability.prose("It is small, e.g. One. $x$ is large. Both hold.")
    assert readability.n_sentences(block) == 3


def test_hidden_cells_and_blank_lines_are_not_counted(tmp_path):
    def cell(source, hidden=False):
        metadata = {"jupyter": {"source_hidden": True}} if hidden else {}
        return {"cell_type": "code", "source": source, "metadata": metadata}

    text = {"cell_type": "markdown", "source": ["Five words are here now."]}
    cells = [text | {"metadata": {}}, cell("a = 1\n\nb = 2\n"), cell("c = 3", True)]
    path = tmp_path / "lesson.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    read = readability.of(path)
    assert (read.words, read.lines) == (5, 2)
