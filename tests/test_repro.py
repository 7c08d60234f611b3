"""Parameters are checked, claims can fail, figures carry the fingerprint of their
pixels.
"""

import json

import numpy as np
import pytest
import torch

from metaad import plots, progress, repro
from metaad.metrics import Interval
from metaad.plots.base import pixel_fingerprint


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


def namespace(injected=None, **values):
    declared = {
        "profile": str,
        "seed": int,
        "device": str,
        "rate": float,
        "names": list,
    }
    found = {
        "profile": "quick",
        "seed": 0,
        "device": "auto",
        "rate": 0.1,
        "names": [],
        **values,
    }
    sources = ["", "profile: str = 'quick'"] + (
        [f"# Parameters\n{injected}"] if injected else []
    )
    return {"__annotations__": declared, "In": sources, **found}


def shown(monkeypatch):
    """What a notebook would display, in order."""
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
        ({"profile": "fast"}, "profile must be one of quick, full, got 'fast'"),
        ({"seed": -1}, "seed must lie between 0 and 2"),
        ({"seed": "abc"}, "seed must be of type int, got 'abc'"),
        ({"seed": True}, "seed must be of type int, got True"),
        ({"rate": "high"}, "rate must be of type float"),
        ({"device": "cuda"}, "no CUDA device is available here; use 'auto' or 'cpu'"),
    ],
)
@pytest.mark.skipif(
    torch.cuda.is_available(), reason="one case needs a machine without CUDA"
)
def test_a_bad_value_gets_one_sentence(values, message):
    with pytest.raises(repro.ParameterError, match=message):
        repro.start("x", namespace(**values))


def test_undeclared_standard_parameters_are_named():
    with pytest.raises(repro.ParameterError, match="missing: device, seed"):
        repro.start("x", {"__annotations__": {"profile": str}, "profile": "quick"})


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
    with pytest.raises(FileNotFoundError, match=r"nothing_here.json.*make full"):
        repro.recorded("nothing_here")


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


@pytest.mark.parametrize(
    ("right", "answer"), [(True, "Correct."), (False, "Not yet. Look at the sign.")]
)
def test_an_exercise_answers_at_once(right, answer, capsys):
    repro.check(right, hint="Look at the sign.")
    assert capsys.readouterr().out.strip() == answer
