"""The check of a site's keyboard sees what is wrong with a page, and says nothing of a
page that is right; sliders carry a picture and words for each state."""

import json
import shutil

import build_site
import pytest
import site_checks
import site_keyboard
import slider_states
from matplotlib import pyplot as plt

needs_browser = pytest.mark.skipif(
    not shutil.which("chromium"), reason="needs Chromium (Debian's package)"
)
STATES = {
    "start": 1,
    "states": [
        {"value": v, "alt": f"A line that ends at the value {v}", "file": f"k-0{i}.png"}
        for i, v in enumerate("125")
    ],
}
RIGHT = '<a href="#a">one</a><main id="a"><pre tabindex="0">two</pre></main><input>'
WRONG = {
    "Tab does not come out": '<button onkeydown="event.preventDefault()">x</button>',
    "tabindex over 0": '<a href="#">one</a><a href="#" tabindex="2">two</a>',
    "Tab goes back to": '<a href="#" id="one">one</a><a href="#" id="two" onkeydown="'
    "if (!this.done) { this.done = 1; event.preventDefault(); one.focus() }"
    '">two</a>',
    "focus can't be seen": '<a href="#" style="outline: none">one</a>',
    "focus out of sight": '<a href="#" style="position: fixed; left: -900px">one</a>',
    "Tab does not reach": '<a href="#" onfocus="this.nextSibling.focus()">one</a>'
    '<a href="#">two</a>',
}


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=site_checks.FLAGS
        )
        yield found
        found.close()


@needs_browser
def test_a_page_that_is_right_has_no_fault_and_each_fault_is_seen(browser):
    page = browser.new_page()
    page.set_content(RIGHT)
    assert site_keyboard.walk(page) == []
    for fault, text in WRONG.items():
        page.set_content(text)
        found = site_keyboard.walk(page)
        assert any(f.startswith(fault) for f in found), (fault, found)


@needs_browser
def test_a_table_of_signs_and_a_formula_cut_on_the_left_are_seen(browser):
    page = browser.new_page()
    wide = "<mjx-math style='flex: none; min-width: 300px'>x</mjx-math>"
    for style, faults in (("block", 0), ("flex; flex-direction: row-reverse", 1)):
        style = f"width: 90px; overflow: auto; display: {style}"
        page.set_content(f"<div class='math' style='{style}'>{wide}</div>")
        assert len(page.evaluate(site_checks.DRAWN)) == faults
    for style, faults in (("hidden", 1), ("auto", 0)):
        style = f"display: inline-flex; max-width: 90px; overflow-x: {style}"
        page.set_content(f"<span class='math' style='{style}'>{wide}</span>")
        assert len(page.evaluate(site_checks.DRAWN)) == faults
    page.set_content("<main><p>| a | b | |:–|-:| | 1 | 2 |</p><p>|x| = |−x|</p></main>")
    (found,) = page.evaluate(site_checks.DRAWN)
    assert found.startswith("a table that is not drawn")
    page.set_content(
        "<main><p>a bias: $ <b>x</b>.$</p><p><code>$HOME</code></p></main>"
    )
    (found,) = page.evaluate(site_checks.DRAWN)
    assert found.startswith("a formula that is not drawn")


def test_what_a_cell_says_in_sentences_wraps_and_columns_stay():
    def page(said):
        start = '<div class="output stream highlight-x"><div class="highlight"><pre>'
        return build_site.accessible(f"{start}<span></span>{said}\n</pre></div></div>")

    assert 'class="prose"' in page("Correct. A sentence that is\nquite long.")
    assert 'class="prose"' not in page("one    two\n1      2")


@needs_browser
def test_a_slider_shows_each_state_with_its_words(browser, tmp_path):
    for state in STATES["states"]:
        figure, axis = plt.subplots(figsize=(3, 2))
        axis.plot([0, int(state["value"])])
        (tmp_path / state["file"]).write_bytes(slider_states.small_png(figure))
        plt.close(figure)
    text = slider_states.as_html("k", STATES, ".")
    script = f"<script>{build_site.SCRIPT}{slider_states.SCRIPT}</script>"
    (tmp_path / "page.html").write_text(f"{text}{script}", encoding="utf-8")
    wrong = text.replace("k-01.png", "k-09.png").replace("value 5", "value 2")
    (tmp_path / "wrong.html").write_text(f"{wrong}{script}", encoding="utf-8")
    server, address = site_checks.serve(tmp_path)
    page = browser.new_page()
    page.goto(f"{address}/page.html")
    assert site_keyboard.sliders(page) == (1, [])
    page.goto(f"{address}/wrong.html")
    found = site_keyboard.sliders(page)[1]
    assert "slider k: no picture at 2" in found
    assert "slider k: two states with the same alt" in found
    page.set_content(text)  # without its script it stays out of sight
    assert not page.is_visible("input") and not page.is_visible("img")
    server.shutdown()


def test_the_sliders_of_the_pages_are_found_in_their_lessons():
    for path in build_site.lessons(list(slider_states.WANTED)):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for name in slider_states.WANTED[path.name[:2]]:
            assert slider_states.slider_cell(notebook, name) > 0
    with pytest.raises(ValueError, match="no cell has a slider with the range 'none'"):
        slider_states.slider_cell(notebook, "none")


def test_a_keeper_draws_the_sliders_that_are_named_and_no_other(tmp_path):
    folder = tmp_path / "03_lesson"
    folder.mkdir()
    slider = slider_states.keeper(str(folder), ["cut"])

    def draw(cut):
        figure, axis = plt.subplots()
        axis.set_title(f"cut {cut} of 3: 9 → {9 - cut}", loc="left")
        return figure

    slider(draw, "Cuts", cut=(1, 2, 3))
    slider(None, "not drawn", psi=(1, 2))
    slider(None, "not drawn", cut=(1, 2), other=(3, 4))
    written = json.loads((folder / "cut.json").read_text(encoding="utf-8"))
    assert written["start"] == 1
    assert [s["alt"] for s in written["states"]] == [
        "Cut 1 of 3: of the 9 points in the box 8 stay.",
        "Cut 2 of 3: of the 9 points in the box 7 stay.",
        "Cut 3 of 3: of the 9 points in the box 6 stay.",
    ]
    assert len(list(folder.glob("*.png"))) == 3
