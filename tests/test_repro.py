"""Parameters are checked, claims can fail, figures carry the fingerprint of their
pixels.
"""

import json
import os
import re

import numpy as np
import pytest
import torch

from metaad import plots, progress, repro
from metaad.data.download import checkout
from metaad.metrics import Interval, bootstrap
from metaad.plots.base import pixel_fingerprint
from metaad.repro.parameters import admits, read


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path))
    kept = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )
    yield tmp_path
    torch.set_default_dtype(kept[0])
    torch.set_num_threads(kept[1])
    torch.use_deterministic_algorithms(kept[2])


PARAMETERS = """profile: str = "quick"  # one of quick, full; how much is computed
seed: int = 0  # seeds every random choice
device: str = "auto"  # auto, cpu, cuda or mps
rate: float = 0.1  # above 0 to 1; of learning
rows: int = 0  # 0 or 30 to 5,000; most rows, 0 takes the profile's own
names: list = []  # any names; of tables"""


def namespace(injected=None, **values):
    """A notebook's globals after its parameters cell, and one of papermill's."""
    default = {"profile": "quick", "seed": 0, "device": "auto"}
    default |= {"rate": 0.1, "rows": 0, "names": []}
    sources = ["", PARAMETERS] + ([f"# Parameters\n{injected}"] if injected else [])
    return {"In": sources, **default, **values}


def shown(monkeypatch):
    """Return what a notebook would display, in order."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: seen.append((a, k)))
    return seen


def test_a_misspelt_parameter_stops_and_lists_the_right_ones():
    with pytest.raises(
        repro.ParameterError,
        match="x has no parameter sede. Its parameters are profile: str",
    ):
        repro.start("x", namespace("sede = 3"))


def test_a_known_injected_parameter_passes():
    assert repro.start("x", namespace("seed = 3", seed=3)).seed == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"profile": "fast"},
            "profile must be text, one of quick, full; got 'fast'. Example: profile = 'quick'.",
        ),
        ({"seed": -1}, "seed must be a whole number, 0 to 4,294,967,295; got -1."),
        ({"seed": "abc"}, "seed must be a whole number, .*; got 'abc' (str)."),
        ({"seed": True}, "seed must be a whole number, .*; got True (bool)."),
        ({"rate": "high"}, "rate must be a number, above 0 to 1; got 'high' (str)."),
        ({"rate": 0}, "got 0.0. Example: rate = 0.1."),
        ({"rate": 1.01}, "rate must be a number, above 0 to 1; got 1.01."),
        ({"rate": float("nan")}, "got nan."),
        ({"rows": 29}, "rows must be a whole number, 0 or 30 to 5,000; got 29."),
        ({"rows": 5001}, "got 5001. Example: rows = 0."),
        ({"rows": 30.0}, "got 30.0 (float)."),
        ({"names": "wine"}, "names must be of type list, any names; got 'wine' (str)."),
        ({"device": "cuda"}, "no CUDA device is available here; use 'auto' or 'cpu'"),
    ],
)
@pytest.mark.skipif(
    torch.cuda.is_available(), reason="one case needs a machine without CUDA"
)
def test_a_bad_value_gets_one_sentence(values, message):
    message = re.escape(message).replace(r"\.\*", ".*")
    with pytest.raises(repro.ParameterError, match=message):
        repro.start("x", namespace(**values))


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        ("0 to 9", (0, 9, 4.5), (-1, 10, 9.1)),
        ("above 0 to 0.5", (1e-9, 0.5), (0, -1, 0.50001)),
        ("0 to below 1", (0, 0.999), (1, -0.1)),
        ("above -1 to below 1e-3", (-0.5, 0), (-1, 1e-3)),
        ("0 or 30 to 5,000", (0, 30, 5000), (1, 29, 5001)),
        ("above 0", (1e9, 0.1), (0, -1)),
        ("one of quick, full", ("quick", "full"), ("", "fast", "quick, full")),
        ("any text", ("", "x"), ()),
    ],
)
def test_a_range_means_what_it_says(allowed, inside, outside):
    assert all(admits(allowed, value) for value in inside)
    assert not any(admits(allowed, value) for value in outside)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("psi: int = 8  # rows of a tree", "the range 'rows of a tree' can't be read"),
        ("psi: int = 8", "psi declares no range; begin its comment with one"),
        (
            "psi: int = 8  # 10 to 20; rows",
            "psi must be a whole number, 10 to 20; got 8",
        ),
        ("psi: int = 8  # 3 or more; rows", "the range 'more' can't be read"),
    ],
)
def test_a_parameter_without_an_honest_range_is_refused(line, says):
    with pytest.raises(repro.ParameterError, match=re.escape(says)):
        read(PARAMETERS + "\n" + line)


def test_the_cell_that_ran_last_counts_and_a_plain_script_is_told_what_to_do():
    values = namespace(rows=50)
    values["In"] += [
        "x = 1",
        "%matplotlib inline",
        PARAMETERS.replace("30 to", "60 to"),
    ]
    with pytest.raises(repro.ParameterError, match="rows must .* 60 to 5,000; got 50"):
        repro.start("x", values)


def test_undeclared_standard_parameters_are_named():
    for cells in ([], ['profile: str = "quick"  # one of quick, full']):
        with pytest.raises(repro.ParameterError, match="missing: device,.* seed. Run"):
            repro.start("x", {"In": cells, "profile": "quick"})


def test_an_integer_is_a_fine_float():
    values = namespace(rate=1)
    assert repro.start("x", values).parameters["rate"] == 1.0 and isinstance(
        values["rate"], float
    )


def test_quick_computes_in_float64_on_one_thread_on_the_cpu_and_seeds_everything():
    draws = []
    for _ in range(2):
        run = repro.start("x", namespace(seed=5))
        draws.append((np.random.rand(), float(torch.rand(()))))
        assert (
            torch.rand(()).dtype == torch.float64
            and torch.get_num_threads() == 1
            and run.device == "cpu"
        )
    assert draws[0] == draws[1]


def test_claims_need_the_whole_interval_on_the_claimed_side(monkeypatch, results):
    shown(monkeypatch)
    claims = repro.Claims(repro.start("x", namespace()))
    claims.above("clear", Interval(0.2, 0.1, 0.3, 10), 0)
    claims.below("clear below", Interval(0.2, 0.1, 0.3, 10), 0.31)
    claims.within("inside", Interval(0.2, 0.1, 0.3, 10), 0, 1)
    claims.undecided("open", Interval(0.0, -0.1, 0.1, 10))
    claims.equal("same", [1.0, 2.0], [1.0, 2.0 + 1e-9], 1e-8)
    claims.table()
    written = json.loads((results / "quick" / "x.claims.json").read_text())
    assert [c["holds"] for c in written["claims"]] == [True] * 5
    assert (
        written["run"]["versions"]["numpy"] == np.__version__
        and written["run"]["threads"] == 1
    )


def test_the_table_is_the_same_on_another_cpu(monkeypatch, results):
    seen = shown(monkeypatch)
    draws = np.random.default_rng(0).normal(size=(40, 3))
    # 0.2305 and 0.9995 lie half-way between two numbers of three digits: the last bit
    # would decide
    estimates = [Interval(v, *sorted(ends), 10) for v, *ends in draws] + [
        Interval(0.2305, 0.125, 0.9995, 10),
        0.0,
    ]
    for noise in (0.0, 1e-16, -1e-16, 1e-13):
        claims = repro.Claims(repro.start("x", namespace()))
        for estimate in estimates:
            value, low, high = (v * (1 + noise) for v in repro.claims._parts(estimate))
            claims.within("any", Interval(value, low, high, 10), -9, 9)
        claims.equal("residue", [1.0], [1.0 + abs(noise)], 1e-12)
        claims.table()
    tables = [a[0].data for a, _ in seen]
    assert len(tables) == 4 and len(set(tables)) == 1
    assert " [0.125, " in tables[0] and "0.2305" not in tables[0]
    assert tables[0].count("| ≤ 1e-12 | differ by ≤ 1e-12 | yes |") == 1


def test_a_claim_of_equality_that_fails_shows_by_how_much_whatever_its_sentence(
    monkeypatch, results
):
    seen = shown(monkeypatch)
    claims = repro.Claims(repro.start("x", namespace()))
    claims.equal("differ", [1.0], [1.125], 0.01)
    claims.above("differ by ≤ 1", 0.5, 0)
    with pytest.raises(repro.ClaimError):
        claims.table()
    assert seen[0][0][0].data.splitlines()[2:] == [
        "| differ | 0.125 | differ by ≤ 0.01 | **no** |",
        "| differ by ≤ 1 | 0.5 | > 0 | yes |",
    ]


@pytest.mark.parametrize(
    "false_claim",
    [
        lambda c: c.above("only the mean is above", Interval(0.2, -0.1, 0.5, 10), 0),
        lambda c: c.above("equal is not above", 0.0, 0.0),
        lambda c: c.below("not below", Interval(0.2, 0.1, 0.4, 10), 0.3),
        lambda c: c.within("sticks out", Interval(0.2, 0.1, 0.4, 10), 0.15, 1),
        lambda c: c.undecided("decided", Interval(0.2, 0.1, 0.4, 10)),
        lambda c: c.equal("differ", [1.0], [1.1], 0.01),
        lambda c: c.above("nan proves nothing", float("nan"), 0),
        lambda c: c.equal("nan equals nothing", [float("nan")], [float("nan")], 1),
    ],
)
def test_a_claim_that_fails_stops_the_lesson_but_is_still_written(
    false_claim, monkeypatch, results
):
    seen = shown(monkeypatch)
    claims = repro.Claims(repro.start("x", namespace(seed=1)))
    false_claim(claims)
    with pytest.raises(repro.ClaimError, match="1 of 1 claims do not hold"):
        claims.table()
    assert seen, "the table is shown before the lesson stops"
    assert (
        json.loads((results / "quick" / "x.claims-seed1.json").read_text())["claims"][
            0
        ]["holds"]
        is False
    )


def test_a_claim_on_other_parameters_is_shown_and_not_judged(monkeypatch, results):
    seen = shown(monkeypatch)
    for values, judged in (({"rate": 0.2}, False), ({"seed": 3}, True)):
        claims = repro.Claims(repro.start("x", namespace(**values)))
        claims.above("wrong here", Interval(0.2, -0.1, 0.5, 30), 0)
        claims.undecided("open", Interval(0.0, -0.1, 0.1, 30))
        if judged:
            with pytest.raises(repro.ClaimError, match="wrong here"):
                claims.table()
        else:
            claims.table()
    other, own = (a[0].data.splitlines() for a, _ in seen)
    assert [line.split(" | ")[-1] for line in other[2:4]] == ["not judged |"] * 2
    assert "written for other parameters" in other[-1]
    assert [line.split(" | ")[-1] for line in own[2:4]] == ["**no** |", "undecided |"]
    assert (results / "quick" / "x.claims-not-judged.json").exists()
    assert not (results / "quick" / "x.claims.json").exists()


def test_a_default_changed_in_a_copy_of_a_lesson_is_a_change(tmp_path, monkeypatch):
    def notebook(source):
        cell = {"source": source, "metadata": {"tags": ["parameters"]}}
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        path = tmp_path / "notebooks" / "x.ipynb"
        path.write_text(json.dumps({"cells": [cell]}))

    monkeypatch.setattr(repro.parameters, "checkout", lambda: tmp_path)
    values = namespace(rate=0.2)
    values["In"][1] = PARAMETERS.replace("= 0.1", "= 0.2")
    assert repro.start("x", values).judged  # no such lesson: the cell counts
    notebook(PARAMETERS)
    assert not repro.start("x", values).judged
    assert repro.start("x", namespace(seed=4)).judged


def test_equivalence_takes_the_whole_90_percent_interval_inside_the_margin(
    monkeypatch, results
):
    seen = shown(monkeypatch)
    claims = repro.Claims(repro.start("x", namespace()))
    full = Interval(0.0, -0.03, 0.03, 30, (-0.015, 0.015))
    claims.equivalent("by its 90 %", full, 0.02)
    claims.equivalent("recorded: by its 95 %", Interval(*full), 0.04)
    claims.equivalent("no: 95 % sticks out", Interval(*full), 0.02)
    claims.equivalent("no: 90 % sticks out", full, 0.015)
    with pytest.raises(repro.ClaimError, match="2 of 4"):
        claims.table()
    assert seen[0][0][0].data.splitlines()[2:4] == [
        "| by its 90 % | 0 [-0.015, 0.015] (90 %) | within ±0.02 | yes |",
        "| recorded: by its 95 % | 0 [-0.03, 0.03] | within ±0.04 | yes |",
    ]
    for estimate, margin in ((0.0, 0.1), (full, 0.0), (full, -1)):
        with pytest.raises(ValueError, match="an Interval and a margin above 0"):
            claims.equivalent("x", estimate, margin)


def test_two_one_sided_tests_by_a_real_interval():
    # differences of standard deviation .01 over 25 units: the 90 % interval is ±.0034
    values = 0.01 * np.random.default_rng(0).standard_normal(25)
    gap = bootstrap(values - values.mean())
    assert gap.low < gap.inner[0] < 0 < gap.inner[1] < gap.high
    claims = repro.Claims(repro.start("x", namespace()))
    claims.equivalent("yes", gap, 1.01 * max(-gap.inner[0], gap.inner[1]))
    claims.equivalent("no", gap, 0.99 * max(-gap.inner[0], gap.inner[1]))
    assert [r["holds"] for r in claims.rows] == [True, False]


def test_few_units_are_said_under_the_table(monkeypatch, results):
    seen = shown(monkeypatch)
    for counts in ((28, 20), (28, 6, 10, 10)):
        claims = repro.Claims(repro.start("x", namespace()))
        for n in counts:
            claims.within("any", Interval(0.0, -1, 1, n), -2, 2)
        claims.above("a plain number has no units", 1.0, 0)
        claims.table()
    many, few = (a[0].data for a, _ in seen)
    assert "Intervals over" not in many
    assert few.endswith("where values are skewed.") and "over 6, 10 units" in few


def test_a_checkpoint_is_of_one_training_of_one_full_run(monkeypatch, tmp_path):
    from metaad.repro import run as module

    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path / "results"))

    def of(name="a", profile="full", **parameters):
        return repro.Run("lesson", profile, 0, "cpu", parameters).checkpoint(name)

    assert of(profile="quick") is None
    assert of().parent == tmp_path / "runs" / "checkpoints"
    assert of() == of()
    monkeypatch.setattr(module, "package_version", lambda: "another")
    others = {of(), of("b"), of(seed=1), of(seed=2)}
    monkeypatch.undo()
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path / "results"))
    assert len(others | {of()}) == 5


def test_where_no_checkpoint_can_be_written_a_run_goes_without(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setattr("metaad.repro.records.folders", lambda: [blocked / "results"])
    assert repro.Run("lesson", "full", 0, "cpu", {}).checkpoint("a") is None


def test_claims_without_any_claim_are_an_error():
    with pytest.raises(repro.ClaimError, match="no claim was checked"):
        repro.Claims(repro.start("x", namespace())).table()


def test_json_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.json"
    repro.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        repro.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1} and [
        p.name for p in tmp_path.iterdir()
    ] == ["a.json"]


def test_recorded_results_that_are_missing_say_how_to_get_them():
    with pytest.raises(
        FileNotFoundError, match=r"nothing_here.json.*make full.*experiments"
    ):
        repro.recorded("nothing_here")


def test_json_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        repro.write_json(tmp_path / "a.json", {"a": 1})
    assert not list(tmp_path.iterdir())


def blocked(tmp_path):
    """A folder in which nothing can be made, for root too: its parent is a file."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "results"


def test_a_course_folder_that_is_read_only_costs_one_sentence(
    tmp_path, monkeypatch, capsys
):
    seen = shown(monkeypatch)
    monkeypatch.setenv("METAAD_RESULTS", str(blocked(tmp_path)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(repro.records, "checkout", lambda: None)
    claims = repro.Claims(repro.start("x", namespace()))
    claims.above("clear", 1.0, 0)
    claims.table()
    path = tmp_path / "cache" / "metaad" / "results" / "quick" / "x.claims.json"
    assert seen and json.loads(path.read_text())["claims"][0]["holds"]
    out = capsys.readouterr().out
    assert (
        out.count("\n") == 1 and f"can't be written; the results are in {path}" in out
    )
    assert repro.results_dir() == tmp_path / "cache" / "metaad" / "results"
    repro.write_json(path.parents[1] / "full.json", {"a": 1})
    assert repro.recorded("full") == {"a": 1}


def test_where_nothing_can_be_written_the_lesson_still_ends(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("METAAD_RESULTS", str(blocked(tmp_path)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(repro.records, "checkout", lambda: None)
    assert repro.start("x", namespace()).record("x", a=1) is None
    assert "The results were not kept" in capsys.readouterr().out


def test_without_a_checkout_nothing_is_written_beside_the_package(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("METAAD_RESULTS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert repro.records.folders() == [
        checkout() / "data" / "results",
        tmp_path / "metaad" / "results",
    ]
    monkeypatch.setattr(repro.records, "checkout", lambda: None)
    assert repro.records.folders() == [tmp_path / "metaad" / "results"]


def test_a_digest_tells_apart_type_shape_and_value():
    a = np.arange(6.0)
    others = [a.astype("float32"), a.reshape(2, 3), a + np.eye(6)[0]]
    assert len({repro.digest(x) for x in [a, *others]}) == 4 and repro.digest(
        a
    ) == repro.digest(a.copy())


def draw(points):
    from matplotlib import pyplot as plt

    plots.style()
    figure, axes = plt.subplots()
    axes.plot(points)
    return figure


def test_a_figure_shows_its_alternative_text_and_the_fingerprint_of_its_pixels(
    monkeypatch,
):
    seen = shown(monkeypatch)
    for points in ([1, 2, 3], [1, 2, 3], [1, 2, 4]):
        plots.show(draw(points), alt="A line that rises from one to three.")
    texts = [a[0]["text/plain"] for a, _ in seen]
    assert texts[0] == texts[1] != texts[2]
    png, alt = plots.base.shown({"data": seen[0][0][0]})
    assert alt == "A line that rises from one to three."
    assert texts[0] == f"Figure: {alt} [pixels {pixel_fingerprint(png)}]"
    assert seen[0][1]["metadata"]["metaad"]["faults"] == []


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt must say in a sentence"):
        plots.show(draw([1, 2]), alt="plot")


def test_progress_passes_items_through_in_order():
    assert list(progress.progress(iter(range(5)), total=5, label="x")) == list(range(5))
