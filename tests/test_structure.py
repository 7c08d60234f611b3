"""The shape of the project holds: who imports whom, how long a module is, what every
lesson contains.
"""

import ast
import importlib
import json
import re
import tomllib
import types
from pathlib import Path

import pytest

from metaad.plots.base import pixel_fingerprint, shown

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "metaad").rglob("*.py"))
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WITHOUT_METAAD = """\
try:
    from metaad import repro
except ModuleNotFoundError as e:
    e._render_traceback_ = lambda: ["No metaad in this kernel: use `make lab` or %pip install PATH"]
    raise
"""
MOST_STORED = 2_500_000  # bytes of one lesson with its outputs

# A room may import those named; the common ones serve everybody.
COMMON = {"intervals", "lazy", "repro", "metrics", "progress", "plots"}
MAY_IMPORT = {
    "__init__": set(),
    "lazy": set(),
    "progress": set(),
    "intervals": set(),
    "metrics": {"intervals"},
    "plots": {"plots", "metrics"},
    "repro": {"plots", "train", "data"},
    "data": {"data"},
    "tasks": {"tasks", "data"},
    "nets": set(),
    "scores": {"scores"},
    "saving": {"saving"},
    "train": {"saving"},
    "detectors": {"detectors", "nets", "scores", "train"},
}
MAY_IMPORT["attacks"] = MAY_IMPORT["detectors"] | {"attacks"}
MAY_IMPORT["meta"] = MAY_IMPORT["detectors"] | {"meta", "tasks"}
MAY_IMPORT["search"] = MAY_IMPORT["meta"] | {"search", "data"}
MAY_IMPORT["practice"] = MAY_IMPORT["search"] | {"practice", "saving"}
MAY_IMPORT["exercises"] = MAY_IMPORT["practice"] | {"exercises"}
MAY_IMPORT["experiments"] = MAY_IMPORT["practice"] | {"attacks", "experiments"}
MAY_IMPORT["cli"] = MAY_IMPORT["experiments"] | {"cli"}
MAY_IMPORT["__main__"] = MAY_IMPORT["cli"]


def part(path):
    """The part of the package a file belongs to: 'detectors' for
    metaad/detectors/base.py.
    """
    inside = path.relative_to(ROOT / "metaad").parts
    return inside[0].removesuffix(".py")


def imports(path):
    """Parts of the package that a module imports, wherever in the file the import
    stands.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {
                a.name.split(".")[1] for a in node.names if a.name.startswith("metaad.")
            }
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{path.name}: relative import; name the module in full"
            )
            if node.module == "metaad":
                found |= {a.name for a in node.names if a.name != "__version__"}
            elif node.module and node.module.startswith("metaad."):
                found.add(node.module.split(".")[1])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_modules_import_only_what_the_design_allows_and_fit_in_one_reading(path):
    name = part(path)
    assert name in MAY_IMPORT, f"{name} is not part of the design"
    wrong = imports(path) - MAY_IMPORT[name] - COMMON
    assert not wrong, (
        f"{path.name} imports {wrong}; {name} may import {MAY_IMPORT[name] | COMMON}"
    )
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300, (
        f"{path.name} has {lines} lines; a module fits in one reading (300)"
    )


def test_inheritance_of_our_own_is_at_most_two_deep():
    bases = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {b.id for b in node.bases if isinstance(b, ast.Name)}

    def depth(name):
        return max((1 + depth(b) for b in bases[name] & set(bases)), default=0)

    too_deep = {name: depth(name) for name in bases if depth(name) > 2}
    assert not too_deep, f"inheritance more than two deep: {too_deep}"


def test_no_unsafe_loading_and_no_unfinished_code():
    unsafe = re.compile(
        r"\bimport pickle\b|pickle\.load|joblib\.load|allow_pickle\s*=\s*True"
        r"|weights_only\s*=\s*False"
        r"|\beval\("
        r"|\bexec\(|shell\s*=\s*True|\bTODO\b|\bFIXME\b|except:\s*$|except Exception:\s*pass"
    )
    for path in MODULES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = unsafe.search(
                line.replace("model.eval()", "").replace(".eval()", "")
            )
            assert not found, f"{path.relative_to(ROOT)}:{number}: {line.strip()}"


def test_no_absolute_path_of_a_machine_in_the_project():
    absolute = re.compile(r"(?<![\w.:/])/(?:home|work|root|Users)/\w+")
    for path in [
        *MODULES,
        *LESSONS,
        *(ROOT / "tests").rglob("*.py"),
        ROOT / "README.md",
        ROOT / "Makefile",
    ]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]*", "", text)
        assert not absolute.search(text), (
            f"{path.name}: {absolute.search(text).group()}"
        )


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


@pytest.fixture(params=LESSONS, ids=lambda p: p.stem)
def lesson(request):
    return request.param.stem, read(request.param)["cells"]


def test_lesson_ran_once_from_top_to_bottom_without_error_or_warning(lesson):
    _, cells = lesson
    code = [c for c in cells if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell["outputs"]:
            assert output["output_type"] != "error", source(cell)
            assert output.get("name") != "stderr", (
                f"a warning the reader sees, under: {source(cell)[:200]}"
            )


def test_lesson_begins_with_title_parameters_and_start(lesson):
    name, cells = lesson
    assert cells[0]["cell_type"] == "markdown" and source(cells[0]).startswith("# ")
    spoken = re.findall(r"minutes?\b|\bhours?\b", source(cells[0]))
    stated = re.findall(r"\*\*\d+ minutes\*\* to read and do\.", source(cells[0]))
    assert len(stated) == len(spoken) == 1, "one time, typed once: the map reads it"
    code = [c for c in cells if c["cell_type"] == "code"]
    assert (
        "parameters" in tags(code[0])
        and sum("parameters" in tags(c) for c in cells) == 1
    )
    for declared in ('profile: str = "quick"', "seed: int = 0", 'device: str = "auto"'):
        assert declared in source(code[0])
    assert all("#" in line for line in source(code[0]).splitlines() if "=" in line), (
        "comment every parameter"
    )
    assert source(code[1]).startswith(WITHOUT_METAAD)
    assert f'run = repro.start("{name}", globals())' in source(code[1])


def test_papermill_explains_every_parameter(lesson):
    from papermill.inspection import _infer_parameters
    from papermill.iorw import load_notebook_node

    name, cells = lesson
    found = {
        p.name: p
        for p in _infer_parameters(
            load_notebook_node(str(ROOT / "notebooks" / f"{name}.ipynb"))
        )
    }
    code = next(c for c in cells if "parameters" in tags(c))
    declared = [
        n.target.id
        for n in ast.parse(source(code)).body
        if isinstance(n, ast.AnnAssign)
    ]
    assert set(declared) == set(found)
    for p in found.values():
        assert p.inferred_type_name and p.help, f"{p.name} needs a type and a comment"


def test_every_parameter_declares_a_range_that_holds_its_default(lesson):
    from metaad.repro.parameters import PROFILES, read

    _, cells = lesson
    cell = next(c for c in cells if "parameters" in tags(c))
    found = read(source(cell))
    assert found["profile"].allowed == f"one of {', '.join(PROFILES)}"
    assert len(found) == sum("=" in line for line in source(cell).splitlines())


def test_lesson_checks_its_claims_and_sets_exercises(lesson):
    name, cells = lesson
    text = "\n".join(source(c) for c in cells)
    assert "repro.Claims(run)" in text and "claims.table()" in text
    assert text.count("### BEGIN SOLUTION") == text.count("### END SOLUTION") >= 1
    own = f'check("{name[:2]}.'
    assert own in text
    where = [i for i, c in enumerate(cells) if own in source(c)]
    if where:
        last = next(i for i, c in enumerate(cells) if "claims.table()" in source(c))
        assert max(where) < last, "an exercise stands after its concept, not at the end"
        assert sum(where) / len(where) <= 0.8 * len(cells)
    assert re.search(r"^#+ .*what you learned", text, re.I | re.M)
    assert re.search(r"^#+ .*(read|references)", text, re.I | re.M)
    if not name.startswith("00"):
        assert any("build" in tags(c) for c in cells), "no build cell"


def test_code_cells_are_short(lesson):
    _, cells = lesson
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = source(cell).splitlines()
            assert len(lines) <= 40, source(cell)[:200]
            assert max(map(len, lines), default=0) <= 100, max(lines, key=len)


def test_figures_have_alternative_text_and_the_fingerprint_of_their_own_pixels(lesson):
    _, cells = lesson
    figures = 0
    for cell in cells:
        for output in cell.get("outputs", []):
            assert "image/png" not in output.get("data", {}), "shown without words"
            if not shown(output):
                continue
            figures += 1
            png, alt = shown(output)
            text = "".join(output["data"]["text/plain"])
            assert len(alt) >= 20, source(cell)
            assert text == f"Figure: {alt} [pixels {pixel_fingerprint(png)}]"
    assert figures >= 1


def test_no_sentence_of_an_output_is_drawn_as_item_200_of_a_list(lesson):
    for cell in lesson[1]:
        for output in cell.get("outputs", []):
            text = "".join(output.get("data", {}).get("text/markdown", ""))
            assert not re.search(r"^\d{2,}\. ", text, flags=re.MULTILINE), text[:80]


def test_figures_are_legible_on_a_phone_and_nothing_in_them_collides(lesson):
    _, cells = lesson
    for output in (o for cell in cells for o in cell.get("outputs", [])):
        if shown(output):
            notes = output["metadata"]["metaad"]
            assert notes["faults"] == [], shown(output)[1]
            assert notes["smallest text on a phone, pixels"] >= 7, shown(output)[1]


def test_every_name_that_a_lesson_takes_from_the_package_is_there(lesson):
    _, cells = lesson
    rooms, missing = {}, []
    for cell in (c for c in cells if c["cell_type"] == "code"):
        code = re.sub(r"(?m)^\s*[%!].*$", "", source(cell))
        nodes = list(ast.walk(ast.parse(code)))
        for node in (n for n in nodes if isinstance(n, ast.ImportFrom)):
            if (node.module or "").split(".")[0] == "metaad":
                module = importlib.import_module(node.module)
                for alias in node.names:
                    inside = f"{node.module}.{alias.name}"
                    if not hasattr(module, alias.name):
                        importlib.import_module(inside)
                    rooms[alias.asname or alias.name] = getattr(module, alias.name)
        for node in (n for n in nodes if isinstance(n, ast.Attribute)):
            room = isinstance(node.value, ast.Name) and rooms.get(node.value.id)
            if isinstance(room, types.ModuleType) and not hasattr(room, node.attr):
                missing.append(f"{node.value.id}.{node.attr}")
    assert not missing


def test_first_figure_comes_within_two_screens(lesson):
    _, cells = lesson
    words = 0
    for cell in cells:
        if any(shown(o) for o in cell.get("outputs", [])):
            break
        if "repro.start(" not in source(cell):  # the same in every lesson
            words += len(source(cell).split())
    assert words <= 650, f"{words} words before the first figure"


def test_stored_lesson_is_small(lesson):
    name, _ = lesson
    size = (ROOT / "notebooks" / f"{name}.ipynb").stat().st_size
    assert size <= MOST_STORED, f"{size} bytes; draw fewer points or smaller figures"


def test_links_between_lessons_lead_somewhere(lesson):
    _, cells = lesson
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for target in re.findall(r"\]\(([^)#\s]+)", source(cell)):
                if not target.startswith(("http://", "https://")):
                    assert (ROOT / "notebooks" / target).exists(), (
                        f"broken link {target}"
                    )


def test_top_level_holds_only_what_the_design_names():
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    allowed = {"README.md", "environment.yml", "Makefile", "pyproject.toml", "LICENSE"}
    # where citation tools and referees look for them
    allowed |= {"CITATION.cff", "codecheck.yml"}
    allowed |= {"notebooks", "metaad", "tests", "data"}
    assert {t for t in top if not t.startswith(".")} <= allowed


def test_conda_and_make_install_the_same_pinned_file():
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    inside = [
        line.strip("- ").strip()
        for line in environment.split("dependencies:")[1].splitlines()
        if line.strip()
    ]
    assert [i for i in inside if not i.startswith(("python=", "#"))] == [
        "pip",
        "pip:",
        "r .requirements.txt",
        "e .",
    ]
    assert "-r .requirements.txt" in (ROOT / "Makefile").read_text(encoding="utf-8")
    pins = [
        p
        for p in (ROOT / ".requirements.txt").read_text(encoding="utf-8").splitlines()
        if p and p[0] != "#"
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", p) for p in pins)
    pinned = {re.sub(r"[-_.]+", "-", p.split("==")[0]).lower() for p in pins}
    assert len(pinned) == len(pins), "a package is pinned twice"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(d for each in lists for d in each)]
    names = {re.match(r"[A-Za-z0-9._-]+", d)[0] for d in wanted} - {"metaad"}
    assert names <= pinned, "pyproject asks for what is not pinned"


def test_the_environment_that_runs_is_the_pinned_one_or_that_for_the_cpu():
    from importlib import metadata

    import lock

    for name, version in lock.pins_here().items():
        assert metadata.version(name).split("+")[0] == version, (
            f"{name}: run make setup"
        )


def test_readme_lists_the_lessons_as_recorded():
    from lesson_table import lesson_map, readme, table

    stored = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert stored == lesson_map(), "run python tests/tools/lesson_table.py"
    assert (ROOT / "README.md").read_text(encoding="utf-8") == readme(table()), (
        "run python tests/tools/lesson_table.py"
    )


def test_readme_shows_a_figure_that_a_lesson_stores():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    stored = set()
    for path in LESSONS:
        outputs = [o for c in read(path)["cells"] for o in c.get("outputs", [])]
        stored |= {pixel_fingerprint(shown(o)[0]) for o in outputs if shown(o)}
    images = re.findall(r"!\[[^\]]{20,}\]\(([^)]+\.png)\)", text)
    assert images, "the README shows a figure, with alternative text"
    for image in images:
        assert pixel_fingerprint((ROOT / image).read_bytes()) in stored, (
            f"{image} is stale"
        )


NO_VERB = re.compile(
    r"(?:What|The|An?|Whether|How|Where|None|Number|Numbers|Share|Shares|Mean|Means"
    r"|AUROC|Area|Names|Scores|Distance|Smallest|Every|Each|One|Two)\b|[^A-Z]"
)


def verbless(text):
    """Return 'name: first words' for public functions whose docstring has no verb in
    front. Properties are nouns.
    """

    def inside(node, prefix=""):
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                yield from inside(child, prefix)
                continue
            if child.name.startswith("_") and not child.name.startswith("__"):
                continue
            name = prefix + child.name
            marks = [ast.unparse(d) for d in child.decorator_list]
            said = ast.get_docstring(child) or "Say nothing"
            noun = isinstance(child, ast.ClassDef) or any(
                "property" in m for m in marks
            )
            if not noun and NO_VERB.match(said):
                yield f"{name}: {said[:40]!r}"
            yield from inside(child, name + ".")

    return list(inside(ast.parse(text)))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_docstrings_of_public_functions_begin_with_a_verb(path):
    wrong = verbless(path.read_text(encoding="utf-8"))
    assert not wrong, f"begin with a verb, such as Return or Draw: {wrong}"


def test_a_docstring_without_a_verb_is_noticed():
    for said in ("What it is.", "The sum.", "(n,) scores.", "Number of rows."):
        method = f'class A:\n    def f(self):\n        """{said}"""\n'
        assert verbless(method) == [f"A.f: {said!r}"]
        assert not verbless(method.replace("def f", "def _f"))
        assert not verbless(method.replace("    def", "    @property\n    def"))
    assert not verbless('def f():\n    """Return the sum."""\n')


# turns that a reader who learned English as a second language has to look up, and "a"
# where "per" is meant
COUNTED = (
    "row|class|table|task|method|column|lesson|feature|seed|network|net|tree|fold"
    "|node|level|line|step|episode|iteration|pair|kind|configuration|forest"
)
IDIOMS = re.compile(
    r"\b(?:(?:to be|be) had|let loose|made up (?:its|their|your) mind|put to the test"
    r"|hand(?:s|ed)? out|mend(?:s|ed|ing)?|vouch\w*|by heart|to the letter"
    r"|to speak of|in the mean|twice over|whence|thereof|nought"
    rf"|one an? (?:{COUNTED})"
    r"|(?:rows|trees|nats|seconds|minutes|tasks|images|classes|steps|thresholds|panels)"
    rf" an? (?:{COUNTED}))\b".replace(" ", r"(?:\s+(?:[#>]\s)?)"),
    re.I,
)


def prose():
    """Yield (name, text) of everything that a reader of the project reads."""
    for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]:
        if path != Path(__file__).resolve():  # it has to name them
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
    for folder in (ROOT, ROOT / "notebooks", ROOT / "data"):
        text = (folder / "README.md").read_text(encoding="utf-8")
        yield (folder / "README.md").relative_to(ROOT), text
    for path in LESSONS:
        cells = [c for c in read(path)["cells"] if c["cell_type"] == "markdown"]
        yield path.name, "\n".join(source(c) for c in cells)


def test_plain_words_stand_where_idioms_stood():
    found = [
        f"{n}: {m.group()!r}" for n, text in prose() for m in IDIOMS.finditer(text)
    ]
    assert not found, f"say it in plain words, and 'per' for a rate: {found}"


def test_an_idiom_is_noticed_across_a_line_end():
    for said in ("one a row", "seconds\n    a lesson", "by\n# heart", "is to be had"):
        assert IDIOMS.search(said)
    for said in ("one per row", "needs a row", "a recommended row", "thousand a row"):
        assert not IDIOMS.search(said)
