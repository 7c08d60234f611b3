"""Look at every page of the site as a reader would: in a browser, wide and on a phone.

python tests/tools/site_checks.py [--out build/site]

Each page: no error in the console, nothing asked of another machine, no request that
fails, every formula drawn, every picture with words, nothing wider than a phone's 390
pixels, no fault that axe-core [1] finds at WCAG 2 A or AA. With the keyboard alone, wide
and on a phone: Tab reaches all that can be used, in order and in sight (site_keyboard.py);
every slider shows every state. Links within the site lead somewhere. Needs Chromium
(Debian's package) and, for axe-core, npm.

[1] Deque Systems: axe-core, accessibility engine for automated web testing.
"""

import argparse
import contextlib
import functools
import http.server
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import site_keyboard
from jupyterlab import QUIET

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", *QUIET]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
AXE = "axe-core@4"
FORMULAS = """() => ({
    asked: document.querySelectorAll('.math').length,
    drawn: document.querySelectorAll('.math mjx-container, .math > mjx-container').length,
    wrong: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')]
        .map(e => e.textContent.slice(0, 80))})"""
WIDE = """() => document.documentElement.scrollWidth"""
# what is drawn as something else than it is, or begins where no reader can scroll
DRAWN = """() => [
    ...[...document.querySelectorAll('main p')]
        .filter(p => /\\|\\s*:?[-–—]+:?\\s*\\|/.test(p.textContent))
        .map(p => 'a table that is not drawn: ' + p.textContent.slice(0, 60)),
    ...[...document.querySelectorAll('main p')]
        .filter(p => [...p.childNodes].some(n => n.nodeType === 3 && /[$]/.test(n.data)))
        .map(p => 'a formula that is not drawn: ' + p.textContent.slice(0, 60)),
    ...[...document.querySelectorAll('div.math')]
        .filter(d => [...d.querySelectorAll('mjx-math')].some(m =>
            m.getBoundingClientRect().left < d.getBoundingClientRect().left - 1))
        .map(d => 'a formula that begins out of sight: ' + d.textContent.slice(0, 60)),
    ...[...document.querySelectorAll('span.math')]
        .filter(s => getComputedStyle(s).overflowX === 'hidden'
            && [...s.querySelectorAll('mjx-math')].some(m =>
                m.getBoundingClientRect().width > s.clientWidth + 2))
        .map(s => 'a formula that is cut: ' + s.textContent.slice(0, 60))]"""
PICTURES = """() => [...document.querySelectorAll('main img')]
    .filter(i => !(i.alt || '').trim()).map(i => i.outerHTML.slice(0, 80))"""
AUDIT = """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}))
    .violations.map(v => v.id + ' ' + v.nodes.length + ' ' + v.nodes[0].html.slice(0, 90))"""


class _Links(HTMLParser):
    """The addresses and the anchors of a page."""

    def __init__(self):
        super().__init__()
        self.links, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[k] for k in ("id", "name") if found.get(k)}
        for key in ("href", "src"):
            if found.get(key):
                self.links.append((tag, found[key]))


def links_of(path):
    """Return (links, anchors) of a page: list of (tag, address), set of str."""
    parser = _Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.links, parser.anchors


def pages_of(site):
    """Return the pages of a site in order, without what the theme keeps for itself and
    without JupyterLite, which `lite.py --check` looks at.
    """
    found = sorted(Path(site).rglob("*.html"))
    ours = {p: p.relative_to(site).parts[0] for p in found}
    return [p for p, top in ours.items() if not top.startswith("_") and top != "lite"]


def broken_links(site):
    """Return the links within a site that lead nowhere: list of "page: address"."""
    pages = {p.resolve(): links_of(p) for p in pages_of(site)}
    wrong = []
    for page, (links, _) in pages.items():
        for _, link in links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (
                (page.parent / unquote(parts.path)).resolve() if parts.path else page
            )
            target = target / "index.html" if target.is_dir() else target
            known = pages[target][1] if target in pages else None
            fine = target.is_file() and (
                not parts.fragment or known is None or unquote(parts.fragment) in known
            )
            if not fine:
                wrong.append(f"{page.relative_to(site.resolve())}: {link}")
    return wrong


def foreign(site):
    """Return scripts, styles and pictures that a page asks of another machine."""
    found = []
    for page in pages_of(site):
        for tag, link in links_of(page)[0]:
            loads = tag in ("script", "link", "img", "iframe")
            if loads and urlsplit(link).netloc:
                found.append(f"{page.relative_to(site)}: <{tag}> {link}")
    return found


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        return None

    def copyfile(self, source, outputfile):
        """Send a file; a page that is left while it loads hangs up, which is no fault."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().copyfile(source, outputfile)


def serve(folder):
    """Serve a folder on 127.0.0.1: (server, address)."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def axe(folder):
    """Return the path of axe-core's script, fetched by npm; None where it can't be."""
    if not shutil.which("npm"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "axe.min.js"
    if not kept.is_file():
        done = subprocess.run(
            ["npm", "pack", AXE, "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return None
        (archive,) = folder.glob("axe-core-*.tgz")
        with tarfile.open(archive) as tar:
            kept.write_bytes(tar.extractfile("package/axe.min.js").read())
    return kept


def look(page, address, name, script):
    """Open one page wide and on a phone; return what is wrong: list of str."""
    wrong = []

    def heard(message):
        if message.type == "error":
            wrong.append(f"console: {message.text[:150]}")

    def asked(request):
        if not request.url.startswith((address, "data:", "blob:")):
            wrong.append(f"asks another machine: {request.url[:120]}")

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda e: wrong.append(f"script: {str(e)[:150]}"))
    page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url[:120]}"))
    page.set_viewport_size(DESK)
    page.goto(f"{address}/{name}", wait_until="networkidle")
    page.wait_for_function(
        "() => !document.querySelector('.math') || "
        "(window.MathJax && MathJax.startup && MathJax.startup.document.state() >= 10 "
        "|| document.querySelector('mjx-container'))"
    )
    formulas = page.evaluate(FORMULAS)
    if formulas["wrong"] or formulas["drawn"] < formulas["asked"]:
        wrong.append(f"formulas: {formulas}")
    wrong += [f"no words for {p}" for p in page.evaluate(PICTURES)]
    if script:
        page.add_script_tag(path=str(script))
        wrong += [f"axe: {fault}" for fault in page.evaluate(AUDIT)]
    wrong += [f"keyboard: {fault}" for fault in site_keyboard.walk(page)]
    wrong += site_keyboard.sliders(page)[1]
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(800)  # the side bars move out
    wide = page.evaluate(WIDE)
    if wide > PHONE["width"]:
        wrong.append(f"{wide} pixels wide on a phone")
    wrong += page.evaluate(DRAWN)
    wrong += [f"keyboard, phone: {fault}" for fault in site_keyboard.walk(page)]
    return wrong


def pressed(browser, site, address):
    """Use the first lesson with a slider by keys; return what is wrong: list of str."""
    pages = [p for p in pages_of(site) if "slider-states" in p.read_text("utf-8")]
    if not pages:
        return []
    name, page = pages[0].relative_to(site).as_posix(), browser.new_page(viewport=DESK)
    page.goto(f"{address}/{name}", wait_until="networkidle")
    page.add_style_tag(content=site_keyboard.STILL)
    wrong = site_keyboard.keys(page, "anomaly")
    page.close()
    return [f"{name}: {fault}" for fault in wrong]


def check(site, only=None, shots=None):
    """Check a site; return (number of pages, list of faults)."""
    from playwright.sync_api import sync_playwright

    faults = [f"leads nowhere: {link}" for link in broken_links(site)]
    faults += [f"of another machine: {link}" for link in foreign(site)]
    script = axe(ROOT / "build" / "axe")
    if script is None:
        print("axe-core is not at hand (npm fetches it): accessibility is not checked")
    names = [p.relative_to(site).as_posix() for p in pages_of(site)]
    names = [n for n in names if not only or re.search(only, n)]
    server, address = serve(site)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            faults += pressed(browser, site, address)
            for name in names:
                page = browser.new_page()
                found = dict.fromkeys(look(page, address, name, script))
                faults += [f"{name}: {fault}" for fault in found]
                print(f"{name}: {len(found)} faults", flush=True)
                if shots:
                    path = Path(shots) / f"{name.replace('/', '_')}"
                    page.screenshot(path=f"{path}.390.png")
                    page.set_viewport_size(DESK)
                    page.screenshot(path=f"{path}.png")
                page.close()
            browser.close()
    finally:
        server.shutdown()
    return len(names), faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--only", help="a pattern that pages' names must hold")
    parser.add_argument("--shots", type=Path, help="folder for screenshots")
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    n, faults = check(options.out, options.only, options.shots)
    print("\n".join(faults) or "nothing wrong")
    print(f"{n} pages, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
