"""Open lessons in a real JupyterLab in headless Chromium, run all cells, move every
slider, and save screenshots.

    python tests/tools/jupyterlab.py 03 05 --shots data/runs/lab

Needs Chromium (Debian: apt-get install chromium). Exit status 1 if a cell shows an
error or a slider does not redraw its figure. By hand, not part of CI."""

import argparse
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import lesson_runs
from run_notebooks import NOTEBOOKS, ROOT, lessons

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
)
QUIET += ("--disable-component-update", "--disable-sync")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(folder, port, token):
    options = [
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    options += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = open(folder / "lab.log", "w", encoding="utf-8")  # noqa: SIM115 (the server outlives this function)
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], stdout=log, stderr=log
    )
    return server


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


IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"


def open_lesson(page, address, name):
    """Show a lesson, and wait until its kernel is ready."""
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_selector(IDLE, timeout=60_000)


def restart_and_run(page, limit_s):
    """Run > Restart Kernel and Run All Cells, and wait for the last cell."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:restart-and-run-all"]').click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_timeout(3000)
    page.wait_for_selector(IDLE, timeout=limit_s * 1000)


PICTURES = "e => [...e.closest('.jp-Cell').querySelectorAll('img')].map(i => i.src)"


def move_sliders(page):
    """Press an arrow key on each slider in view that has not been moved yet: a bool
    for each, whether its figure was drawn anew.
    """
    found = []
    for handle in page.query_selector_all(".jp-Cell .noUi-handle:not([data-moved])"):
        handle.evaluate("e => e.dataset.moved = 1")
        before = handle.evaluate(PICTURES)
        value = handle.get_attribute("aria-valuenow")
        top = value == handle.get_attribute("aria-valuemax")
        handle.press("ArrowLeft" if top else "ArrowRight")
        for _ in range(40):
            page.wait_for_timeout(500)
            if handle.evaluate(PICTURES) != before:
                break
        found.append(handle.evaluate(PICTURES) != before)
    return found


def run_all(page, address, name, shots, limit_s):
    """Open one lesson, run all cells, move its sliders, and save screenshots from top
    to bottom. Returns the number of sliders that redrew nothing.
    """
    open_lesson(page, address, name)
    restart_and_run(page, limit_s)
    cells = page.locator(".jp-Notebook .jp-Cell")
    page.wait_for_timeout(1000)
    height, step, seen, moved = 0, 1100, 0, []
    page.locator(".jp-WindowedPanel-outer").first.evaluate("e => e.scrollTop = 0")
    while True:
        page.wait_for_timeout(400)
        page.screenshot(path=str(shots / f"{name}-{seen:02d}.png"))
        moved += move_sliders(page)
        end = page.locator(".jp-WindowedPanel-outer").first.evaluate(
            "e => e.scrollHeight - e.clientHeight"
        )
        if height >= end or seen > 60:
            break
        height, seen = height + step, seen + 1
        page.locator(".jp-WindowedPanel-outer").first.evaluate(
            f"e => e.scrollTop = {height}"
        )
    print(f"{name}: {cells.count()} cells rendered, {seen + 1} screenshots")
    print(f"{name}: {len(moved)} sliders moved, {sum(moved)} redrew their figure")
    return len(moved) - sum(moved)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", default=["03", "05"])
    parser.add_argument("--shots", type=Path, default=ROOT / "data" / "runs" / "lab")
    parser.add_argument(
        "--chromium", default=shutil.which("chromium") or "/usr/bin/chromium"
    )
    parser.add_argument(
        "--limit", type=int, default=300, help="seconds that a lesson may take"
    )
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    options.shots.mkdir(parents=True, exist_ok=True)
    lesson_runs.environment(threads_fixed=True)
    os.environ["METAAD_WIDGETS"] = "1"  # as a reader sees the lessons
    failed = 0
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        folder = Path(scratch)
        for path in lessons(options.lessons):
            shutil.copy(path, folder)
        port, token = free_port(), secrets.token_hex(16)
        server = start_lab(folder, port, token)
        browser = play.chromium.launch(executable_path=options.chromium, args=QUIET)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1200})
            address = f"http://127.0.0.1:{port}"
            wait_for(server, f"{address}/api", page)
            page.goto(f"{address}/lab?token={token}&reset")
            page.wait_for_selector(".jp-LauncherCard, .jp-DirListing", timeout=60_000)
            for path in lessons(options.lessons):
                failed += run_all(
                    page, address, path.stem, options.shots, options.limit
                )
                failed += saved_errors(page, folder / path.name)
        finally:
            browser.close()
            server.terminate()
            server.wait()
    return 1 if failed else 0


def saved_errors(page, path):
    """Save the notebook in JupyterLab, read the file back, count cells with an error
    and cells that did not run.
    """
    import nbformat

    page.keyboard.press("Control+s")
    page.wait_for_timeout(3000)
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    errors = sum(o.output_type == "error" for c in code for o in c.outputs)
    counts = [c.execution_count for c in code] == list(range(1, len(code) + 1))
    print(
        f"{path.stem}: {len(code)} code cells, {errors} errors, "
        f"{'all ran in order' if counts else 'not all ran'}"
    )
    return errors + (not counts)


if __name__ == "__main__":
    assert NOTEBOOKS.is_dir()
    sys.exit(main())
