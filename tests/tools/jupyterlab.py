"""Run lessons in a real JupyterLab in headless Chromium, one at a time: Run All, every
slider dragged and moved by key, screenshots from top to bottom.

    python tests/tools/jupyterlab.py                    # all lessons, both editions
    python tests/tools/jupyterlab.py 03 05 --editions normal --shots data/runs/lab

Each run goes on record in data/results/jupyterlab.json; one of the same code without a
fault is not made again (--again: it is). Exit status 1 if a cell shows an error, a
slider does not redraw its figure, a picture or a formula is broken, or an exercise of
the students' edition says anything else than "Not yet". Needs Chromium (Debian:
apt-get install chromium). By hand, not part of CI."""

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import editions
import lab_record
import lesson_runs
from run_notebooks import NOTEBOOKS, ROOT, lessons

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
)
QUIET += ("--disable-component-update", "--disable-sync")
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
SCREEN = {"width": 1280, "height": 1200}
PANEL = ".jp-WindowedPanel-outer"
HANDLES = ".jp-Cell .noUi-handle:not([data-moved])"
PICTURES = "e => [...e.closest('.jp-Cell').querySelectorAll('img')].map(i => i.src)"
CHANGED = f"([e, before]) => String(({PICTURES})(e)) !== before"
RAIL = "e => (b => [b.left, b.right])(e.closest('.noUi-base').getBoundingClientRect())"
MEETS = "(e, [x, y]) => e.contains(document.elementFromPoint(x, y))"
SAID = """e => [...e.closest('.jp-Cell').querySelectorAll('.widget-html p')]
    .map(p => p.textContent).filter(t => /^\\w+(Error|Exception|Warning):/.test(t))"""
# what is wrong with the cells that are in view
BROKEN = """() => [
    ...[...document.querySelectorAll('.jp-Cell img')]
        .filter(i => i.complete && !i.naturalWidth).map(i => 'picture: ' + i.src),
    ...[...document.querySelectorAll('mjx-merror, .MathJax_Error')]
        .map(e => 'formula: ' + e.textContent),
    ...[...document.querySelectorAll('.jupyter-widgets-view .jp-OutputArea-output.jp-mod-error')]
        .map(e => 'widget: ' + e.textContent),
    ].map(t => t.slice(0, 120))"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(folder, port, token):
    """Start a server as `make lab` does, its settings in a folder of its own."""
    options = ["--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    command = editions.lab_command(folder, *options)
    home = folder / ".home"
    home.mkdir()
    log = open(folder / "lab.log", "w", encoding="utf-8")  # noqa: SIM115 (the server outlives this function)
    return subprocess.Popen(
        command, env=editions.settings(home), stdout=log, stderr=log
    )


def wait_for(server, address, page):
    """Poll until the server answers; the browser's own timer waits between tries."""
    for _ in range(120):
        if server.poll() is not None:
            sys.exit("JupyterLab stopped; see lab.log")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            page.wait_for_timeout(500)
    sys.exit("JupyterLab did not answer within a minute")


def open_lesson(page, address, name):
    """Show a lesson, and wait until its kernel is ready."""
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    for _ in range(240):
        sessions = page.request.get(f"{address}/api/sessions").json()
        kernels = [s["kernel"] for s in sessions if s["path"] == f"{name}.ipynb"]
        if any(k["execution_state"] == "idle" and k["connections"] for k in kernels):
            break
        page.wait_for_timeout(250)
    page.wait_for_selector(IDLE, timeout=60_000)


def restart_and_run(page, limit_s):
    """Run > Restart Kernel and Run All Cells, and wait for the last cell."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:restart-and-run-all"]').click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_timeout(3000)
    page.wait_for_selector(IDLE, timeout=limit_s * 1000)


def redrawn(page, handle, move, limit_s=240):
    """Move a slider and wait for another figure: (bool, seconds it took)."""
    from playwright.sync_api import TimeoutError as Late

    before, started = str(",".join(handle.evaluate(PICTURES))), time.perf_counter()
    move()
    try:
        page.wait_for_function(
            CHANGED, arg=[handle, before], polling=200, timeout=limit_s * 1000
        )
    except Late:
        return False, limit_s
    return True, time.perf_counter() - started


def drag(page, handle, tries=3):
    """Drag a slider with the mouse to the end that is further away. A page that still
    moves is waited for: the mouse must meet the handle.
    """
    before = handle.get_attribute("aria-valuenow")
    for _ in range(tries):
        x, y = standing(page, handle)
        rail = handle.evaluate(RAIL)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(max(rail, key=lambda end: abs(end - x)), y, steps=8)
        page.mouse.up()
        page.wait_for_timeout(250)
        if handle.get_attribute("aria-valuenow") != before:
            return


def standing(page, handle):
    """Wait until a slider's handle stands still in view: its middle, (x, y)."""
    handle.scroll_into_view_if_needed()
    for _ in range(40):
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.wait_for_timeout(250)
        if box == handle.bounding_box() and handle.evaluate(MEETS, [x, y]):
            break
    return x, y


def press(handle):
    """Move a slider one step by an arrow key, away from its end."""
    value = handle.get_attribute("aria-valuenow")
    top = value == handle.get_attribute("aria-valuemax")
    handle.press("ArrowLeft" if top else "ArrowRight")


def move_sliders(page):
    """Drag each slider in view that has not been moved yet, then press an arrow key.

    Returns
    -------
    list of dict, one per slider: name, dragged and pressed (bool, whether the figure was
    drawn anew), seconds of the slower one, said (list of str, errors in its place).
    """
    found = []
    for handle in page.query_selector_all(HANDLES):
        handle.evaluate("e => e.dataset.moved = 1")
        name = handle.evaluate(
            "e => e.closest('.jupyter-widgets').querySelector('label')?.textContent"
        )
        moves = [lambda h=handle: drag(page, h), lambda h=handle: press(h)]
        dragged, pressed = (redrawn(page, handle, move) for move in moves)
        found.append(
            {
                "name": name,
                "dragged": dragged[0],
                "pressed": pressed[0],
                "seconds": max(dragged[1], pressed[1]),
                "said": handle.evaluate(SAID),
            }
        )
    return found


def read_through(page, shots, name):
    """Scroll from top to bottom, move the sliders, keep screenshots: (sliders as by
    move_sliders, list of faults).
    """
    panel = page.locator(PANEL).first
    height, step, sliders, faults = 0, 1000, [], []
    for seen in range(70):
        panel.evaluate(f"e => e.scrollTop = {height}")
        page.wait_for_timeout(400)
        page.screenshot(path=str(shots / f"{name}-{seen:02d}.png"))
        faults += page.evaluate(BROKEN)
        sliders += move_sliders(page)
        end = panel.evaluate("e => e.scrollHeight - e.clientHeight")
        if height >= end:
            return sliders, list(dict.fromkeys(faults))
        height = min(height + step, end)
    return sliders, [*dict.fromkeys(faults), "70 screens were not enough"]


def save(page, path):
    """Save the notebook in JupyterLab, and wait until the file is new and whole."""
    before = path.stat().st_mtime_ns
    for _ in range(3):  # a busy page may lose a key
        page.keyboard.press("Control+s")
        for _ in range(60):
            page.wait_for_timeout(500)
            if path.stat().st_mtime_ns != before and lab_record.is_whole(path):
                return
    raise OSError(f"{path.name} was not saved")


def saved_errors(page, path):
    """Save the notebook in JupyterLab, read the file back, count what is wrong with it."""
    save(page, path)
    found = lab_record.counted(path, "normal")
    print(f"{path.stem}: {found['code_cells']} code cells, {found['errors']} errors")
    return len(found["faults"])


def visit(page, address, path, edition, options):
    """Open one lesson, run all cells, move its sliders, save it: a row of the record.

    path : of the lesson in the server's folder, edition/name."""
    faults, started = [], time.perf_counter()
    page.on("pageerror", lambda e: faults.append(f"script: {str(e)[:120]}"))
    open_lesson(page, address, f"{edition}/{path.stem}")
    restart_and_run(page, options.limit)
    ran = time.perf_counter() - started
    sliders, broken = read_through(page, options.shots, f"{path.stem}-{edition}")
    save(page, path)
    row = lab_record.counted(path, edition)
    for slider in sliders:
        stuck = [how for how in ("dragged", "pressed") if not slider[how]]
        faults += [f"slider {slider['name']}, {how}: no other figure" for how in stuck]
        faults += slider["said"]
    return {
        "cells": page.locator(".jp-Notebook .jp-Cell").count(),
        **row,
        "sliders": len(sliders),
        "redrawn": sum(s["dragged"] and s["pressed"] for s in sliders),
        "slowest_slider_s": round(max((s["seconds"] for s in sliders), default=0), 1),
        "run_all_s": round(ran, 1),
        "seconds": round(time.perf_counter() - started, 1),
        "faults": list(dict.fromkeys(row["faults"] + broken + faults)),
    }


def stop_kernels(page, address, token):
    """End every kernel of the server: the next lesson has the memory for itself."""
    head = {"Authorization": f"token {token}"}
    for session in page.request.get(f"{address}/api/sessions", headers=head).json():
        page.request.delete(f"{address}/api/sessions/{session['id']}", headers=head)


@contextmanager
def lab(folder, chromium):
    """A server on a folder, and a browser that knows it: (browser context, address, token)."""
    from playwright.sync_api import sync_playwright

    port, token = free_port(), secrets.token_hex(16)
    address = f"http://127.0.0.1:{port}"
    server = start_lab(folder, port, token)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=QUIET)
        try:
            context = browser.new_context(viewport=SCREEN)
            page = context.new_page()
            wait_for(server, f"{address}/api", page)
            page.goto(f"{address}/lab?token={token}&reset")
            page.wait_for_selector(".jp-LauncherCard, .jp-DirListing", timeout=60_000)
            page.close()
            yield context, address, token
        finally:
            browser.close()
            server.terminate()
            server.wait()


def put(folder, wanted):
    """Put both editions of the lessons, with their pictures, where the server looks. The
    normal one keeps its outputs and loses its counts: a cell that is not run has none.
    """
    hidden = shutil.ignore_patterns(".*", "conftest.py")
    shutil.copytree(NOTEBOOKS, folder / "normal", ignore=hidden)
    for path in wanted:
        notebook = editions.read(path)
        for cell in (c for c in notebook["cells"] if c["cell_type"] == "code"):
            cell["execution_count"] = None
        text = editions.text_of(notebook)
        (folder / "normal" / path.name).write_text(text, encoding="utf-8")
    editions.build("student", folder / "student")
    return [(e, folder / e / p.name) for e in lab_record.EDITIONS for p in wanted]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("lessons", nargs="*", help="numbers, e.g. 03 05; all if none is given")
    add(
        "--editions",
        nargs="+",
        choices=lab_record.EDITIONS,
        default=lab_record.EDITIONS,
    )
    add("--again", action="store_true", help="run what is on record too")
    add("--shots", type=Path, default=ROOT / "data" / "runs" / "lab")
    add("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    add("--limit", type=int, default=600, help="seconds that Run All may take")
    options = parser.parse_args()
    options.shots.mkdir(parents=True, exist_ok=True)
    lesson_runs.environment(threads_fixed=True)
    os.environ.pop("METAAD_WIDGETS", None)  # as a reader's kernel: it finds the page
    with tempfile.TemporaryDirectory() as scratch:
        runs = put(Path(scratch), lessons(options.lessons))
        runs = [(e, p) for e, p in runs if e in options.editions]
        with lab(Path(scratch), options.chromium) as (context, address, token):
            failed = sum(run(context, address, token, run_, options) for run_ in runs)
    print(f"{len(runs)} runs, {failed} with faults")
    return 1 if failed else 0


def run(context, address, token, which, options):
    """Make one run and put it on record; return whether it has faults."""
    from playwright.sync_api import Error

    (edition, path), kept = which, lab_record.read()
    made = lab_record.version(path)
    if lab_record.finished(kept, path.stem, edition, made) and not options.again:
        print(f"  kept {path.stem}, {edition}", flush=True)
        return False
    page = context.new_page()
    try:
        row = visit(page, address, path, edition, options)
    except (Error, OSError, ValueError) as error:
        row = {"faults": [f"{type(error).__name__}: {str(error)[:300]}"]}
    finally:
        stop_kernels(page, address, token)
        page.close()
    command = "python tests/tools/jupyterlab.py"
    lab_record.write(kept, path.stem, edition, {"made_from": made, **row}, command)
    said = ", ".join(f"{k} {v}" for k, v in row.items() if k != "faults")
    print(f"  {'FAIL' if row['faults'] else 'ok  '} {path.stem}, {edition}: {said}")
    print("".join(f"       {fault}\n" for fault in row["faults"]), end="", flush=True)
    return bool(row["faults"])


if __name__ == "__main__":
    assert NOTEBOOKS.is_dir()
    sys.exit(main())
