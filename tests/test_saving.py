"""Every fitted object to disk and back: bit-equal scores, equal bytes, and one sentence
for every file that is not what it says.
"""

import functools
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest as SklearnForest
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import OneClassSVM

from metaad import saving
from metaad.attacks import ExposureDetector
from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    GANDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    WGANDetector,
)
from metaad.detectors.forest.leaf_values import HALVED
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.meta import (
    MAML,
    PLDA,
    Adversarial,
    FewLabelEnsemble,
    FewShotDetector,
    LabelContrast,
    Mahalanobis,
    ProtoNet,
    Reptile,
    Stack,
)
from metaad.meta.few_shot import few_shot
from metaad.nets import MLP, ConvNet
from metaad.practice import DriftAlarm
from metaad.saving import SavedFileError, file, objects
from metaad.saving.classes import CLASSES, class_of
from metaad.search import (
    TRPO,
    ArchitectureSearch,
    ForestPolicy,
    ForestScore,
    Reinforce,
)
from metaad.search.architecture.search import architectures
from metaad.search.tuning import surrogate
from metaad.tasks import ResampledTasks
from metaad.tasks.tables import LabelledTable, TableTasks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NEW = np.r_[RNG.normal(size=(20, 4)), X[:5], 9 + RNG.normal(size=(5, 4))]
POLICY = SplitPolicy({"gap*distinct": 0.7}, share=0.5, score=HALVED)


def tables():
    made = []
    for name in "abc":
        rows = np.r_[RNG.normal(size=(50, 4)), RNG.normal(size=(10, 4)) + 3]
        made.append(LabelledTable(rows, np.repeat([0, 1], [50, 10]), name, name))
    return TableTasks(made)


TABLES = tables()


def meta(cls, net, **options):
    options = {
        "iterations": 2,
        "n_tasks": 2,
        "random_state": 0,
        "device": "cpu",
    } | options
    return cls(net, **options).fit(ResampledTasks(X, dtype=torch.float64))


def stack(**options):
    options = {"draws": 1, "counts": (1, 2), "n_trees": 10, "pairs": 20} | options
    return Stack(**options).fit(TABLES)


def labels():
    y = np.full(60, -1)
    y[[0, 1, 2, 55, 57]] = 0, 0, 0, 1, 1
    return y


def autoencoder(**options):
    options = {"hidden": (8,), "code_size": 2, "epochs": 2, "device": "cpu"} | options
    return AutoencoderDetector(random_state=0, **options).fit(X)


def gan(kind, **options):
    options = {"hidden": (8,), "epochs": 1, "encoder_epochs": 1} | options
    return kind(random_state=0, device="cpu", **options).fit(X)


def net(out=1):
    torch.manual_seed(0)
    return MLP((4, 8, out))


def piped(scaler, last):
    """A scaler and a detector as one."""
    return make_pipeline(clone(scaler), clone(last)).fit(X)


FITTED = {
    "k-means": lambda: KMeansDetector(3, random_state=0).fit(X),
    "k nearest neighbours": lambda: KNNDetector(4, "median").fit(X),
    "denoising autoencoder": lambda: DenoisingAutoencoder(
        (6,), epochs=2, device="cpu", random_state=0
    ).fit(X),
    "Mahalanobis distance": lambda: MahalanobisDetector(0.1).fit(X),
    "principal components": lambda: PCADetector(2).fit(X),
    "forest": lambda: IsolationForest(10, random_state=0).fit(X),
    "forest of shares": lambda: IsolationForest(
        5, max_samples=0.4, contamination=0.2, random_state=0
    ).fit(X),
    "forest with a policy of the package": lambda: IsolationForest(
        8, policy="halved", random_state=0
    ).fit(X),
    "forest with a policy and a learned score": lambda: IsolationForest(
        8, policy=POLICY, random_state=0
    ).fit(X),
    "autoencoder": autoencoder,
    "autoencoder in float64": lambda: autoencoder(dtype="float64", scale=None),
    "GAN": lambda: gan(GANDetector),
    "WGAN": lambda: gan(WGANDetector, dtype="float64", scored_by="critic"),
    "exposure": lambda: ExposureDetector(
        passes=4, hidden=(6,), device="cpu", random_state=0
    ).fit(X),
    "LOF": lambda: LocalOutlierFactor(5, novelty=True).fit(X),
    "LOF, manhattan": lambda: LocalOutlierFactor(
        5, metric="manhattan", novelty=True
    ).fit(X),
    "One-Class SVM": lambda: OneClassSVM(nu=0.2).fit(X),
    "scikit-learn's forest": lambda: SklearnForest(n_estimators=5, random_state=0).fit(
        X
    ),
    **{
        f"{type(scaler).__name__} and {type(last).__name__}": partial(
            piped, scaler, last
        )
        for scaler, last in (
            (StandardScaler(), LocalOutlierFactor(5, novelty=True)),
            (MinMaxScaler((0, 2)), IsolationForest(5, random_state=0)),
            (RobustScaler(), OneClassSVM(nu=0.2)),
            (StandardScaler(with_mean=False), KMeansDetector(2, random_state=0)),
        )
    },
    "few-shot detector": lambda: meta(MAML, net()).adapt(X[:6]),
    "few-shot detector with labels": lambda: FewShotDetector(
        meta(MAML, net()), contamination=0.2
    ).fit(X[:6], np.array([0, 0, 1, 0, 0, 0])),
    "stack detector": lambda: stack().adapt(TABLES[0].X, labels()),
    "stack detector, adapted by steps": lambda: stack(steps=1).adapt(
        TABLES[0].X, labels()
    ),
    "ensemble of few labels": lambda: FewLabelEnsemble(
        n_trees=10, random_state=0, max_rows=40
    ).fit(X, labels()),
    "ensemble without labels": lambda: FewLabelEnsemble(n_trees=10, random_state=3).fit(
        X
    ),
    "contrast of few labels": lambda: LabelContrast().fit(X, labels()),
    "stack detector of a large table": lambda: stack(max_rows=40).adapt(
        TABLES[0].X, labels()
    ),
}
LEARNERS = {
    "MAML": lambda: meta(MAML, net(), rates="entry", layers="last"),
    "MAML with learned rates": lambda: meta(MAML, net(), rates="tensor", average=0.9),
    "Reptile": lambda: meta(Reptile, net()),
    "ProtoNet": lambda: meta(ProtoNet, net(3)),
    "Mahalanobis": lambda: meta(Mahalanobis, net(3)),
    "PLDA": lambda: meta(PLDA, net(3), shots=(2,)),
    "Adversarial": lambda: meta(Adversarial, net(3), width=4, noise=2),
    "Adversarial, mixing": lambda: meta(Adversarial, net(3), anomalies="mixer"),
}
# a meta-learner about a detector, and what it was fitted to
ABOUT = {
    "forest": IsolationForest(8, random_state=0),
    "LOF": LocalOutlierFactor(5),
    "autoencoder": AutoencoderDetector((6,), 2, epochs=2, device="cpu", random_state=0),
    "k-means": KMeansDetector(3, n_init=1, random_state=0),
}
SOURCES = {
    "an array": lambda: X,
    "tables of one width": lambda: TABLES,
    "tables of two widths": lambda: TWO_WIDTHS,
}


def about(cls, detector, tasks):
    """A meta-learner about a detector, from two configurations tried."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surrogate, "CONFIGS", 2)
        patch.setattr(surrogate, "DRAWS", 2)
        options = {"iterations": 2, "n_tasks": 2, "random_state": 0, "device": "cpu"}
        return cls(ABOUT[detector], **options).fit(SOURCES[tasks]())


def begun(alarm, scores):
    """An alarm that has seen some rows."""
    alarm.update(scores)
    return alarm


TWO_WIDTHS = TableTasks([TABLES[0], TABLES[1]._replace(X=TABLES[1].X[:, :3])])
TUNERS = {
    f"{cls.__name__} about {detector}, {tasks}": partial(about, cls, detector, tasks)
    for cls in (MAML, Reptile)
    for detector in (ABOUT if cls is MAML else ("forest", "autoencoder"))
    for tasks in SOURCES
    if detector == "autoencoder" or tasks != "tables of one width"
}
CHOOSERS = {
    "REINFORCE": lambda: Reinforce(KMeansDetector(), iterations=2, random_state=0).fit(
        TABLES
    ),
    "REINFORCE with a context": lambda: Reinforce(
        LocalOutlierFactor(), iterations=2, context=("log rows",), random_state=0
    ).fit(TABLES),
    "TRPO": lambda: TRPO(KNNDetector(), iterations=2, random_state=0).fit(TABLES),
}
OTHERS = {
    "stack": stack,
    "split policy": lambda: POLICY,
    "forest policy": lambda: ForestPolicy(iterations=2, n_trees=4, random_state=0).fit(
        TABLES
    ),
    "forest score": lambda: ForestScore(POLICY, n_trees=8, random_state=0).fit(TABLES),
    "drift alarm": lambda: begun(DriftAlarm(0.1).fit(X[:, 0]), X[:9, 1]),
    "architecture search": lambda: ArchitectureSearch(
        AutoencoderDetector(epochs=1, device="cpu"),
        "reinforce",
        budget=2,
        space=architectures((0, 1), (4, 8), (1.0, 0.5), (1, 2)),
        random_state=0,
    ).fit(list(TABLES)),
}
ALL = FITTED | LEARNERS | TUNERS | CHOOSERS | OTHERS


@functools.cache
def fitted(name):
    with torch.random.fork_rng():
        return ALL[name]()


@pytest.fixture(params=ALL)
def name(request):
    return request.param


def there_and_back(value, path):
    saving.save(path, value)
    return saving.load(path)


def same(a, b):
    """Equal all the way down, types and bits."""
    if isinstance(a, torch.nn.Module):
        one, two = a.state_dict(), b.state_dict()
        return list(one) == list(two) and all(torch.equal(one[n], two[n]) for n in one)
    if isinstance(a, (torch.Tensor, np.ndarray)):
        return a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return set(a) == set(b) and all(same(a[n], b[n]) for n in a)
    return a == b or (hasattr(a, "__dict__") and type(a) is type(b))


@pytest.mark.parametrize("name", FITTED)
def test_a_detector_comes_back_with_the_same_scores_bit_for_bit(name, tmp_path):
    detector = fitted(name)
    back = there_and_back(detector, tmp_path / "d")
    assert type(back) is type(detector)
    for method in ("score_samples", "decision_function", "predict"):
        one, two = getattr(detector, method)(NEW), getattr(back, method)(NEW)
        assert one.tobytes() == two.tobytes() and one.dtype == two.dtype
    assert str(back.get_params()) == str(detector.get_params())


@pytest.mark.parametrize("name", LEARNERS)
def test_a_meta_learner_comes_back_and_adapts_to_the_same_scores(name, tmp_path):
    learner = fitted(name)
    back = there_and_back(learner, tmp_path / "m")
    assert back.history_ == learner.history_
    one, two = (m.adapt(X[:5]).score_samples(NEW) for m in (learner, back))
    assert one.tobytes() == two.tobytes()
    one, two = (m.optimize(net(), X[:5]).predict(NEW) for m in (learner, back))
    assert (one == two).all()


@pytest.mark.parametrize("name", TUNERS)
def test_what_was_learned_about_a_detector_comes_back_and_optimizes_to_the_same_bits(
    name, tmp_path
):
    learner = fitted(name)
    state = torch.random.get_rng_state()
    back = there_and_back(learner, tmp_path / "m")
    assert torch.equal(state, torch.random.get_rng_state())
    detector = type(learner.estimator)(**learner.estimator.get_params())
    y = labels() if learner.learnable_.unlabelled else np.repeat([0, 1], [50, 10])
    for ask in (
        lambda m: m.optimize(detector, X, y),
        lambda m: m.optimize(detector, X),
        lambda m: m.adapt(X, y),
        lambda m: m.adapt(X),
    ):
        one, two = (ask(m) for m in (learner, back))
        assert str(one.get_params()) == str(two.get_params())
        assert one.score_samples(NEW).tobytes() == two.score_samples(NEW).tobytes()
    assert back.reason_ == learner.reason_


def test_meta_learners_are_made_of_parts_that_other_processes_can_be_sent():
    # joblib sends objects in this form, which knows no closure and no lambda
    for name in (*TUNERS, "MAML", "ProtoNet"):
        assert joblib.hash(fitted(name))


def test_what_is_known_about_a_detector_must_fit_its_network(tmp_path):
    path = tmp_path / "d"

    def check(name, said, arrays=None, text=None):
        saving.save(path, fitted(name))
        old, kept = file.read(path)
        new = text(old) if text else old
        assert text is None or new != old
        file.write(path, new, arrays(kept) if arrays else kept)
        refused(path, said)

    def shorter(kept):
        return {n: a[:2] if a.shape == (4,) else a for n, a in kept.items()}

    def fewer(kept):
        wide = {a.shape for a in kept.values() if a.ndim == 1 and a.dtype == float}
        return {n: a[:-1] if a.shape in wide else a for n, a in kept.items()}

    def nan(kept):
        return {n: a * np.nan if a.dtype == float else a for n, a in kept.items()}

    tuned = "MAML about LOF, tables of two widths"
    check("MAML about autoencoder, an array", "for rows of 2 columns|shape", shorter)
    check("MAML about autoencoder, an array", "NaN|not a finite number", nan)
    impossible = partial(re.sub, r'(?<="n_neighbors", )\d+', "0")
    check(tuned, "configurations must be of", text=impossible)
    widths = partial(re.sub, r'(?<="spread", )[0-9.]+', "NaN")
    check(tuned, "spread of Units must be a finite number", text=widths)
    check(tuned, "its network must take", fewer)


@pytest.mark.parametrize("name", CHOOSERS)
def test_a_controller_comes_back_and_chooses_the_same(name, tmp_path):
    chooser = fitted(name)
    back = there_and_back(chooser, tmp_path / "c")
    y = np.where(np.arange(60) < 50, 0, 1)
    chosen = [c.optimize(type(c.estimator)(), TABLES[0].X, y) for c in (chooser, back)]
    assert str(chosen[0].get_params()) == str(chosen[1].get_params())
    assert same(back.history_, chooser.history_) and back.levels_ == chooser.levels_


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_is_learned_comes_back_whole(name, tmp_path):
    one = fitted(name)
    two = there_and_back(one, tmp_path / "o")
    assert type(one) is type(two) and same(vars(one), vars(two))


def test_a_stack_that_comes_back_adapts_to_the_same_scores(tmp_path):
    back = there_and_back(fitted("stack"), tmp_path / "s")
    y = labels()
    one, two = (
        s.adapt(TABLES[1].X, y).score_samples(NEW) for s in (fitted("stack"), back)
    )
    assert one.tobytes() == two.tobytes()


def test_an_architecture_that_was_found_is_used_after_loading(tmp_path):
    one = fitted("architecture search")
    two = there_and_back(one, tmp_path / "a")
    assert two.trials_.scores == one.trials_.scores and two.best_ == one.best_
    detector = AutoencoderDetector(epochs=1, device="cpu", random_state=0)
    scores = [s.optimize(detector, X).score_samples(NEW) for s in (one, two)]
    assert scores[0].tobytes() == scores[1].tobytes()


def test_equal_objects_give_equal_bytes_and_so_does_saving_what_was_loaded(
    name, tmp_path
):
    saving.save(tmp_path / "one", fitted(name))
    saving.save(tmp_path / "two", saving.load(tmp_path / "one"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    if name != "architecture search":  # it holds the seconds that it took
        with torch.random.fork_rng():
            saving.save(tmp_path / "three", ALL[name]())
        assert (tmp_path / "one").read_bytes() == (tmp_path / "three").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name[0] == ".") == []


def test_detectors_that_are_not_fitted_come_back_too(tmp_path):
    for detector in (
        KMeansDetector(5),
        LocalOutlierFactor(7),
        IsolationForest(policy=POLICY),
    ):
        back = there_and_back(detector, tmp_path / "d")
        assert back.get_params() == detector.get_params() and not hasattr(
            back, "offset_"
        )


def test_column_names_come_back(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcd"))
    detector = KMeansDetector(2, random_state=0).fit(frame)
    back = there_and_back(detector, tmp_path / "d")
    assert list(back.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        back.score_samples(frame.rename(columns={"a": "z"}))


def test_images_come_back_with_the_layout_of_their_convolutions(tmp_path):
    learner = few_shot("ProtoNet", iterations=1, n_tasks=2, side=14, device="cpu")
    images = RNG.random((30, 14 * 14))
    learner.fit(ResampledTasks(images, dtype=torch.float64))
    back = there_and_back(learner, tmp_path / "m")
    one, two = (m.adapt(images[:5]).score_samples(images) for m in (learner, back))
    assert one.tobytes() == two.tobytes()
    weight = next(p for p in back.module_["net"].parameters() if p.ndim == 4)
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_a_checkpoints_path_is_not_carried_over(tmp_path):
    detector = autoencoder(checkpoint=tmp_path / "c")
    assert there_and_back(detector, tmp_path / "d").checkpoint is None


def test_every_class_of_the_table_exists_and_every_learned_attribute_is_listed(name):
    assert all(isinstance(class_of(key), type) for key in CLASSES)
    value = fitted(name)
    row = CLASSES[objects.key_of(value)]
    if not objects.key_of(value).startswith("sklearn."):
        learned = {n for n in vars(value) if n.endswith("_") and n[0] != "_"}
        assert learned <= {*row.learned, *row.left_out}


CLASSICAL = """
import sys
import numpy as np
from metaad import saving
from metaad.detectors import IsolationForest, KMeansDetector, KNNDetector
X = np.random.default_rng(0).normal(size=(30, 3))
for d in (IsolationForest(5, random_state=0), KMeansDetector(2), KNNDetector(3)):
    saving.save(sys.argv[1], d.fit(X))
    assert (saving.load(sys.argv[1]).score_samples(X) == d.score_samples(X)).all()
assert "torch" not in sys.modules
"""


def test_classical_detectors_are_saved_without_torch(tmp_path):
    command = [sys.executable, "-c", CLASSICAL, tmp_path / "d"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- what is refused when it is saved


class Own(KMeansDetector):
    pass


class Odd(torch.nn.Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Own(2).fit(X), "Own is not among the classes that are saved"),
        (print, "not among the classes"),
        (make_pipeline(StandardScaler(), PCA(2)).fit(X), "tensors, arrays|among the"),
        (MAML(Odd()), "made of layers that metaad.saving.nets lists"),
        (KMeansDetector(random_state=np.random.RandomState(0)), "only tensors, arrays"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_and_nothing_is_written(
    value, said, tmp_path
):
    with pytest.raises(TypeError, match=said):
        saving.save(tmp_path / "d", value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["d.metaad", Path("d.metaad")])
def test_path_and_object_the_other_way_round_get_a_sentence_that_says_so(
    path, tmp_path
):
    said = "save takes the path first, then the fitted object.*with the KMeansDetector"
    with pytest.raises(TypeError, match=said):
        saving.save(KMeansDetector(2).fit(X), path)
    assert not list(tmp_path.iterdir())


def test_a_pipeline_that_is_not_fitted_and_one_that_skips_a_step_come_back(tmp_path):
    plain = make_pipeline(StandardScaler(), KMeansDetector(2, random_state=0))
    back = there_and_back(plain, tmp_path / "d")
    assert str(back) == str(plain)
    with pytest.raises(NotFittedError):
        back.predict(NEW)
    assert (back.fit(X).predict(NEW) == plain.fit(X).predict(NEW)).all()
    skipping = Pipeline([("none", "passthrough"), ("last", KMeansDetector(2))]).fit(X)
    back = there_and_back(skipping, tmp_path / "e")
    assert (back.score_samples(NEW) == skipping.score_samples(NEW)).all()


def test_a_pipeline_keeps_the_names_of_its_columns(tmp_path):
    frame = pd.DataFrame(X, columns=[f"column {j}" for j in range(X.shape[1])])
    whole = make_pipeline(StandardScaler(), KMeansDetector(2, random_state=0))
    back = there_and_back(whole.fit(frame), tmp_path / "d")
    assert list(back.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        back.predict(frame[frame.columns[::-1]])


def test_weights_that_are_not_numbers_are_not_saved(tmp_path):
    detector = KMeansDetector(2, random_state=0).fit(X)
    detector.cluster_centers_[0, 0] = np.nan
    with pytest.raises(
        ValueError, match="cluster_centers_ of KMeansDetector holds NaN"
    ):
        saving.save(tmp_path / "d", detector)
    detector.cluster_centers_[0, 0], detector.new_ = 0.0, 1
    with pytest.raises(TypeError, match="KMeansDetector has new_"):
        saving.save(tmp_path / "d", detector)
    assert not list(tmp_path.iterdir())


# ---- what is refused when it is loaded


def refused(path, said):
    with pytest.raises(SavedFileError, match=said) as caught:
        saving.load(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.endswith(".")


def test_every_byte_that_flips_is_noticed(name, tmp_path):
    path = tmp_path / "d"
    saving.save(path, fitted(name))
    whole = path.read_bytes()
    for at in np.linspace(0, len(whole) - 1, 40).astype(int):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[at] ^= mask
            path.write_bytes(damaged)
            refused(path, "not a complete file of metaad.*delete it or restore")


def test_files_that_are_cut_off_foreign_or_missing_are_named(tmp_path):
    path = tmp_path / "d"
    saving.save(path, fitted("k-means"))
    whole = path.read_bytes()
    for damaged in (
        whole[:-1],
        whole[:100],
        whole[:20],
        b"",
        b"\x80\x04N.",
        whole + b"0",
    ):
        path.write_bytes(damaged)
        refused(path, "not a complete file of metaad")
    path.write_bytes((10**15).to_bytes(8, "little") + whole[8:])
    refused(path, "not a complete file")
    refused(tmp_path / "nowhere", "there is no file")
    refused(tmp_path, "there is no file")
    saving.write_tree(path, {"losses": [1.0]})
    refused(path, "holds no object")


def forged(path, change, arrays_change=lambda a: None):
    """The file with another content and the right checksum."""
    text, arrays = file.read(path)
    header = json.loads(text)
    change(header)
    arrays_change(arrays)
    file.write(path, json.dumps(header), arrays)


def content(header):
    """[key, parameters, learned] of the object that a file holds."""
    key, taken, learned = header["tree"]["dict"][0][1]["object"]
    return key, taken["dict"], learned["dict"]


def test_content_that_does_not_fit_is_refused_whoever_wrote_the_checksum(tmp_path):
    path = tmp_path / "d"

    def check(change, said, arrays=lambda a: None, name="k-means"):
        saving.save(path, fitted(name))
        forged(path, change, arrays)
        refused(path, said)

    def key(name):
        return lambda h: h["tree"]["dict"][0][1]["object"].__setitem__(0, name)

    def nothing(header):
        pass

    check(key("os.system"), "'os.system', a class that files may not hold")
    check(key("metaad.detectors.KNNDetector"), "other parameters than this version's")
    check(lambda h: content(h)[1].pop(), "other parameters.*random_state")
    check(lambda h: content(h)[1].append(["more", 1]), "other parameters.*more")
    check(lambda h: content(h)[2].pop(), "is missing")
    check(lambda h: content(h)[2].append(["more_", 1]), "more_ is unknown")
    check(lambda h: h.update(format=3), "format 3")
    check(lambda h: h.pop("tree"), "'tree' is missing")
    check(
        lambda h: content(h)[2][0].__setitem__(1, 10**30),
        "must be .* as in the arrays|shape",
    )
    check(lambda h: content(h)[1][2].__setitem__(1, None), "can't be loaded")

    def centres(make):
        return lambda arrays: arrays.update({"0": make(arrays["0"])})

    check(
        nothing,
        "array of float64, got float32",
        centres(lambda a: a.astype(np.float32)),
    )
    check(nothing, "holds NaN", centres(lambda a: a * np.nan))
    check(nothing, "shape", centres(lambda a: a[:, :3]))
    check(nothing, "axes", centres(lambda a: a[0]))
    check(nothing, "'0' is missing", lambda a: a.clear())

    def trees(arrays):
        arrays["0"][0, 0] = 99

    check(nothing, "cut features 0 to 3 only", trees, "forest")

    def weights(arrays):
        next(a for a in arrays.values() if a.dtype == np.float32)[:] = np.nan

    check(nothing, "weight of Linear is not a finite number", weights, "autoencoder")


def test_a_network_cannot_ask_for_more_memory_than_its_file_brings(tmp_path):
    path = tmp_path / "d"
    saving.save(path, fitted("MAML"))

    def wider(value):
        if isinstance(value, dict) and value.get("layer") == "Linear":
            value["settings"]["out_features"] = 10**12
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, (dict, list)):
                wider(inner)

    forged(path, wider)
    refused(path, r"weight of Linear must have the shape")
    saving.save(path, fitted("MAML"))
    text, arrays = file.read(path)
    file.write(path, text.replace('"Linear"', '"Module"'), arrays)
    refused(path, "'Module' is no layer")


def test_scikit_learns_parts_are_of_trusted_types_and_of_this_version(tmp_path):
    path = tmp_path / "d"
    saving.save(path, fitted("One-Class SVM"))
    text, arrays = file.read(path)
    file.write(path, text.replace('"scikit-learn", "1.', '"scikit-learn", "0.'), arrays)
    refused(path, "fitted by scikit-learn 0.*fit it again")
    import skops.io

    for foreign in (
        Own(2).fit(X),
        partial(print, 1),
        LocalOutlierFactor(5).fit(X),
    ):
        inside = np.frombuffer(skops.io.dumps(foreign), dtype=np.uint8)
        file.write(
            path, text, {"0": inside} if len(arrays) == 1 else arrays | {"0": inside}
        )
        refused(path, "not among the types|holds LocalOutlierFactor")
    file.write(path, text, {n: a[:-9] for n, a in arrays.items()})
    refused(path, "not what skops wrote|can't be loaded")


def test_convolutions_of_any_kind_come_back(tmp_path):
    torch.manual_seed(0)
    module = ConvNet((4, 8), out=3, side=10, batch_norm=True)
    learner = ProtoNet(module)
    back = there_and_back(learner, tmp_path / "m").estimator
    x = torch.rand(2, 100)
    assert type(back) is ConvNet and torch.equal(back.eval()(x), module.eval()(x))
