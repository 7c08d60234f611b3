"""Lessons in the browser, without a browser: what is fetched is pinned, the kernel speaks
as Jupyter's do, the classical part needs nothing that a page lacks. In Chromium:
python tests/tools/lite.py --check.
"""

import base64
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import editions
import lite
import lite_check
import pytest

# What a page's Python has not: these can't be imported there, and nothing starts there.
WITHOUT = """
import importlib.abc, os, socket, subprocess, sys, threading
GONE = {"torch", "ssl", "_ssl", "requests", "safetensors", "pyarrow", "skops"}

class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def refuse(*arguments, **more):
    raise RuntimeError("a page has no threads, programs and sockets")

for name in GONE & sys.modules.keys():
    del sys.modules[name]
sys.meta_path.insert(0, Gone())
threading.Thread.start = subprocess.Popen.__init__ = socket.socket.connect = refuse
if hasattr(os, "fork"):
    os.fork = refuse
"""
HOST = """
import json, sys, types
requests = iter(json.loads(sys.argv[1]))
said = []
host = types.ModuleType("_host")
def call(request):
    if not request:
        return json.dumps(next(requests)).encode()
    said.append(json.loads(request))
host.call = call
sys.modules["_host"] = host
out = sys.stdout
import browser_kernel
for _ in range(int(sys.argv[2])):
    browser_kernel.turn()
out.write(json.dumps(said))
out.flush()
"""


def python(code, *arguments, **more):
    """What a fresh Python prints."""
    environment = {**os.environ, "PYTHONPATH": str(lite.ROOT), **more}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def imports(path):
    """The import statements of a lesson, in order."""
    lines = []
    for cell in editions.read(path)["cells"]:
        if cell["cell_type"] == "code":
            found = re.findall(r"(?m)^(?:from|import) .*$", editions.source(cell))
            lines += [line for line in found if not line.endswith("(")]
    return lines


def test_what_is_fetched_is_pinned_with_its_checksum():
    for name, line in lite.requirements().items():
        assert re.match(rf"{name}==[\w.]+ ", line), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), name
    for version, integrity in lite.pins()["npm"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert len(base64.b64decode(integrity.removeprefix("sha512-"))) == 64


def test_the_page_s_own_files_name_no_other_machine():
    for path in lite.PARTS.iterdir():
        if path.is_file():
            assert "://" not in path.read_text(encoding="utf-8"), path.name


def test_another_file_than_the_pinned_one_is_refused(tmp_path, monkeypatch):
    (name,) = lite.pins()["npm"]
    version = lite.pins()["npm"][name][0]
    kept = tmp_path / f"{name.strip('@').replace('/', '-')}-{version}.tgz"
    kept.write_bytes(b"something else")
    monkeypatch.setattr(lite, "FETCHED", tmp_path)
    with pytest.raises(RuntimeError, match="not the file that pins.json names"):
        lite.fetch_npm(name)


def test_what_the_lessons_import_needs_nothing_that_a_page_lacks():
    paths = [p for p in editions.lesson_paths() if p.name[:2] in lite.LESSONS]
    assert len(paths) == len(lite.LESSONS)
    lines = [line for path in paths for line in imports(path)]
    assert any("lesson_02" in line for line in lines)
    checks = [f"from metaad.exercises import lesson_{n}" for n in lite.LESSONS]
    lines += [*checks, "print('all imported')"]
    assert "all imported" in python(WITHOUT + "\n".join(dict.fromkeys(lines)))


def test_what_the_library_leaves_out_is_no_package_that_metaad_needs():
    needed = {"numpy", "scipy", "sklearn", "pandas", "matplotlib", "joblib", "tqdm"}
    needed |= {"PIL", "threadpoolctl.pyc", "fontTools", "six.pyc", "dateutil"}
    assert not needed & set(lite.pins()["left_out"])


def ask(*requests):
    """Send requests to the kernel: all that it says, in order."""
    numbered = [{"id": i, **r} for i, r in enumerate(requests)]
    path = os.pathsep.join([str(lite.PARTS), str(lite.ROOT)])
    told = python(HOST, json.dumps(numbered), str(len(numbered)), PYTHONPATH=path)
    return json.loads(told)


def cell(code, count=1):
    return {"type": "execute", "content": {"code": code, "execution_count": count}}


def test_the_kernel_runs_cells_and_tells_what_they_print_show_and_raise():
    said = ask(
        cell("print('a line'); 6 * 7"),
        cell("from IPython.display import Markdown, display; display(Markdown('*x*'))"),
        cell("In[1]", 3),
        cell("1 / 0", 4),
        cell("x =", 5),
    )
    kinds = [m["type"] for m in said]
    assert kinds[:3] == ["stream", "execute_result", "reply"]
    assert said[0]["content"] == {"name": "stdout", "text": "a line\n"}
    assert said[1]["content"]["data"] == {"text/plain": "42"}
    assert said[3]["content"]["data"]["text/markdown"] == "*x*"
    replies = [m["content"]["status"] for m in said if m["type"] == "reply"]
    assert replies == ["ok", "ok", "ok", "error", "error"]
    results = [m["content"]["data"] for m in said if m["type"] == "execute_result"]
    assert "6 * 7" in results[1]["text/plain"]
    errors = [m["content"] for m in said if m["type"] == "error"]
    assert [e["ename"] for e in errors] == ["ZeroDivisionError", "SyntaxError"]
    assert "1 / 0" in re.sub(r"\x1b\[[\d;]*m", "", "\n".join(errors[0]["traceback"]))


def test_the_kernel_completes_explains_and_moves_a_slider():
    make = "import ipywidgets; s = ipywidgets.IntSlider(3); s"
    said = ask(
        cell(make),
        {"type": "complete", "content": {"code": "ipywid", "cursor_pos": 6}},
        {"type": "inspect", "content": {"code": "len", "cursor_pos": 3}},
        {"type": "is_complete", "content": {"code": "for i in x:"}},
        {"type": "comm_info", "content": {}},
    )
    opened = [m["content"] for m in said if m["type"] == "comm_open"]
    slider = next(
        c for c in opened if c["data"]["state"]["_model_name"] == "IntSliderModel"
    )
    assert slider["target_name"] == "jupyter.widget"
    replies = [m["content"] for m in said if m["type"] == "reply"]
    assert replies[1]["matches"] == ["ipywidgets"] and replies[1]["cursor_start"] == 0
    assert "number of items" in replies[2]["data"]["text/plain"]
    assert replies[3] == {"status": "incomplete", "indent": "    "}
    assert slider["comm_id"] in replies[4]["comms"]


def test_the_archive_unpacks_as_it_was_and_is_the_same_every_time(tmp_path):
    files = {f"site/{'a' * 70}/{'b' * 70}.py": b"x = 1\n", "results/02_x.json": b"{}"}
    for name in ("one", "two"):
        lite.write_archive(tmp_path / name, files)
    one = (tmp_path / "one").read_bytes()
    assert one == (tmp_path / "two").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(one))) as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive} == files


def test_a_page_of_the_site_gets_one_link_to_the_running_lesson(tmp_path):
    (tmp_path / "lite" / "files").mkdir(parents=True)
    (tmp_path / "lite" / "files" / "02_a.ipynb").touch()
    (tmp_path / "lessons").mkdir()
    page = tmp_path / "lessons" / "02_a.html"
    page.write_text("<h1>2</h1><p>text</p>")
    lite.link(tmp_path)
    lite.link(tmp_path)
    assert page.read_text().count("lite/notebooks/index.html?path=02_a.ipynb") == 1
    assert page.read_text().startswith("<h1>2</h1>\n<p class=")


@pytest.mark.parametrize("before", ["lite", "site/lite"])
def test_a_site_that_is_built_again_keeps_the_running_lessons(tmp_path, before):
    site = tmp_path / "site"
    (tmp_path / before / "files").mkdir(parents=True)
    (tmp_path / before / "files" / "02_a.ipynb").touch()
    lite.set_aside(site)
    shutil.rmtree(site, ignore_errors=True)
    (site / "lessons").mkdir(parents=True)
    page = site / "lessons" / "02_a.html"
    page.write_text("<h1>2</h1>")
    lite.bring_back(site)
    assert (site / "lite" / "files" / "02_a.ipynb").is_file()
    assert "lite/notebooks" in page.read_text()
    lite.set_aside(tmp_path / "another")
    lite.bring_back(tmp_path / "another")  # nothing was there: nothing happens


def test_the_check_sees_errors_missing_figures_and_wrong_answers():
    picture = {"data": {"text/html": '<img src="data:image/png;base64,AA">'}}

    def code(text, *outputs, count=1):
        outputs = [{"output_type": "display_data", **o} for o in outputs]
        return {"source": [text], "outputs": outputs, "execution_count": count}

    stored = [
        code("plots.show(f)", picture),
        code('check("01.1")', {"text": "Correct."}),
    ]
    assert lite_check.faults(stored, stored) == []
    error = {"output_type": "error", "ename": "OSError", "evalue": "none"}
    ran = [code("plots.show(f)"), code('check("01.1")', {"text": "Not yet."})]
    assert len(lite_check.faults(ran, stored)) == 2
    ran = [code("plots.show(f)", error, picture), code("", count=None)]
    assert [
        "OSError" in f or "not run" in f for f in lite_check.faults(ran, stored)
    ] == [
        True,
        True,
    ]


def test_the_copy_for_the_browser_has_no_solution_and_no_link_to_what_is_not_there():
    for path in editions.lesson_paths():
        if path.name[:2] in lite.LESSONS:
            copy = lite.edition(editions.read(path))
            text = editions.text_of(copy)
            assert editions.BEGIN not in text and "data:image/png" not in text
            assert set(re.findall(r"\]\((\d\d)_", text)) <= set(lite.LESSONS)
            assert copy["cells"][1]["source"] == [lite.NOTE]
            assert len({c["id"] for c in copy["cells"]}) == len(copy["cells"])
