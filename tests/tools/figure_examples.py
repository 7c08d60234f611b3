"""A call of every function that draws a figure, on made-up numbers."""

import numpy as np

from metaad.metrics import Interval
from metaad.plots import (
    adversarial,
    architectures,
    attacks,
    budgets,
    concept_map,
    concepts,
    context,
    deployment,
    detectors,
    distances,
    drift,
    few_labels,
    few_shot,
    gans,
    images,
    learned_forest,
    learning,
    neighbours,
    one_class,
    own_table,
    policies,
    rates,
    reasons,
    tables,
    tokens,
    trees,
    tuning,
)
from metaad.scores import Permutation

rng = np.random.default_rng(0)
START = rng.bit_generator.state


def example(name):
    """Draw the figure of this name: the same one, whatever was drawn before."""
    rng.bit_generator.state = START
    return FIGURES[name]()


X, Y = rng.normal(size=(60, 2)), np.repeat([0, 1], [50, 10])
COLUMNS = [f"worst fractal dimension {k}" for k in range(30)]
SCORES = rng.normal(size=60) + Y
DIGITS = rng.random((12, 8, 8))
NAMES = ("k-means", "LOF", "One-Class SVM", "Isolation Forest")


def interval(value=0.8, half=0.05):
    return Interval(value, value - half, value + half, 10)


def panel(title):
    distance = np.linalg.norm
    return {
        "title": title,
        "score": lambda p: distance(p, axis=1),
        "normal": X[:50],
        "planted": X[50:53] * 3,
        "caught": np.array([True, True, False]),
    }


STEPS = [(0, 0.1, np.ones(60, bool)), (1, 0.2, X[:, 0] < 0.1)]
GRID = rng.random((30, 30))
RANGE = (1, 2, 5, 10, 20, 40, 80, 160)
RAISE = np.linspace(0.5, 0.9, 6)
ROWS = {f"a method of number {k}": (interval(), rng.random(10)) for k in range(6)}
TABLES = {t: np.where(np.eye(10), np.nan, rng.random((10, 10))) for t in ("a", "b")}
CONTOURS = [[panel(f"{n}, {shape}") for n in NAMES] for shape in ("blob", "ring")]
GRIDS = ("neighbours", [3, 5, 10, 20], "distance", ["euclidean", "manhattan"])
SIZES = (14, 28, 56, 112, 224, 297)

FIGURES = {
    "saving_curves": lambda: budgets.saving_curves(
        {
            title: (
                {
                    name: np.cumsum(np.linspace(height, -2, 401)) - height
                    for name, height in (("a perfect list", 5), ("by lot", 0.5))
                },
                0.05,
                "days of care",
            )
            for title in ("the clinic's table", "the warehouse")
        }
    ),
    "field_gains": lambda: budgets.field_gains(
        {
            field: {
                "kNN, normal rows": rng.normal(8, 9, 7),
                "few labels": rng.random(7),
            }
            for field in ("network", "industry", "supply chain")
        },
        {"all real tables": {"few labels": interval(20, 9)}},
        "gain over the default, % of a perfect list's saving",
    ),
    "world": lambda: budgets.world(
        {
            title: (
                np.arange(60),
                {"stock": np.sin(np.arange(60) / 4), "on order": np.cos(np.arange(60))},
                np.repeat([0, 1, 0, 2, 3], 12),
                ("day", "days of demand"),
            )
            for title in ("one item of the warehouse", "one day of the motorway")
        },
        {1: "late supplier, or incident", 2: "double order", 3: "quiet theft"},
    ),
    "one_class_table": lambda: one_class.one_class_table(
        {
            f"{name}, {view}": {"view": view, "mean": interval(0.9)}
            for view in one_class.VIEWS
            for name in ("kNN", "denoising autoencoder")
        },
        {"a published net": {"auroc": 0.948}},
    ),
    "over_epsilon": lambda: attacks.over_epsilon(
        (0.0, 0.02, 0.05, 0.1, 0.15),
        {
            title: {n: [interval()] * 5 for n in ("autoencoder", "adversarial, gate")}
            for title in ("anomalies attacked", "all attacked")
        },
    ),
    "moved_images": lambda: attacks.moved_images(
        DIGITS[:6], DIGITS[6:], SCORES[:6] / 30, SCORES[6:12] / 30, np.arange(6) > 2
    ),
    "by_attack": lambda: attacks.by_attack(
        {
            n: dict.fromkeys(
                ("FGSM", "PGD-50, 3 starts", "moved on another net"), interval()
            )
            for n in ("plain, 8 grey levels", "adversarial")
        }
    ),
    "critic_on_a_line": lambda: gans.critic_on_a_line(
        np.linspace(-4, 6, 50),
        rng.normal(size=50),
        rng.normal(size=50),
        X[:, 0],
        X[:, 1],
    ),
    "drawn": lambda: gans.drawn(
        {
            n: rng.normal(size=(4, 30, 2))
            for n in ("GAN", "WGAN,\nno penalty", "WGAN-GP")
        },
        [20, 100, 200, 300],
        X[:8],
    ),
    "courses of games": lambda: gans.courses(
        {n: 100 * rng.random((15, 5)) for n in ("GAN", "WGAN, no penalty", "WGAN-GP")},
        20 * np.arange(1, 16),
        "mean slope of h",
        target=1.0,
    ),
    "walk": lambda: gans.walk(
        [0, 0.5, 1, 2],
        {"critic's output, less that of the copy": [interval()] * 4},
        "more real",
    ),
    "contact_sheet": lambda: concepts.contact_sheet(
        DIGITS, [f"{k}.5" for k in range(12)], np.arange(12) < 3, title="twelve"
    ),
    "table_rows": lambda: tables.table_rows(
        rng.normal(size=(60, 30)), Y, COLUMNS, title="a table"
    ),
    "flagged": lambda: neighbours.flagged([(n, X, Y, SCORES) for n in ("one", "two")]),
    "auroc_over_k": lambda: neighbours.auroc_over_k(
        (2, 5, 12, 25, 50, 150),
        {
            m: {f"small groups of {t}": [interval()] * 6 for t in ("a", "normal rows")}
            for m in ("kNN", "LOF")
        },
    ),
    "opened rows": lambda: tables.opened(
        {"a row: found": 0, "a row that is not": 55},
        4 * rng.normal(size=(60, 30)),
        COLUMNS,
    ),
    "growing_difference": lambda: concepts.growing_difference(
        {n: 10.0 ** np.linspace(-16, 0, 50) for n in ("float32, large steps", "b")}
    ),
    "series": lambda: concepts.series([(n, SCORES, Y) for n in "abc"]),
    "clouds": lambda: concepts.clouds([(n, X, Y) for n in "abcd"]),
    "interval_grid": lambda: concepts.interval_grid(
        NAMES, ["global", "local", "cluster", "dependency"], [[interval()] * 4] * 4
    ),
    "masking of moments": lambda: concepts.masking(
        np.linspace(0.002, 0.2, 50),
        {f"{k} standard deviations": np.linspace(9, 2, 50) for k in (5, 10, 1000)},
        3.0,
    ),
    "ellipses": lambda: concepts.ellipses(
        X,
        Y,
        {n: (np.zeros(2), np.eye(2), SCORES > 1) for n in ("all rows", "60 %")},
        chi2=9.2,
    ),
    "pairs_and_roc": lambda: concepts.pairs_and_roc(
        np.repeat([1, 0], [6, 14]), rng.normal(size=20)
    ),
    "against_share": lambda: concepts.against_share(
        np.array([0.005, 0.02, 0.1, 0.5]),
        {"AUROC": [interval()] * 4, "average precision": [interval(0.5)] * 4},
        chance=np.array([0.005, 0.02, 0.1, 0.5]),
    ),
    "scores_and_cost": lambda: concepts.scores_and_cost(
        SCORES,
        Y,
        0.5,
        {f"{k} false alarms": (np.arange(9.0), np.linspace(2, 1, 9)) for k in (5, 50)},
    ),
    "few_anomalies": lambda: concepts.few_anomalies(
        [5, 10, 200], 0.8 + 0.1 * rng.random((3, 200)), 0.85
    ),
    "concept_map": concept_map.concept_map,
    "score_contours": lambda: detectors.score_contours(CONTOURS, steps=20),
    "one line of contours": lambda: detectors.score_contours(
        [[panel(f"{k} centres") for k in (1, 8, 30, 100)]], steps=20, legend=False
    ),
    "neighbourhoods": lambda: detectors.neighbourhoods(
        X, [0, 1, 2], np.full(60, 0.3), 1 + rng.random(60)
    ),
    "intervals": lambda: detectors.intervals(
        {g: {n: interval() for n in NAMES} for g in ("digits", "wine")}, "AUROC"
    ),
    "row_strips": lambda: distances.row_strips(
        {f"{k} % malignant": (2 + 9 * rng.random(60), Y, "p = 0.265") for k in (0, 20)},
        8.0,
        "score of a row: distance to the 5th reference row",
    ),
    "nulls": lambda: distances.nulls(
        {
            f"{k} % malignant": Permutation(0.02, 0.1, rng.normal(size=200) / 99)
            for k in (0, 5, 20)
        }
    ),
    "shifted": lambda: distances.shifted(
        SCORES,
        1.5,
        {n: (RAISE, RAISE) for n in ("Wasserstein", "KL of fitted Gaussians", "MMD")},
    ),
    "seen_map": lambda: distances.seen_map(
        {
            c: {f"largest row score {k}": k / 9 for k in range(9)}
            for c in ("none", "shift", "spread", "too narrow", "one far row")
        }
    ),
    "estimates": lambda: distances.estimates(
        (50, 100, 400, 1600),
        {f"KL({a} ‖ b)": (0.2, [interval(0.1)] * 4) for a in ("wide", "narrow")},
    ),
    "f1_bars": lambda: distances.f1_bars(
        {f"its own rows: tokens but O, {k}": k / 6 for k in range(7)}
    ),
    "isolation_paths": lambda: trees.isolation_paths(
        X, {"far point": (0, STEPS), "central point": (1, STEPS * 5)}
    ),
    "cut_counts": lambda: trees.cut_counts(
        {"far point": rng.integers(1, 9, 99), "central": rng.integers(5, 20, 99)}
    ),
    "line_depths": lambda: trees.line_depths(
        np.sort(X[:20, 0]), RAISE[:1].repeat(20), SCORES[:20]
    ),
    "harmonic": lambda: trees.harmonic(
        np.array([4, 64, 1024]),
        np.array([3.0, 8, 13]),
        np.array([2.5, 7.9, 12.9]),
        {4: 2.9},
    ),
    "next_cut": lambda: trees.next_cut(X, 0, STEPS * 5, 10),
    "dilution": lambda: trees.dilution(
        np.array([1, 3, 10, 30, 100, 300]),
        {k: np.linspace(k / 3, 9, 6) for k in (1, 3, 10)},
        {1: ([1, 10, 100], [1.0, 6.0, 9.0])},
        10.2,
    ),
    "curves over psi": lambda: trees.curves(
        (0, 8, 32),
        {"forest": [interval()] * 3, "LOF": [interval(0.6)] * 3},
        "k",
        "AUROC",
    ),
    "published": lambda: trees.published(
        [
            (f"table {k}", 0.9, {"ours": interval(), "theirs": interval()})
            for k in range(5)
        ]
    ),
    "score_maps": lambda: trees.score_maps(
        {f"ψ = {k}: AUROC 0.91": GRID for k in (4200, 256, 16)}, (-2, 2, -2, 2), X, Y
    ),
    "ghosts": lambda: trees.ghosts(
        GRID, (-9, 9, -9, 9), X, np.array([[5.0, 5.0]]), np.array([[-5.0, -5.0]])
    ),
    "rebuilt": lambda: images.rebuilt(
        DIGITS, DIGITS[::-1], list("444012356789"), ["0.033"] * 12, np.arange(12) > 2
    ),
    "gallery": lambda: images.gallery(
        np.repeat(DIGITS[:10], 2, axis=0), [f"no {k % 10}: 0.027" for k in range(20)]
    ),
    "architecture": lambda: images.architecture((784, 128, 64, 10, 64, 128, 784)),
    "curves over epochs": lambda: images.curves(
        {f"the rows of kind {k}": RAISE + k / 9 for k in range(4)}, "mean error"
    ),
    "scores": lambda: images.scores(SCORES[:50] ** 2, SCORES[50:] ** 2, 0.7),
    "by_class": lambda: images.by_class({n: rng.random(10) for n in NAMES}),
    "sweeps over two kinds of sizes": lambda: images.sweeps(
        {
            x: {f"a longer name, {n}": (RANGE, [interval()] * 8) for n in NAMES}
            for x in ("epochs (autoencoder)", "components (PCA)")
        },
        level=(0.8, "promised"),
    ),
    "gradient_paths": lambda: learning.gradient_paths(
        np.array([[0.0, 1], [2, 0], [1, 1]]),
        np.stack([np.diag([1.0, 4])] * 3),
        {f"start {n}": rng.random((3, 6, 2)) for n in "AB"},
        {f"start {n}": 10.0 ** -np.arange(6.0) for n in "AB"},
    ),
    "outer_steps": lambda: learning.outer_steps(
        {f"after {k} steps": 10.0 ** -np.arange(6.0) for k in (0, 5)}
    ),
    "training": lambda: learning.training(
        (1, 3, 10, 30, 100, 600),
        {n: 3 - RAISE[:6, None] * [0.1, 1.0] for n in (*NAMES, "rate per tensor")},
        {"kernel regression": 0.2},
    ),
    "pulls": lambda: learning.pulls(
        np.linspace(0, 2, 6),
        {t: {n: RAISE for n in ("ERM", "MAML", "Reptile")} for t in ("one", "five")},
    ),
    "attention": lambda: learning.attention(
        np.linspace(-5, 5, 9),
        np.linspace(-4, 4, 6),
        rng.normal(size=(6, 9)),
        np.zeros(9),
        np.ones(9),
        np.sin(np.arange(9.0)),
        np.zeros(6),
    ),
    "adaptation": lambda: learning.adaptation(
        RAISE,
        np.sin(9 * RAISE),
        (RAISE[:3], RAISE[:3]),
        {n: {"before": RAISE, "after 1 step": -RAISE} for n in ("ERM", "MAML", "ANIL")},
    ),
    "errors_by_method": lambda: learning.errors_by_method(
        {n: {f"{k} steps": interval(2.0, 0.2) for k in (0, 1, 5)} for n in NAMES},
        {"floor without adapting": 3.0, "kernel regression": 0.2},
    ),
    "starts": lambda: learning.starts(
        {
            f"curvatures {k} and {k + 7}": {"MAML": RAISE, "FOMAML": -RAISE}
            for k in (1, 3, 5)
        }
    ),
    "cosines": lambda: learning.cosines(
        {f"after {k} outer steps": [1.0, 0.9, 0.5] for k in (1, 100, 300)},
        (0.001, 0.01, 0.1),
    ),
    "proposals": lambda: adversarial.proposals(
        DIGITS[:6], {n: (DIGITS[6:], DIGITS[6:, 0, 0]) for n in ("generator", "mixup")}
    ),
    "ranked": lambda: few_shot.ranked(
        DIGITS[:10], {n: (DIGITS, np.arange(12) % 3 == 0) for n in ("before", "after")}
    ),
    "classes": lambda: few_shot.classes(
        {n: DIGITS.reshape(2, 6, 8, 8) for n in ("real", "overlay", "doodle")}
    ),
    "methods": lambda: few_shot.methods(
        ROWS,
        "AUROC against all other digits: a tick for each digit, mean and interval",
        chance=0.5,
    ),
    "outer_loops": lambda: few_shot.outer_loops(
        {
            name: {
                "loss": np.linspace(0.7, end, 40),
                "at": [1, 20, 40],
                "curvature": [0.2, 1.0, top],
            }
            for name, end, top in (("full", 0.4, 1.2), ("first order", 0.69, 3.2))
        }
    ),
    "pairs": lambda: few_shot.pairs(TABLES),
    "confusions": lambda: few_shot.confusions(
        {t: rng.random((9, 10)) for t in ("real digits only", "with more classes")}
    ),
    "accuracy_by_threshold": lambda: few_shot.accuracy_by_threshold(
        np.arange(6.0) - 3,
        {f"K = {k}": {"kept-out digits": RAISE, "not used": RAISE} for k in (2, 10)},
        {"K = 2": -0.8, "K = 10": -0.4},
    ),
    "looks": lambda: few_shot.looks(
        DIGITS[:8],
        {n: rng.normal(size=(8, 4, 4)) for n in ("before", "after")},
        ["3, normal", *"2580171"],
        {n: ["12.8"] * 8 for n in ("before", "after")},
    ),
    "label_curves": lambda: few_labels.label_curves(
        {t: ((1, 2, 5), {n: RAISE[:3] for n in NAMES}) for t in ("one", "two")}
    ),
    "gains_by_tables": lambda: few_labels.gains_by_tables(
        {
            title: {
                name: ((14, 56, 237), [Interval(v, v - 0.01, v + 0.01, 20)] * 3)
                for name, v in (("stack", 0.0), ("boosted trees", 0.01))
            }
            for title in ("AUROC", "average precision")
        }
    ),
    "p_value_shares": lambda: context.p_value_shares(
        {n: rng.random(50) for n in NAMES[:2]}
    ),
    "weights": lambda: context.weights(
        ["fifth nearest row", *NAMES, "mean of columns"], RAISE[:6] - 0.7
    ),
    "spoilt": lambda: context.spoilt(
        {
            t: {f"{n}, mixed": RAISE[:5] for n in (*NAMES, "kNN, 20 neighbours")}
            for t in ("digits, mean of ten", "breast-cancer")
        },
        (0.0, 0.02, 0.05, 0.1, 0.2),
    ),
    "told_apart": lambda: context.told_apart(
        {"tables-v1, clean": SCORES, "tables-v1, mixed": -SCORES}, Y, 0.05
    ),
    "leaf_curves": lambda: learned_forest.leaf_curves(
        {
            n: {"path": rng.normal(size=5), "parted": rng.normal(size=4)}
            for n in ("plain: minus the path length", "learned from 297 tables")
        },
        {"path": range(5), "parted": range(4)},
        {"path": "path length of the leaf, in cuts", "parted": "most bits of one cut"},
    ),
    "by_tables": lambda: learned_forest.by_tables(
        {"leaves, learned": {n: interval(0.01) for n in (14, 28, 56, 112, 237, 297)}},
        {"leaves by hand": 0.015, "ten times the trees": 0.001},
    ),
    "first_cuts": lambda: learned_forest.first_cuts(
        {n: rng.random(6) for n in ("plain forest", "learned cuts")},
        1 / 6,
        [f"column number {k}" for k in range(6)],
    ),
    "gains": lambda: learned_forest.gains(
        {f"family {k}": v for k, v in enumerate(rng.normal(size=20))}, interval(0.01)
    ),
    "gradient_samples": lambda: policies.gradient_samples(
        {n: X for n in ("no baseline", "running mean", "leave-one-out")},
        np.zeros(2),
        ("logit of option 0", "logit of option 1"),
    ),
    "climbs of policies": lambda: policies.climbs(
        {
            n: dict.fromkeys(("0.03", "0.3", "3"), np.sort(rng.random((4, 51))))
            for n in "AB"
        },
        1,
    ),
    "best_found": lambda: policies.best_found(
        {n: {w: rng.random((4, 21)) for w in ("random search", "TRPO")} for n in "AB"}
    ),
    "reward_hacking": lambda: policies.reward_hacking(
        {n: (rng.random((5, 9)), rng.random((5, 9))) for n in ("reward: a", "b")}
    ),
    "agreement of rewards": lambda: policies.agreement(
        {
            f"Isolation Forest: {k}": (interval(k / 9, 0.3), X[:, 0] / 4)
            for k in range(9)
        }
    ),
    "level_policy": lambda: policies.level_policy(
        {"the policy": rng.random((4, 2))}, {"AUROC": rng.random((4, 2))}, GRIDS
    ),
    "masking of a clump": lambda: tuning.masking(
        X,
        Y,
        {"LOF, k = 10": SCORES, "LOF, k = 40": -SCORES},
        {n: ((2, 5, 10, 40, 90, 99), RAISE) for n in ("LOF", "kNN distance")},
        10,
    ),
    "matrix": lambda: tuning.matrix(
        rng.random((22, 19)),
        np.repeat(["LOF", "kNN", "Isolation Forest"], [10, 6, 3]),
        [f"mnist-5k:{k}" for k in range(22)],
    ),
    "promised_and_kept": lambda: tuning.promised_and_kept(
        {
            f"Isolation Forest, {rows}": {
                "promised by its tables": (SIZES, [0.2] * 6, [0.1] * 6, [0.3] * 6),
                "kept by others": (SIZES, [0.05] * 6, None, None),
            }
            for rows in ("clean", "mixed")
        }
    ),
    "agreement of stand-ins": lambda: tuning.agreement(
        {f"table {k}: −0.64": (X[:, 0], X[:, 1]) for k in range(3)}
    ),
    "grids": lambda: architectures.grids(
        ["PCA", "64-32-16-code"],
        [2, 5, 10, 20, 40],
        {t: (rng.random((2, 5)), ".4f") for t in ("mean AUROC of ten digits", "error")},
        {"error": (0, 1)},
        "code size",
        "encoder",
    ),
    "curves of regret": lambda: architectures.curves(
        [5, 10, 20],
        {n: (RAISE[:3], RAISE[:3] / 2, RAISE[:3] * 2) for n in NAMES},
        ("random search, formula (2)", RAISE[:3]),
    ),
    "cost_and_gain": lambda: architectures.cost_and_gain(
        {n: (k * 20.0, interval(0.04, 0.02)) for k, n in enumerate(NAMES)}
    ),
    "promises": lambda: deployment.promises(
        {
            name: {"own rows": interval(), "conformal": interval(0.05)}
            for name in ("Mahalanobis", "Isolation Forest")
        },
        0.05,
    ),
    "capital": lambda: deployment.capital(
        {"quiet": np.linspace(1, 0.1, 500), "scores rise": np.geomspace(0.1, 1e9, 500)},
        0.05,
        250,
    ),
    "drift courses": lambda: drift.courses(
        np.arange(25, 500, 25),
        {
            name: rng.uniform(0.4, 1, 19)
            for name in ("do nothing", "refit: autoencoder")
        },
        (150, 300),
        (200, 350),
    ),
    "false_alarms": lambda: drift.false_alarms(
        np.arange(40), {"each window": np.linspace(0, 1, 40)}, 0.05
    ),
    "p_values": lambda: drift.p_values(
        {
            "windows of 5": (np.arange(40), rng.uniform(0.01, 1, 40), 0.001, (20, 40)),
            "windows of 20": (np.arange(10), np.full(10, 0.003), 0.005, None),
        }
    ),
    "after_rows": lambda: drift.after_rows(
        (10, 50, 200),
        {"refit: PCA": [interval()] * 3, "classifier": [interval()] * 3},
        0.9,
    ),
    "row_reasons": lambda: reasons.row_reasons(
        [4.1, 0.2, 1.7, -0.6],
        [
            "amount 9,400: above 99.8 % of the rows read",
            "age 31: usual",
            "worst fractal dimension of the cell nucleus 0.0921: unusual together with "
            "mean radius 11.2 (above all of the 50 rows nearest in mean radius)",
            "country DE: usual",
        ],
        title="row 17: p = 0.002",
    ),
    "column_errors": lambda: own_table.column_errors(
        COLUMNS,
        {n: np.exp(rng.normal(size=(2, 30))) for n in ("autoencoder", "PCA")},
        ("normal rows", "10 largest errors"),
    ),
    "columns_moved": lambda: own_table.columns_moved(COLUMNS, rng.random(30), 0.8),
    "over_time": lambda: own_table.over_time(
        {
            "do nothing": (np.arange(100, 900, 100), rng.uniform(0.5, 1, 8)),
            "new supports: context": (np.arange(500, 900, 100), rng.random(4)),
        },
        ylabel="AUROC",
        rang=430,
        adapted=(480,),
        level=0.9,
    ),
    "realised_rates": lambda: rates.realised_rates(
        {n: interval(0.05, 0.004) for n in ("conformal", "quantile of the fit")},
        {n: rng.beta(5, 95, 40) for n in ("conformal", "quantile of the fit")},
        0.05,
        (0.02, 0.1),
    ),
    "sentences": lambda: tokens.sentences(
        {
            title: [
                [
                    ("Ruth", True, 0.9),
                    ("has", False, 0.2),
                    ("seen", False, rng.random()),
                ],
                [(f"word{k}", k == 3, k / 12) for k in range(12)],
            ]
            for title in ("a forest", "one column")
        }
    ),
    "ways_of_counting": lambda: tokens.ways_of_counting(
        {
            name: {
                way: interval(0.6, 0.1)
                for way in ("tokens", "tokens but O", "whole names")
            }
            for name in ("a tagger", "always O")
        }
    ),
    "precisions": lambda: tokens.precisions(
        {f"classifier's features, way {k}": interval(0.1 * k + 0.1) for k in range(8)},
        0.03,
    ),
    "labelled_sentences": lambda: tokens.labelled_sentences(
        (5, 10, 20, 50, 100, 200),
        [interval(0.1 * k + 0.2) for k in range(6)],
        {"a capital inside the sentence": 0.4, "the best detector": 0.3},
    ),
}
