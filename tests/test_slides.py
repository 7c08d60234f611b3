"""Slides: what is shown and what is the speaker's, and that a page asks nobody for
anything. In a browser: tests/tools/slides.py --shots.
"""

import json
import re

import pytest
import slides


def cell(kind, source, outputs=(), **metadata):
    made = {"cell_type": kind, "source": source, "metadata": metadata}
    return made | ({"outputs": list(outputs)} if kind == "code" else {})


def lesson(*cells):
    return {"cells": [cell("markdown", "# 99 · A lesson\n\nWhy. More of it."), *cells]}


def test_a_heading_begins_a_slide_and_the_rest_of_the_prose_is_the_speakers():
    text = (
        "## Far\n\nHow far is it? "
        + "It is a long way. " * 30
        + "\n\nSecond paragraph."
    )
    made = slides.slides(lesson(cell("markdown", text)))
    assert [s.down for s in made] == [False, False]
    assert "<h2>Far</h2>" in made[1].shown and "How far is it?" in made[1].shown
    assert len(made[1].shown) < 400 and "Second paragraph" in made[1].notes


def test_formulas_questions_tables_and_figures_are_shown():
    text = (
        "Here $a$ is\n\n$$\nx < \\frac12\n$$\n\n> Before you look: more or less?\n\nend"
    )
    figure = {"data": {"text/html": '<img alt="A ring &amp; a dot" src="data:,">'}}
    table = {"data": {"text/markdown": "| a | b |\n|--|--|\n| 1 | 2 |"}}
    made = slides.slides(
        lesson(cell("markdown", text), cell("code", "x", [figure, table]))
    )
    assert r"\[" in made[1].shown and r"x &lt; \frac12" in made[1].shown
    assert "more or less?" in made[1].shown and r"\(a\)" in made[1].notes
    assert 'alt="A ring &amp; a dot"' in made[2].shown and "<table>" in made[3].shown
    assert all("99 · A lesson" in s.shown for s in made[1:])


def test_code_is_shown_where_it_is_built_or_asked_for_never_the_solution():
    build = cell("code", "# this is metaad.x\nx = 1 < 2", tags=["build"])
    asked = (
        "def f(x):\n    ### BEGIN SOLUTION\n    return 'secret'\n    ### END SOLUTION\n"
    )
    made = slides.slides(lesson(build, cell("code", "hidden = 1"), cell("code", asked)))
    assert "x = 1 &lt; 2" in made[1].shown and "your turn" in made[2].shown
    assert len(made) == 3 and "secret" not in str(made) and "hidden" not in str(made)


def test_the_metadata_of_a_cell_is_followed():
    def typed(kind):
        about = {"slideshow": {"slide_type": kind}}
        return slides.slides(lesson(cell("markdown", "## A\n\nText.", **about)))

    assert len(typed("skip")) == 1 and len(typed("notes")) == 2
    assert typed("subslide")[1].down and not typed("slide")[1].down
    with pytest.raises(ValueError, match="slide_type is 'wide'"):
        typed("wide")


def test_every_lesson_has_slides_that_ask_nobody_for_anything(tmp_path):
    made = slides.build(tmp_path / "slides")
    assert len(made) == len(list(slides.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")))
    for path in made:
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', text):
            assert (path.parent / address).is_file(), address
        assert text.count("<section>") > 12 and "BEGIN SOLUTION" not in text
        notebook = json.loads(
            (slides.NOTEBOOKS / f"{path.stem}.ipynb").read_text("utf-8")
        )
        figures = json.dumps(notebook).count("<img alt=")
        assert text.count("<img alt=") == figures
