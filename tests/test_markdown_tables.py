"""Tables that lessons show."""

import pytest

from metaad.repro import markdown_table, number_table


def test_a_table_has_a_line_per_row_and_numbers_stand_right():
    text = markdown_table(["what", "n"], [["a", 1], ["b", 2.5]], numbers=[1])
    assert text == "| what | n |\n|:--|--:|\n| a | 1 |\n| b | 2.5 |"


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="every row needs 2 cells"):
        markdown_table(["what", "n"], [["a", 1], ["b"]])


def test_a_table_of_numbers_is_flush_right_but_for_its_first_column():
    text = number_table(["a", "b"], [["x", 1], ["y", 0.5]])
    assert text == "| a | b |\n|:--|--:|\n| x | 1 |\n| y | 0.5 |"
