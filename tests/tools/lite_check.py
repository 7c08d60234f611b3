"""Run the lessons of build/site/lite in headless Chromium as a reader would: open a
page, type the solutions, run every cell, move a slider.

python tests/tools/lite.py --check

A lesson passes if every cell ran and none ended in an error (a finding that does not
hold is one), each figure of the stored lesson is there, each exercise says "Correct",
the slider draws again, and nothing was asked of another machine.
"""

import re
import time

import editions
from site_checks import CHROMIUM, FLAGS, serve

PATIENCE = 1800  # seconds for one lesson
STATE = """() => {
    const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
    if (!panel || !panel.content || !panel.content.widgets) return null;
    const session = panel.context.sessionContext.session;
    const cells = panel.content.widgets.filter(c => c.model.type === 'code');
    return {
        kernel: session && session.kernel ? session.kernel.status : 'none',
        ran: cells.filter(c => c.model.executionCount).length,
        shown: !!document.querySelector('.jp-OutputArea img'),
        cells: cells.length};
}"""
READY = f"() => {{ const s = ({STATE})(); return s && s.kernel === 'idle'; }}"
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter(c => c.model.type === 'code').map(c => c.model.toJSON())"""
TYPE = """(solutions) => {
    const code = jupyterapp.shell.currentWidget.content.widgets
        .filter(c => c.model.type === 'code');
    for (const [at, text] of solutions) code[at].model.sharedModel.setSource(text);
}"""
RUN = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"
DRAWN = "[alt*='The figure again']"


def texts(outputs):
    """Return all that a cell's outputs say, as one text."""
    said = ["".join(o.get("text", "")) for o in outputs]
    said += ["".join(v) for o in outputs for v in o.get("data", {}).values()]
    return "\n".join(said)


def faults(cells, stored):
    """Return what is wrong with cells that ran, against the stored lesson: list of str.

    cells, stored : the code cells as a notebook holds them, in the same order."""
    wrong = []
    for cell, before in zip(cells, stored, strict=True):
        code = editions.source(before)
        where = f"cell {code.strip().splitlines()[0][:60]!r}"
        wrong += [
            f"{where}: {o['ename']}: {o['evalue'][:200]}"
            for o in cell["outputs"]
            if o["output_type"] == "error"
        ]
        if cell["execution_count"] is None:
            wrong.append(f"{where}: was not run")
            continue
        now, then = texts(cell["outputs"]), texts(before["outputs"])
        figures = [text.count("data:image/png") for text in (now, then)]
        if figures[0] < figures[1]:
            wrong.append(f"{where}: {figures[0]} figures; {figures[1]} are stored")
        if re.search(r"^check\(", code, re.M) and "Correct" not in now:
            wrong.append(f"{where}: {now.strip()[:100]!r}")
    return wrong


def watch(page, address, wrong):
    """Note what a page asks of another machine, and its errors, in the list wrong."""

    here = "/".join(address.split("/")[:3])  # with the port, without a path

    def asked(request):
        if not request.url.startswith((f"{here}/", "data:", "blob:")):
            wrong.append(f"asks another machine: {request.url[:120]}")

    page.context.on("request", asked)
    page.on("pageerror", lambda e: wrong.append(f"script: {str(e)[:200]}"))
    page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url[:120]}"))


def move(page):
    """Move the first slider by one step; return what is wrong."""
    handle = page.locator(".noUi-handle").first
    handle.focus()
    handle.press("ArrowRight")
    try:
        page.wait_for_selector(DRAWN, timeout=60_000)
    except Exception as error:
        return [f"the slider draws nothing: {str(error)[:100]}"]
    return []


def run(page, address, path):
    """Open one lesson and run it; return (list of faults, {stage: seconds}, cells)."""
    notebook = editions.read(path)
    stored = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    code = [editions.source(c) for c in stored]
    solutions = [[i, text] for i, text in enumerate(code) if editions.BEGIN in text]
    wrong, begun, took = [], time.monotonic(), {}
    watch(page, address, wrong)
    page.goto(f"{address}/notebooks/index.html?path={path.name}")
    page.wait_for_function(READY, timeout=300_000)
    took["kernel"] = time.monotonic() - begun
    page.evaluate(TYPE, solutions)
    page.evaluate(RUN)
    quiet = 0  # looks at an idle kernel, one after the other: a failed cell ends a run
    while time.monotonic() - begun < PATIENCE and quiet < 3:
        page.wait_for_timeout(1000)
        state = page.evaluate(STATE)
        if state["shown"]:
            took.setdefault("first figure", time.monotonic() - begun)
        quiet = quiet + 1 if state["kernel"] == "idle" else 0
        if state["ran"] == state["cells"]:
            took.setdefault("last cell", time.monotonic() - begun)
    cells = page.evaluate(CELLS)
    wrong += faults(cells, stored)
    if "slider(" in "\n".join(code):
        wrong += move(page)
    return wrong, took, cells


def main(out, wanted):
    """Check the lessons of a built folder; return an exit status."""
    from playwright.sync_api import sync_playwright

    server, address = serve(out.parent)  # as the site has it, in a folder of its own
    failed = False
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for path in editions.lesson_paths():
                if path.name[:2] not in wanted:
                    continue
                page = browser.new_page(viewport={"width": 1280, "height": 1000})
                wrong, took, cells = run(page, f"{address}/{out.name}", path)
                seconds = ", ".join(f"{stage} {s:.0f} s" for stage, s in took.items())
                print(f"{path.stem}: {len(cells)} cells; {seconds}", flush=True)
                print("\n".join(f"  {w}" for w in wrong) or "  nothing wrong")
                failed |= bool(wrong)
                page.context.close()
            browser.close()
    finally:
        server.shutdown()
    return int(failed)
