"""The course as a site: executed lessons, search, notation, glossary, the package's pages.

python tests/tools/build_site.py
        -> build/site/index.html; nothing in it asks another machine for anything

Sphinx and MyST-NB read what is stored in the notebooks; nothing is executed but the
cells before the sliders whose pictures the page carries (slider_states.py). Where the
project is published is one setting, [tool.metaad.site] in pyproject.toml: with it the
pages have buttons for Binder and Colab.
"""

import argparse
import html
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import lite
import slider_states
from run_notebooks import lessons

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
PARTS = {
    "Start": "00",
    "I · Anomalies and classical detectors": "01 02 03 04",
    "II · Networks": "05 06",
    "III · Learning to learn": "07 08 09",
    "IV · Many tables": "10 11 12 13 14 15",
    "V · A world that moves": "16 17",
    "VI · In practice": "18 19 20",
}
PAGES = ("NOTATION", "GLOSSARY", "INSTRUCTORS")  # in notebooks/, where they are there
# whose pages stand under "The package"; what a room offers at its door
ROOMS = (
    "metaad",
    "metaad.data",
    "metaad.tasks",
    "metaad.nets",
    "metaad.scores",
    "metaad.metrics",
    "metaad.intervals",
    "metaad.detectors",
    "metaad.attacks",
    "metaad.meta",
    "metaad.search",
    "metaad.search.tuning",
    "metaad.practice",
    "metaad.plots",
    "metaad.repro",
    "metaad.saving",
    "metaad.train",
    "metaad.exercises",
)
EXTENSIONS = [
    "myst_nb",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
]
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="5" cy="10" '
    'r="4" fill="#0072b2"/><circle cx="13" cy="3" r="2" fill="#d55e00"/></svg>'
)
# formulas, tables and code scroll in their own place; a phone's page is never wider
STYLE = """
div.math { display: block; overflow-x: auto; overflow-y: hidden; }
span.math.scrolls { overflow-x: auto; }
main table { display: block; overflow-x: auto; max-width: 100%; }
main code, main a, main h1, main h2, main h3 { overflow-wrap: anywhere; }
main code, main code span.pre { white-space: normal; overflow-wrap: anywhere; }
pre code { white-space: inherit; }
pre.docstring, pre.prose { white-space: pre-wrap; overflow-wrap: anywhere; }
.output img, main img { max-width: 100%; height: auto; }
mjx-container:not([display="true"]) { white-space: normal; max-width: 100%; }
:is(a, button, input, summary, pre, [tabindex]):focus-visible {
  outline: 3px solid #c132af !important; outline-offset: 2px; }
"""
# what scrolls sideways can be reached by Tab: wide formulas and tables, on this screen
SCRIPT = """\
function reach(place) {
  const inline = place.matches("span.math") && place.querySelector("mjx-math");
  const needed = inline ? inline.getBoundingClientRect().width : place.scrollWidth;
  const wide = needed > place.clientWidth + 1;
  place.classList.toggle("scrolls", wide);
  if (wide) place.setAttribute("tabindex", "0");
  else place.removeAttribute("tabindex");
}
function reachAll() {
  document.querySelectorAll(".math, mjx-container[display], main table").forEach(reach);
}
// the theme takes the focus from these when they are used: a reader with keys is lost
const KEEP = ".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle";
document.querySelectorAll(KEEP).forEach((button) => { button.blur = () => {}; });
addEventListener("resize", reachAll);
addEventListener("load", () => {
  reachAll();
  window.MathJax?.startup?.promise?.then(reachAll);
});
"""
MATHJAX = ("tex-chtml.js", "output/chtml/fonts")  # what of it a page can ask for


def write_source(folder, wanted=(), extra=()):
    """Write what Sphinx reads into a new folder: pages and notebooks, links turned.

    extra : (name, Markdown) of pages that other commands make, such as the report."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lessons").mkdir(parents=True)
    (folder / "package").mkdir()
    (folder / "static").mkdir()
    (folder / "static" / "icon.svg").write_text(ICON, encoding="utf-8")
    css, script = STYLE + slider_states.STYLE, SCRIPT + slider_states.SCRIPT
    (folder / "static" / "course.css").write_text(css, encoding="utf-8")
    (folder / "static" / "course.js").write_text(script, encoding="utf-8")
    found = lessons(wanted)
    there = [p.stem for p in found]
    for path in found:
        text = site_notebook(path, there, sliders_of(path, folder / "static"))
        (folder / "lessons" / path.name).write_text(text, encoding="utf-8")
    if (NOTEBOOKS / "figures").is_dir():
        shutil.copytree(NOTEBOOKS / "figures", folder / "figures")
    pages = [p for p in PAGES if (NOTEBOOKS / f"{p}.md").is_file()]
    for page in pages:
        text = (NOTEBOOKS / f"{page}.md").read_text(encoding="utf-8")
        text = turned(text, NOTEBOOKS, there)
        (folder / f"{page.lower()}.md").write_text(text, encoding="utf-8")
    (folder / "bibliography.md").write_text(bibliography(found), encoding="utf-8")
    data = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    data = turned(data, ROOT / "data", there)
    (folder / "data.md").write_text(data, encoding="utf-8")
    for name, text in extra:
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    for room in ROOMS:
        (folder / "package" / f"{room}.md").write_text(
            room_page(room), encoding="utf-8"
        )
    index = index_page(found, [p.lower() for p in pages], [name for name, _ in extra])
    (folder / "index.md").write_text(index, encoding="utf-8")
    return folder


def sliders_of(path, static):
    """Return HTML of the sliders that a lesson's page carries: dict from the index of a
    cell. Their pictures go into the folder static.
    """
    kept = ROOT / "build" / "slider-states"
    found = slider_states.draw(path, kept)
    if found:
        place, leave = static / "states" / path.stem, shutil.ignore_patterns("*.json")
        shutil.copytree(kept / path.stem, place, ignore=leave)
    base = f"../_static/states/{path.stem}"
    return {
        index: slider_states.as_html(name, written, base)
        for index, (name, written) in found.items()
    }


def site_notebook(path, there, sliders=None):
    """Return a lesson's text for the site: hidden cells fold, links fit, sliders (HTML of
    each cell that has one) stand below their figures.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for index, text in (sliders or {}).items():
        data = {"output_type": "display_data", "metadata": {}}
        data["data"] = {"text/html": text, "text/plain": "a slider"}
        notebook["cells"][index]["outputs"].insert(1, data)
    for cell in notebook["cells"]:
        tags = cell["metadata"].setdefault("tags", [])
        if cell["cell_type"] == "markdown":
            text = turned("".join(cell["source"]), NOTEBOOKS, there, "../")
            cell["source"] = text.splitlines(True)
        elif cell["metadata"].get("jupyter", {}).get("source_hidden"):
            tags.append("hide-input")
    return json.dumps(notebook, ensure_ascii=False)


LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def turned(text, base, there, up=""):
    """Turn links between files of the checkout into links of the site.

    base : folder that relative links count from. there : names of the lessons that the
    site has; a link to another file becomes its words. up : "../" for a page in a
    folder."""
    known = {
        "README.md": "index.md",
        "notebooks/README.md": "index.md",
        "data/README.md": "data.md",
        **{f"notebooks/{p}.md": f"{p.lower()}.md" for p in PAGES},
        **{f"notebooks/{name}.ipynb": f"lessons/{name}.ipynb" for name in there},
    }

    def turn(match):
        picture, words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, hash_sign, anchor = target.partition("#")
        try:
            inside = (base / path).resolve().relative_to(ROOT).as_posix()
        except ValueError:
            return words
        if picture:
            return f"![{words}]({up}{inside.removeprefix('notebooks/')})"
        if inside not in known:
            return words
        return f"[{words}]({up}{known[inside]}{hash_sign}{anchor})"

    return LINK.sub(turn, text)


def index_page(found, pages, extra):
    """Return the first page: the README, and the contents of the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = turned(text, ROOT, [p.stem for p in found])
    by_number = {p.name[:2]: p.stem for p in found}
    trees = []
    for caption, numbers in PARTS.items():
        names = [by_number[n] for n in numbers.split() if n in by_number]
        if names:
            trees.append(toctree(caption, [f"lessons/{n}" for n in names]))
    trees.append(toctree("To look up", [*pages, "bibliography", "data"]))
    trees.append(toctree("The package", [f"package/{room}" for room in ROOMS]))
    if extra:
        trees.append(toctree("For the referee", extra))
    return text + "\n" + "\n".join(trees)


def toctree(caption, names):
    """Return one part of the contents, as MyST writes it."""
    lines = ["```{toctree}", f":caption: {caption}", ":maxdepth: 1", ":hidden:", ""]
    return "\n".join([*lines, *names, "```", ""])


def bibliography(found):
    """Return what the lessons name under "What to read", lesson by lesson."""
    lines = [
        "# Bibliography",
        "",
        "What each lesson rests on, and what to read next.",
        "",
    ]
    for path in found:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        whole = "\n\n".join(texts)
        title = re.search(r"^# (.*)$", whole, re.M)[1]
        read = re.search(r"(?ms)^## What to read\s*\n(.*?)(?=^## |\Z)", whole)
        if read:
            lines += [
                f"## {title}",
                "",
                turned(read[1].strip(), NOTEBOOKS, [p.stem for p in found]),
                "",
            ]
    return "\n".join(lines)


def room_page(room):
    """Return the page of a module: its docstring, and all that it offers, as written."""
    import importlib
    import inspect

    module = importlib.import_module(room)
    lines = [f"# {room}", "", docstring(module), ""]
    for name in sorted(getattr(module, "__all__", ()), key=str.lower):
        thing = getattr(module, name)
        if inspect.ismodule(thing) or not callable(thing):
            continue
        if room == "metaad":  # the front door shows; the room explains
            lines += [f"- `{name}`, from `{thing.__module__}`"]
            continue
        lines += [
            f"## {name}",
            "",
            code(f"{name}{signature(thing)}"),
            docstring(thing),
            "",
        ]
        for method, function in methods(thing) if inspect.isclass(thing) else ():
            lines += [
                code(f"{name}.{method}{signature(function)}"),
                docstring(function),
                "",
            ]
    return "\n".join(lines) + "\n"


def methods(kind):
    """Yield (name, function) of the public methods that a class defines itself."""
    for name, value in vars(kind).items():
        function = getattr(value, "__func__", value)
        documented = callable(function) and getattr(function, "__doc__", None)
        if documented and not name.startswith("_"):
            yield name, function


def signature(thing):
    """Return a signature as text, without the names of modules; "" where it has none."""
    import inspect

    try:
        text = str(inspect.signature(thing))
    except (ValueError, TypeError):
        return ""
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def code(text):
    return f"```python\n{text}\n```"


def docstring(thing):
    """Return a docstring as it is written, its lines kept, as HTML within Markdown."""
    import inspect

    text = html.escape(inspect.getdoc(thing) or "").replace("\n\n", "\n&#8203;\n")
    return f'<pre class="docstring">{text}</pre>'


def findings_page():
    """Return the page of all findings: stored, found on this machine, how to run them."""
    from metaad.cli import findings

    found = findings.read()
    lines = ["# Every finding", "", findings.verdict(found), ""]
    lines += [
        "`make verify` runs them all; one lesson again: the command below its name.",
        "",
    ]
    for lesson in found:
        here = {row["claim"]: row for row in lesson.quick or ()}
        lines += [f"## {lesson.name}", "", f"`metaad run {lesson.name[:2]}`", ""]
        lines += [
            "| finding | stored | here | against the record |",
            "|:--|:--|:--|:--|",
        ]
        for claim, stored in lesson.recorded.items():
            row = here.get(claim)
            said = findings.state(lesson, row) if row else "not run here"
            cells = claim, stored, row["shown"] if row else "", said
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def settings():
    """Return [tool.metaad.site] of pyproject.toml: {} where nothing is set."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project.get("tool", {}).get("metaad", {}).get("site", {})


def options(address=""):
    """Return Sphinx's settings. address : of the published repository, or empty."""
    theme = {"use_download_button": True, "home_page_in_toc": True, "show_toc_level": 2}
    theme["pygments_light_style"] = "a11y-high-contrast-light"
    theme["pygments_dark_style"] = "a11y-high-contrast-dark"
    if address:
        theme |= {"repository_url": address, "path_to_docs": "notebooks"}
        theme["launch_buttons"] = {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        }
    return {
        "project": "metaad",
        "html_title": "metaad",
        "author": "the metaad authors",
        "language": "en",
        "extensions": EXTENSIONS,
        "html_theme": "sphinx_book_theme",
        "html_theme_options": theme,
        "html_copy_source": True,
        "html_show_sphinx": False,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_render_markdown_format": "myst",  # tables and formulas in outputs
        "nb_mime_priority_overrides": [("html", "text/html", 0)],
        "myst_enable_extensions": ["dollarmath", "amsmath", "deflist", "html_image"],
        "myst_dmath_double_inline": True,  # $$…$$ within a list, as JupyterLab reads it
        "myst_heading_anchors": 3,
        "mathjax_path": "mathjax/tex-chtml.js",
        # a formula is read, not used: Tab goes by
        "mathjax3_config": {
            "options": {"menuOptions": {"settings": {"inTabOrder": False}}}
        },
        "suppress_warnings": ["myst.header", "misc.highlighting_failure", "ref.python"],
        "html_static_path": ["static"],
        "html_css_files": ["course.css"],
        "html_js_files": [("course.js", {"defer": "defer"})],
        "html_favicon": "static/icon.svg",
        "html_use_index": False,
        "html_context": {"default_mode": "light"},
    }


def build(out=None, source=None, wanted=(), extra=(), quiet=True):
    """Build the site; return (folder, list of Sphinx's warnings)."""
    import io

    from sphinx.application import Sphinx

    out = Path(out or ROOT / "build" / "site")
    source = write_source(source or ROOT / "build" / "site-source", wanted, extra)
    lite.set_aside(out)
    shutil.rmtree(out, ignore_errors=True)
    warned = io.StringIO()
    app = Sphinx(
        srcdir=source,
        confdir=None,
        outdir=out,
        doctreedir=source.parent / f"{source.name}-trees",
        buildername="html",
        confoverrides=options(settings().get("repository", "")),
        status=None if quiet else sys.stderr,
        warning=warned,
        freshenv=True,
        parallel=2,
    )
    app.build()
    if app.statuscode:
        raise RuntimeError(f"the site was not built:\n{warned.getvalue()[-3000:]}")
    _finish(out)
    lite.bring_back(out)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", warned.getvalue()).splitlines()
    return out, [line for line in lines if line.strip()]


def _finish(out):
    """Leave out of MathJax what no page asks for; give pictures and code what a reader
    with a keyboard or a screen reader needs.
    """
    mathjax = out / "_static" / "mathjax"
    for path in sorted(mathjax.rglob("*"), reverse=True):
        inside = path.relative_to(mathjax).as_posix()
        if path.is_file() and not inside.startswith(MATHJAX):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    for path in out.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(accessible(text), encoding="utf-8")


def accessible(text):
    """Return a page in which wide code and tables can be scrolled with the keyboard, and
    what a cell says in sentences wraps.
    """
    text = re.sub(r"<pre(?![^>]*tabindex)", '<pre tabindex="0"', text)
    return PRINTED.sub(_wrapped, text)


PRINTED = re.compile(
    r'(<div class="output stream [^>]*><div class="highlight"><pre)([^>]*>)(.*?)(?=</pre>)',
    re.S,
)


def _wrapped(match):
    """Mark what was printed as prose, unless two spaces in a line keep columns apart."""
    start, end, said = match.groups()
    return (
        match[0]
        if re.search(r"\S {2,}\S", said)
        else f'{start} class="prose"{end}{said}'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers; all if none is given")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--warnings", action="store_true", help="show Sphinx's")
    chosen = parser.parse_args()
    extra = [("findings", findings_page())]
    out, warned = build(chosen.out, wanted=chosen.lessons, extra=extra)
    if chosen.warnings:
        print("\n".join(warned))
    pages = len(list(out.rglob("*.html")))
    print(f"{pages} pages, {len(warned)} warnings: {out / 'index.html'}")


if __name__ == "__main__":
    main()
