"""Slides of every lesson, made from its cells: build/slides/02_classical_detectors.html.

python tests/tools/slides.py [02 05] [--shots folder]

What a cell gives is in its metadata, `slideshow.slide_type`, as Jupyter writes it:
"slide", "subslide", "skip" or "notes". A cell without it follows the rule: a heading
begins a slide with the first sentence below it; formulas, tables, questions, figures and
what is to be built are shown; the rest of the prose is the speaker's (key S). reveal.js
and MathJax lie beside the slides: no other machine is asked.
"""

import argparse
import html
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import editions
import mistune
import run_notebooks
from build_site import MATHJAX
from notation import FORMULA

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
KINDS = ("slide", "subslide", "fragment", "skip", "notes", "-")
MOST_LINES = 26  # of code that a slide shows
MOST_ROWS = 11  # of a table, its head and rule included
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="reveal/dist/reveal.css">
<link rel="stylesheet" href="reveal/dist/theme/white.css">
<style>{style}</style>
<script>MathJax = {{tex: {{inlineMath: [["\\\\(", "\\\\)"]]}}}};</script>
<script src="mathjax/tex-chtml.js" defer></script></head>
<body><div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>{script}</script></body></html>
"""
STYLE = """
.reveal { font-size: 30px; font-family: system-ui, sans-serif; }
.reveal h1, .reveal h2, .reveal h3 { text-transform: none; font-family: inherit; }
.reveal h1 { font-size: 1.7em; } .reveal h2 { font-size: 1.35em; }
.reveal h3 { font-size: 1.15em; }
.reveal section { text-align: left; }
.reveal img { max-height: 520px; max-width: 100%; margin: 0 auto; display: block; }
.reveal pre { width: 100%; box-shadow: none; font-size: .72em; margin: .4em 0; }
.reveal p.running { font-size: .6em; color: #666; margin: 0 0 .8em; }
.reveal pre code { max-height: none; background: #f4f4f4; padding: .6em; }
.reveal table { font-size: .72em; } .reveal blockquote { width: 94%; font-style: normal;
  background: #eef4fa; box-shadow: none; border-left: 6px solid #0072b2; padding: .4em .8em; }
.reveal p.about { font-size: .6em; color: #444; }
"""
# a slide that is too full is set smaller, so that nothing leaves the page
SCRIPT = """
Reveal.initialize({width: 1280, height: 720, margin: 0.05, hash: true, slideNumber: true,
  transition: 'none', plugins: [RevealNotes]});
// what is seen: the script of formulas keeps hidden copies, which scrollHeight counts
function extent(s) {
  const seen = [...s.children].filter(c => !c.matches('aside'));
  const high = Math.max(0, ...seen.map(c => c.offsetTop + c.offsetHeight));
  const wide = Math.max(0, ...[...s.querySelectorAll('pre code, table')].map(
    c => c.scrollWidth - s.clientWidth));
  return [high, wide]; }
function fit() {
  for (const s of document.querySelectorAll('.slides section:not(.stack)')) {
    let size = 30; const hidden = s.hidden, shown = s.style.display;
    s.hidden = false; s.style.display = 'block'; s.style.fontSize = size + 'px';
    while ((extent(s)[0] > 700 || extent(s)[1] > 0) && size > 14) {
      size -= 1; s.style.fontSize = size + 'px'; }
    s.hidden = hidden; s.style.display = shown; }
  Reveal.layout(); document.body.dataset.fitted = 'yes'; }
window.addEventListener('load', () => (window.MathJax && MathJax.startup
  ? MathJax.startup.promise : Promise.resolve()).then(fit, fit));
"""


class Slide(NamedTuple):
    """One slide. shown, notes : HTML. down : below the slide before, not beside it."""

    shown: str
    notes: str
    down: bool


_markdown = mistune.create_markdown(escape=False, plugins=["table", "math"])


def rendered(text):
    """Return Markdown as HTML, its formulas as MathJax reads them."""
    kept = []

    def keep(match):
        block, line = match.groups()
        kept.append(f"\\[{block}\\]" if block else f"\\({line}\\)")
        return f"\x02{len(kept) - 1}\x03"

    page = _markdown(FORMULA.sub(keep, text))
    return re.sub(r"\x02(\d+)\x03", lambda m: html.escape(kept[int(m[1])]), page)


def blocks(text):
    """Split Markdown into its blocks, code fences and formulas whole: list of str."""
    found, fence = [[]], None
    for line in text.splitlines():
        mark = line.strip()
        if fence is None and mark.startswith(("```", "$$")):
            fence = mark[:3] if mark.startswith("```") else "$$"
            found[-1].append(line)
            if fence == "$$" and mark.count("$$") == 2:
                fence = None
        elif fence is not None:
            found[-1].append(line)
            fence = None if mark.endswith(fence) else fence
        elif mark:
            found[-1].append(line)
        else:
            found.append([])
    return ["\n".join(b) for b in found if b]


def opening(block):
    """Return the first sentences of a paragraph, about two lines; of a list its first
    four items.
    """
    if re.match(r"\s*([-*]|\d+\.)\s", block):
        return "\n".join(re.split(r"\n(?=(?:[-*]|\d+\.)\s)", block)[:4])
    said = ""
    for part in re.split(r"(?<=[.!?:])\s+(?=[A-Z(*`$\\“])", block):
        if said and len(said) + len(part) > 220:
            break
        said = f"{said} {part}".strip()
    return said


def from_markdown(text):
    """Yield (heading, shown, notes) of a text cell, a heading at a time: Markdown three
    times. heading : "" where the cell goes on below the one before.
    """
    heading, shown, notes = "", [], []
    for block in blocks(text):
        if re.match(r"#{1,3} ", block):
            if heading or shown or notes:
                yield heading, "\n\n".join(shown), "\n\n".join(notes)
            heading, _, block = block.partition("\n")
            shown, notes = [], []
            if not block.strip():
                continue
        if block.startswith((">", "|", "!")) or "$$" in block:
            shown.append(cut(block))
        elif heading and not notes and not block.startswith("<"):
            shown.append(opening(block))
            notes.append(block)
        else:
            notes.append(block)
    yield heading, "\n\n".join(shown), "\n\n".join(notes)


def from_code(cell):
    """Return the HTML parts that a code cell shows: code to build or to do, figures,
    tables of findings.
    """
    source = "".join(cell["source"])
    tags = cell["metadata"].get("tags", [])
    parts = []
    mine = editions.BEGIN in source
    if "build" in tags or mine:
        code = editions.without_solution(source) if mine else source
        lines = code.splitlines()
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], "…"]
        parts.append(f"<pre><code>{html.escape(chr(10).join(lines))}</code></pre>")
    for output in cell["outputs"]:
        data = output.get("data", {})
        page = "".join(data.get("text/html", ""))
        if page.startswith('<img alt="'):
            about = re.match(r'<img alt="([^"]*)"', page)[1]
            parts.append(f'{page}<p class="about">{about}</p>')
        elif "text/markdown" in data and "|" in "".join(data["text/markdown"]):
            parts.append(rendered(cut("".join(data["text/markdown"]))))
    return parts


def cut(table):
    """Return a Markdown table whose rows a slide can hold."""
    lines = table.strip().splitlines()
    if len(lines) <= MOST_ROWS or not lines[0].startswith("|"):
        return table
    more = f"*and {len(lines) - MOST_ROWS} more rows in the lesson*"
    return "\n".join([*lines[:MOST_ROWS], "", more])


def slides(notebook):
    """Return the slides of a lesson: list of Slide.

    Raises ValueError for a slide_type that is none."""
    made, above = [], ""
    for cell in notebook["cells"]:
        kind = cell["metadata"].get("slideshow", {}).get("slide_type", "")
        if kind not in ("", *KINDS):
            raise ValueError(
                f"a cell's slide_type is {kind!r}; it may be {', '.join(KINDS)}."
            )
        if kind == "skip" or "parameters" in cell["metadata"].get("tags", []):
            continue
        if cell["cell_type"] == "code":
            running = f'<p class="running">{above}</p>'
            made += [Slide(running + part, "", bool(made)) for part in from_code(cell)]
            continue
        for heading, shown, notes in from_markdown("".join(cell["source"])):
            if kind == "notes":
                shown, notes = "", f"{shown}\n\n{notes}"
            about = rendered(notes) if notes else ""
            above = plain(heading) if heading else above
            if not heading and not shown:
                if made:
                    made[-1] = made[-1]._replace(notes=made[-1].notes + about)
                continue
            down = kind == "subslide" or (
                kind != "slide" and not heading.startswith("## ")
            )
            top = rendered(heading) if heading else f'<p class="running">{above}</p>'
            made.append(Slide(top + rendered(shown), about, down and bool(made)))
    return made


def plain(heading):
    """Return a heading as one line of HTML, for the top of the slides below it."""
    return re.sub(r"</?(h\d|p)[^>]*>", "", rendered(heading)).strip()


def page(notebook):
    """Return a lesson's slides as one HTML page."""
    stacks = []
    for slide in slides(notebook):
        aside = f'<aside class="notes">{slide.notes}</aside>' if slide.notes else ""
        section = f"<section>{slide.shown}{aside}</section>"
        if slide.down and stacks:
            stacks[-1].append(section)
        else:
            stacks.append([section])
    title = re.match(r"# (.*)", "".join(notebook["cells"][0]["source"]))[1]
    body = "\n".join(f"<section>{''.join(s)}</section>" for s in stacks)
    return PAGE.format(
        title=html.escape(title), style=STYLE, slides=body, script=SCRIPT
    )


def package_folder(name):
    """Return the folder of an installed package that is not imported."""
    return Path(find_spec(name).submodule_search_locations[0])


def build(out=None, wanted=()):
    """Write the slides of all lessons, or of those wanted; return their paths."""
    out = Path(out or ROOT / "build" / "slides")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    reveal = package_folder("sphinx_revealjs") / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(reveal / part, out / "reveal" / part)
    mathjax = package_folder("sphinx-mathjax-offline") / "static" / "mathjax"
    script, fonts = MATHJAX
    shutil.copytree(mathjax / fonts, out / "mathjax" / fonts)
    shutil.copyfile(mathjax / script, out / "mathjax" / script)
    made = []
    for path in run_notebooks.lessons(wanted):
        made.append(out / f"{path.stem}.html")
        made[-1].write_text(page(editions.read(path)), encoding="utf-8")
    return made


LOOK = """() => [...document.querySelectorAll('.slides section:not(.stack)')].map(s => {
    const d = s.style.display; s.style.display = 'block'; s.hidden = false;
    const r = [...extent(s), parseInt(s.style.fontSize)];
    s.style.display = d; return r; })"""


def look(paths, shots=None):
    """Open the slides in Chromium; return what is wrong: list of str."""
    import site_checks
    from playwright.sync_api import sync_playwright

    wrong = []
    server, address = site_checks.serve(paths[0].parent)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=site_checks.CHROMIUM, args=site_checks.FLAGS
        )
        for path in paths:
            opened = browser.new_page(viewport={"width": 1280, "height": 720})
            opened.on("pageerror", lambda e, n=path.name: wrong.append(f"{n}: {e}"))
            opened.on(
                "request",
                lambda r, n=path.name: (
                    None
                    if r.url.startswith((address, "data:"))
                    else wrong.append(f"{n}: asks {r.url[:80]}")
                ),
            )
            opened.goto(f"{address}/{path.name}", wait_until="load")
            opened.wait_for_selector("body[data-fitted]", timeout=60_000)
            for i, (high, wide, size) in enumerate(opened.evaluate(LOOK)):
                if high > 705 or wide > 0 or size < 16:
                    wrong.append(
                        f"{path.name}: slide {i}: {wide} x {high}, text {size}"
                    )
            if shots:
                sheet(opened, Path(shots), path.stem)
            opened.close()
        browser.close()
    server.shutdown()
    return wrong


def sheet(opened, folder, name):
    """Write pictures of all slides of a lesson, twelve a sheet."""
    import io

    from PIL import Image

    total = opened.evaluate("Reveal.getTotalSlides()")
    pictures = []
    for _ in range(total):
        data = io.BytesIO(opened.screenshot())
        pictures.append(Image.open(data).resize((426, 240)))
        opened.evaluate("Reveal.next()")
    for start in range(0, total, 12):
        part = pictures[start : start + 12]
        whole = Image.new("RGB", (3 * 426, 4 * 240), "white")
        for i, picture in enumerate(part):
            whole.paste(picture, (i % 3 * 426, i // 3 * 240))
        whole.save(folder / f"{name}-{start // 12}.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers; all if none is given")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--shots", type=Path, help="look at them; pictures go here")
    options = parser.parse_args()
    paths = build(options.out, options.lessons)
    print(f"slides of {len(paths)} lessons in {paths[0].parent}")
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
        wrong = look(paths, options.shots)
        print("\n".join(wrong) or "every slide fits")
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
