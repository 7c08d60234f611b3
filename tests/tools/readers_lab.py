"""Open the reader's copy as `make lab` does, in headless Chromium: no grading buttons,
no news, and after Run All and saving the checkout is as it was.

    python tests/tools/readers_lab.py 00 --shots data/runs/lab

Needs Chromium (Debian: apt-get install chromium). Exit status 1 if something is wrong.
By hand, not part of CI."""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import editions
import lesson_runs
from jupyterlab import (
    QUIET,
    free_port,
    open_lesson,
    restart_and_run,
    saved_errors,
    wait_for,
)
from run_notebooks import ROOT

UNWANTED = (
    "Validate",
    "Create Assignment",
    "Nbgrader",
    "Formgrader",
    "Assignment List",
)
NEWS = "Would you like to get notified about official Jupyter news?"


def git_status():
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def start(folder, home, token, port):
    """Start the server that `make lab` starts, on a port of ours and with no browser."""
    options = ["--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"]
    command = editions.lab_command(folder, *options)
    log = open(home / "lab.log", "w", encoding="utf-8")  # noqa: SIM115 (the server's)
    return subprocess.Popen(
        command, env=editions.settings(home), stdout=log, stderr=log
    )


def unwanted(page):
    """Return what a reader should not see: words of the grading tools, the news question."""
    shown = page.locator("body").inner_text()
    found = [word for word in UNWANTED if word in shown]
    return found + [NEWS] * (NEWS in shown)


def visit(page, address, path, options):
    """Open one lesson, run and save it: a list of what is wrong."""
    open_lesson(page, address, path.stem)
    page.wait_for_timeout(5000)  # the news question comes late
    wrong = unwanted(page)
    page.screenshot(path=str(options.shots / f"{path.stem}-lab.png"))
    restart_and_run(page, options.limit)
    return wrong + ["a cell failed"] * bool(saved_errors(page, path))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", default=["00"])
    parser.add_argument("--shots", type=Path, default=ROOT / "data" / "runs" / "lab")
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    parser.add_argument("--chromium", default=chromium)
    parser.add_argument("--limit", type=int, default=300, help="seconds per lesson")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    options.shots.mkdir(parents=True, exist_ok=True)
    lesson_runs.environment(threads_fixed=True)
    os.environ["METAAD_WIDGETS"] = "1"  # as a reader sees the lessons
    before, wrong = git_status(), []
    work, home = ROOT / "work", ROOT / ".venv" / "lab"
    editions.own_copy(work)
    home.mkdir(parents=True, exist_ok=True)
    port, token = free_port(), secrets.token_hex(16)
    server = start(work, home, token, port)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=options.chromium, args=QUIET)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1200})
            address = f"http://127.0.0.1:{port}"
            wait_for(server, f"{address}/api", page)
            page.goto(f"{address}/lab?token={token}&reset")
            page.wait_for_selector(".jp-LauncherCard, .jp-DirListing", timeout=60_000)
            wrong += unwanted(page)
            for path in editions.lesson_paths(work):
                if path.name[:2] in options.lessons:
                    wrong += visit(page, address, path, options)
        finally:
            browser.close()
            server.terminate()
            server.wait()
    if git_status() != before:
        wrong.append("git status changed")
    print("wrong: " + "; ".join(wrong) if wrong else "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
