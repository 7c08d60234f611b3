"""The site: its links lead somewhere, it asks nobody for anything, every lesson has its
place. In a browser: tests/tools/site_checks.py.
"""

import re

import build_site
import pytest
import site_checks

WANTED = ("02", "03")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    extra = [("findings", build_site.findings_page())]
    return build_site.build(folder / "out", folder / "source", WANTED, extra)


def test_every_lesson_has_a_part_and_every_part_a_lesson():
    numbers = " ".join(build_site.PARTS.values()).split()
    assert numbers == [f"{n:02d}" for n in range(21)]
    assert {p.name[:2] for p in build_site.lessons()} <= set(numbers)


def test_pages_are_built_without_a_warning_about_their_text(site):
    _, warned = site
    assert not [w for w in warned if "parallel" not in w and "serial read" not in w]


def test_links_lead_somewhere_and_nothing_comes_from_elsewhere(site):
    out, _ = site
    assert site_checks.broken_links(out) == [] and site_checks.foreign(out) == []
    page = out / "lessons" / "02_classical_detectors.html"
    links, anchors = site_checks.links_of(page)
    assert ("a", "03_isolation_forest_maths.html") in links and "findings" in anchors


def test_the_checks_see_a_broken_link_and_a_foreign_script(tmp_path):
    page = tmp_path / "a.html"
    page.write_text(
        '<a href="b.html">b</a><a href="#no">c</a><a id="yes" href="#yes">d</a>'
        '<script src="https://example.org/x.js"></script><a href="https://x.org">e</a>'
    )
    assert site_checks.broken_links(tmp_path) == ["a.html: b.html", "a.html: #no"]
    assert site_checks.foreign(tmp_path) == [
        "a.html: <script> https://example.org/x.js"
    ]


def test_a_page_of_the_package_shows_docstrings_as_they_are_written(site):
    out, _ = site
    text = (out / "package" / "metaad.metrics.html").read_text(encoding="utf-8")
    from metaad import metrics

    assert "auroc" in text and metrics.auroc.__doc__.splitlines()[0] in text
    assert "&amp;lt;" not in text and "object at 0x" not in text


def test_formulas_have_their_script_and_fonts(site):
    out, _ = site
    text = (out / "lessons" / "03_isolation_forest_maths.html").read_text(
        encoding="utf-8"
    )
    script = re.search(r'src="([^"]*mathjax[^"]*)"', text)[1].split("?")[0]
    assert (out / "lessons" / script).resolve().is_file()
    assert list((out / "_static" / "mathjax").rglob("*.woff"))


def test_links_between_files_are_turned_and_others_left():
    def turned(text):
        return build_site.turned(text, build_site.NOTEBOOKS, ["02_a"], "../")

    assert turned("[a](02_a.ipynb#x)") == "[a](../lessons/02_a.ipynb#x)"
    assert turned("[a](09_b.ipynb) [b](https://x.org) [c](#d)") == (
        "a [b](https://x.org) [c](#d)"
    )
    assert turned("![f](figures/f.png)") == "![f](../figures/f.png)"
    assert turned("[r](../README.md) [e](../../etc)") == "[r](../index.md) e"


def test_the_instructors_page_names_every_lesson_with_aim_cure_and_question():
    text = (build_site.NOTEBOOKS / "INSTRUCTORS.md").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^### (\d\d) · ", text)[1:]
    numbers, bodies = parts[::2], parts[1::2]
    assert numbers == [f"{n:02d}" for n in range(21)]
    for number, body in zip(numbers, bodies, strict=True):
        for part in ("**Aim.**", "**They think**", "**Cure:**", "**Ask:**"):
            assert part in body, (number, part)


def test_the_glossary_is_in_order_and_says_where_a_word_is_defined():
    text = (build_site.NOTEBOOKS / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if "| " in line]
    words = [row[0] for row in rows[2:]]
    assert words == sorted(words, key=str.lower) and len(set(words)) == len(words)
    assert all(re.search(r"[一-鿿]", row[1]) and row[2] for row in rows[2:])


def test_every_symbol_of_a_lesson_stands_on_the_notation_page():
    import notation

    assert notation.missing() == {}
    found = notation.symbols(r"$a_i \le \text{rate}$ `$b$` $$\mathrm{KL}(\hat\pi)$$")
    assert found == {"a", "i", "pi"}


def test_the_last_page_holds_every_finding_as_it_is_stored(site):
    out, _ = site
    text = (out / "findings.html").read_text(encoding="utf-8")
    from metaad.cli import findings

    for lesson in findings.read():
        assert lesson.name in text and lesson.recorded
    assert text.count("<tr") > sum(len(f.recorded) for f in findings.read())
