"""The students' and the teacher's edition, and the reader's own copy of the course.

python tests/tools/editions.py student
        build/student: no outputs, no solutions
python tests/tools/editions.py teacher
        build/teacher: solutions, outputs, wrong answers with the replies they get
python tests/tools/editions.py lab
        open the students' edition in JupyterLab, as the reader's own copy in work/

Editions are generated from notebooks/ and never edited. What lies in work/ is the
reader's: it is added to, never overwritten.
"""

import argparse
import ast
import copy
import hashlib
import inspect
import json
import os
import re
import shutil
import sys
from pathlib import Path

from metaad.repro.whole import whole

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "return None  # your turn: replace this line"
STUB_OUTSIDE = "# your turn: write here"
KEPT = ".copied.json"  # in work/: what each lesson was when it was copied
# in JupyterLab, what is no use to a reader: grading buttons and menu, news
OFF = ("@jupyter/nbgrader", "@jupyterlab/apputils-extension:announcements")
GRADING = ("formgrader", "validate_assignment", "assignment_list", "course_list")


def lesson_paths(folder=NOTEBOOKS):
    return sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))


def read(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def text_of(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def source(cell):
    return "".join(cell["source"])


def without_solution(code):
    """The code of a cell with a stub in place of every solution.

    Raises
    ------
    ValueError
        if a marker stands alone."""
    kept, inside = [], False
    for line in code.splitlines(keepends=True):
        mark = line.strip()
        if mark in (BEGIN, END):
            if inside is (mark == BEGIN):
                raise ValueError(f"{mark!r} without its partner in: {code[:80]!r}")
            inside = mark == BEGIN
            if inside:
                indent = line[: len(line) - len(line.lstrip())]
                kept.append(f"{indent}{STUB}\n" if indent else f"{STUB_OUTSIDE}\n")
        elif not inside:
            kept.append(line)
    if inside:
        raise ValueError(f"{BEGIN!r} without its partner in: {code[:80]!r}")
    return "".join(kept).rstrip("\n") if kept else code


def student(notebook):
    """A lesson without outputs and solutions: a new notebook."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            if BEGIN in source(cell) or END in source(cell):
                cell["source"] = without_solution(source(cell)).splitlines(True)
    return notebook


def teacher(notebook):
    """A lesson with a note after every exercise: a new notebook."""
    notebook = copy.deepcopy(notebook)
    cells = []
    for cell in notebook["cells"]:
        cells.append(cell)
        found = re.findall(r'^check\("(\d\d\.\d)"\)', source(cell), re.M)
        if cell["cell_type"] == "code":
            cells += [note(number) for number in found]
    notebook["cells"] = cells
    return notebook


def note(number):
    """A cell that lists an exercise's wrong answers with their replies."""
    from metaad.exercises.core import find

    lines = [f"**For the teacher, exercise {number}.** Wrong answers that are known:\n"]
    for code, wrong in zip(wrong_code(number), find(number).wrong, strict=True):
        lines += [f"\n```python\n{code}\n```\n", f"*{wrong.reply}*\n"]
    key = digest(f"teacher {number}".encode())[:8]
    whole = "".join(lines).rstrip("\n").splitlines(True)
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": whole}


def wrong_code(number):
    """The code of an exercise's wrong answers, in order."""
    from metaad.exercises.core import find

    for path in sorted((ROOT / "metaad" / "exercises").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Constant) and first.value == number:
                wrong = next((k.value for k in call.keywords if k.arg == "wrong"), None)
                if hasattr(wrong, "elts"):
                    return written(wrong.elts, functions)
    return made_elsewhere([w.function for w in find(number).wrong])


def written(wrong, functions):
    """The code of nodes Wrong(function, reply); functions : {name: node} of the file."""
    given = [w.args[0] for w in wrong]
    named = [functions.get(getattr(g, "id", None), g) for g in given]
    return [ast.unparse(node) for node in named]


def made_elsewhere(wrong):
    """The code of functions from a list of its own: as it stands there, if the file
    holds no other list.
    """
    path = Path(inspect.getsourcefile(wrong[0]))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    listed = [c for c in calls if getattr(c.func, "id", None) == "Wrong"]
    if len(listed) == len(wrong):
        return written(sorted(listed, key=lambda c: c.lineno), functions)
    return [code_of(function) for function in wrong]


def code_of(function):
    """The code of a function or lambda that begins a line of its own."""
    tree = ast.parse(Path(inspect.getsourcefile(function)).read_text(encoding="utf-8"))
    line = function.__code__.co_firstlineno
    nodes = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda)))
    return ast.unparse(next(n for n in nodes if n.lineno == line))


EDITIONS = {"student": student, "teacher": teacher}


def build(edition, folder=None):
    """Write an edition of every lesson, figures and map included; return the folder."""
    folder = Path(folder or ROOT / "build" / edition)
    shutil.rmtree(folder, ignore_errors=True)
    left_out = shutil.ignore_patterns("*.ipynb*", ".*", "conftest.py")
    shutil.copytree(NOTEBOOKS, folder, ignore=left_out)
    for path in lesson_paths():
        edited = text_of(EDITIONS[edition](read(path)))
        (folder / path.name).write_text(edited, encoding="utf-8")
    return folder


def digest(content):
    return hashlib.sha256(content).hexdigest()


def known_copies(path):
    """Return what own_copy wrote into a file: {name: digest}; {} where there is none, or
    it can't be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def own_copy(folder):
    """Add to the reader's folder what it lacks, overwrite nothing: lines to say.

    A lesson that has changed since it was copied is named, with the way to get it. What
    is known of the copies is made again where it can't be read: a lesson as it is today
    counts as unchanged, every other one as changed."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / KEPT
    copied = known_copies(kept)
    changed, new = [], []
    for path in lesson_paths():
        text = text_of(student(read(path)))
        now = digest(text.encode())
        if not (folder / path.name).exists():
            (folder / path.name).write_text(text, encoding="utf-8")
            copied[path.name] = now
            new.append(path.stem[:2])
        elif copied.get(path.name, digest((folder / path.name).read_bytes())) == now:
            copied[path.name] = now
        else:
            changed.append(path.name)
    for path in (p for p in NOTEBOOKS.rglob("*") if p.suffix in (".md", ".png")):
        name = path.relative_to(NOTEBOOKS).as_posix()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or digest(target.read_bytes()) == copied.get(name):
            shutil.copyfile(path, target)
            copied[name] = digest(path.read_bytes())
    with whole(kept) as file:
        file.write((json.dumps(copied, indent=1) + "\n").encode())
    lines = [f"New in {folder.name}/: lessons {', '.join(new)}."] if new else []
    if changed:
        lines.append(
            f"The course's {', '.join(changed)} changed since your copy, which stays as it "
            f"is. For the new one rename yours in {folder.name}/ and run make lab again."
        )
    return lines


def settings(home):
    """Write JupyterLab's settings for the course into the folder home: an environment.

    The reader's own settings are neither read nor changed."""
    home = Path(home)
    names = [f"nbgrader.server_extensions.{name}" for name in GRADING]
    server = {"ServerApp": {"jpserver_extensions": dict.fromkeys(names, False)}}
    page = {"disabledExtensions": dict.fromkeys(OFF, True)}
    for place, content in (
        (home / "config" / "jupyter_server_config.json", server),
        (home / "config" / "labconfig" / "page_config.json", page),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def lab_command(folder, *more):
    """The command that opens a folder in JupyterLab, as root too (in a container)."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    options = [f"--ServerApp.root_dir={folder}", *(["--allow-root"] if root else [])]
    return [sys.executable, "-m", "jupyterlab", *options, *more]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edition", choices=(*EDITIONS, "lab"))
    parser.add_argument("more", nargs="*", help="lab: options for JupyterLab, after --")
    options = parser.parse_args()
    if options.edition in EDITIONS:
        folder = build(options.edition)
        print(f"{len(lesson_paths())} lessons in {os.path.relpath(folder, ROOT)}/")
        return
    work = ROOT / "work"
    for line in own_copy(work):
        print(line, flush=True)
    environment = settings(ROOT / ".venv" / "lab")
    command = lab_command(work, *options.more)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main())
