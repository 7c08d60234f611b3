"""Run the lessons of build/site/lite in headless Chromium as a reader would: open a
page, run every cell. Used by `python tests/tools/lite.py --check`.

A lesson passes if every cell ran, no cell ended in an error, each figure of the stored
lesson is there, each exercise answered, and nothing was asked of another machine.
"""

import json
import time

import editions
from site_checks import CHROMIUM, FLAGS, serve

PATIENCE = 900  # seconds for one lesson
STATE = """() => {
    const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
    if (!panel || !panel.content || !panel.content.widgets) return null;
    const session = panel.context.sessionContext.session;
    const cells = panel.content.widgets.filter(c => c.model.type === 'code')
        .map(c => c.model.toJSON());
    return {
        kernel: session && session.kernel ? session.kernel.status : 'none',
        ran: cells.filter(c => c.execution_count).length,
        shown: cells.some(c => JSON.stringify(c.outputs).includes('data:image/png')),
        cells: cells.length};
}"""
OUTPUTS = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter(c => c.model.type === 'code').map(c => c.model.toJSON())"""
RUN = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"


def texts(outputs):
    """Return all that a cell's outputs say, as one text."""
    said = []
    for output in outputs:
        said.append("".join(output.get("text", "")))
        said += ["".join(v) for v in output.get("data", {}).values() if v]
    return "\n".join(said)


def faults(cells, stored):
    """Return what is wrong with the cells that ran, against the stored lesson.

    cells, stored : the code cells as a notebook holds them, in the same order."""
    wrong = []
    for cell, before in zip(cells, stored, strict=True):
        code = editions.source(before)
        where = f"cell {code.strip().splitlines()[0][:60]!r}"
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                wrong.append(f"{where}: {output['ename']}: {output['evalue'][:200]}")
        if cell["execution_count"] is None:
            wrong.append(f"{where}: was not run")
        now, then = texts(cell["outputs"]), texts(before["outputs"])
        figures = [text.count("data:image/png") for text in (now, then)]
        if figures[0] < figures[1]:
            wrong.append(f"{where}: {figures[0]} figures, {figures[1]} are stored")
        if 'check("' in code and not now.strip():
            wrong.append(f"{where}: the exercise says nothing")
    return wrong


def run(page, address, path, say=print):
    """Open one lesson and run it; return (list of faults, seconds, cells)."""
    wrong, begun = [], time.monotonic()
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith((address, "data:", "blob:"))
            else wrong.append(f"asks another machine: {r.url[:120]}")
        ),
    )
    page.on("pageerror", lambda e: wrong.append(f"script: {str(e)[:200]}"))
    page.on("console", lambda m: say(f"  {m.text[:300]}") if m.type == "error" else None)
    page.goto(f"{address}/notebooks/index.html?path={path.name}")
    page.wait_for_function(f"() => {{ const s = ({STATE})(); return s && s.kernel === 'idle'; }}", timeout=300_000)
    took = {"kernel": time.monotonic() - begun}
    page.evaluate(RUN)
    while time.monotonic() - begun < PATIENCE:
        page.wait_for_timeout(1000)
        state = page.evaluate(STATE)
        if state["shown"]:
            took.setdefault("first figure", time.monotonic() - begun)
        if state["ran"] == state["cells"] and state["kernel"] == "idle":
            break
        if state["kernel"] == "idle":
            # a cell that failed ends the run
            page.wait_for_timeout(2000)
            if page.evaluate(STATE)["kernel"] == "idle":
                break
    took["all cells"] = time.monotonic() - begun
    cells = page.evaluate(OUTPUTS)
    stored = [c for c in editions.read(path)["cells"] if c["cell_type"] == "code"]
    return wrong + faults(cells, stored), took, cells


def main(out, wanted):
    """Check the lessons of a built folder; return an exit status."""
    from playwright.sync_api import sync_playwright

    server, address = serve(out)
    failed = 0
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for path in editions.lesson_paths():
                if path.name[:2] not in wanted:
                    continue
                page = browser.new_page(viewport={"width": 1280, "height": 1000})
                wrong, took, cells = run(page, address, path)
                seconds = ", ".join(f"{n} {s:.0f} s" for n, s in took.items())
                print(f"{path.stem}: {len(cells)} cells; {seconds}")
                print("\n".join(f"  {w}" for w in wrong) or "  nothing wrong")
                kept = out.parent / f"lite-{path.name}"
                kept.write_text(json.dumps(cells, indent=1), encoding="utf-8")
                failed += bool(wrong)
                page.close()
            browser.close()
    finally:
        server.shutdown()
    return 1 if failed else 0
