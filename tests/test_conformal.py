"""Conformal p-values are exact where mathematics says so, conservative where it says
that, and say what they can't promise.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad import saving
from metaad.detectors import (
    Detector,
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.meta import FewLabelEnsemble
from metaad.practice import Conformal, rate_for, realised
from metaad.practice.calibration import folds, kept_out, kinds_of
from metaad.practice.conformal import counts, p_values
from metaad.practice.rates import promise

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
VALUES = list(itertools.product(range(3), repeat=4))
NEW = np.r_[RNG.normal(size=(20, 3)), RNG.normal(size=(5, 3)) + 6]


class FirstColumn(Detector):
    """Score = the first column; remembers what it was fitted on."""

    def __init__(self, contamination=0.1, random_state=None):
        self.contamination, self.random_state = contamination, random_state

    def fit(self, X, y=None):
        self.seen_, self.labels_ = np.asarray(X)[:, 0], y
        return super().fit(X)

    def _fit(self, X):
        pass

    def _anomaly(self, X):
        return X[:, 0]


def rotations(scores):
    """Each score in turn is the new row's, the others calibrate: (rest, new)."""
    return [(np.delete(scores, i), scores[i : i + 1]) for i in range(len(scores))]


# --- the p-value itself


def test_p_values_are_the_places_counted_by_hand():
    calibration = [3.0, 1.0, 2.0, 2.0]
    found = p_values(calibration, [4.0, 3.0, 2.5, 2.0, 0.0])
    np.testing.assert_array_equal(found, [1 / 5, 2 / 5, 2 / 5, 4 / 5, 1])
    odder, equal = counts(calibration, np.array([2.0, 9.0]))
    assert odder.tolist() == [1, 0] and equal.tolist() == [2, 0]


@pytest.mark.parametrize("m", [1, 2, 4, 5])
def test_every_value_is_taken_once_when_the_new_row_may_stand_anywhere(m):
    for order in itertools.permutations(range(m + 1)):
        scores = np.array(order, dtype=float)
        found = [p_values(rest, new)[0] for rest, new in rotations(scores)]
        wanted = np.arange(1, m + 2) / (m + 1)
        np.testing.assert_allclose(sorted(found), wanted, rtol=0, atol=0)


@pytest.mark.parametrize("values", VALUES)
def test_with_ties_the_rate_is_never_above_what_was_asked(values):
    found = np.array([p_values(*r)[0] for r in rotations(np.array(values, float))])
    for rate in np.arange(1, 41) / 40:
        assert (found <= rate).mean() <= rate


@pytest.mark.parametrize("values", VALUES)
def test_ties_broken_by_uniform_draws_make_p_exactly_uniform(values):
    low, high = (
        np.array([p_values(*r, u=u)[0] for r in rotations(np.array(values, float))])
        for u in (0.0, 1.0)
    )
    # p is linear in u, so given the scores it is uniform between its two ends
    for rate in np.linspace(0, 1, 21):
        chance = np.clip((rate - low) / (high - low), 0, 1).mean()
        assert chance == pytest.approx(rate, abs=1e-12)


def test_scores_that_agree_to_ten_digits_tie():
    assert p_values([1.0], [1.0 - 1e-13])[0] == 1.0
    assert p_values([1.0], [1.0 + 1e-13])[0] == 1.0
    assert p_values([1.0], [1.0 + 1e-6])[0] == 0.5


def test_an_anomaly_among_the_calibration_rows_only_makes_p_larger():
    calibration, new = RNG.normal(size=50), RNG.normal(size=200)
    clean = p_values(calibration, new)
    for i in range(0, 50, 7):
        dirty = calibration.copy()
        dirty[i] += 5
        assert (p_values(dirty, new) >= clean).all()


# --- what rate is realised


@pytest.mark.parametrize(("m", "rate"), [(19, 0.05), (50, 0.1), (200, 0.05)])
def test_the_realised_rate_follows_the_beta_distribution(m, rate):
    k = int(rate * (m + 1))
    draws = np.sort(np.random.default_rng(1).random((4000, m)), axis=1)
    threshold = draws[:, m - k]
    # scores above the k-th largest calibration score are called odd
    found = 1 - threshold
    assert stats.kstest(found, stats.beta(k, m + 1 - k).cdf).pvalue > 0.01
    edge = np.nextafter(np.float32(threshold[0]), 2)
    assert p_values(draws[0], [edge])[0] <= rate < p_values(draws[0], threshold[:1])[0]
    value, low, high, n = realised(rate, m)
    assert (value, n) == (k / (m + 1), m)
    assert np.mean((found >= low) & (found <= high)) == pytest.approx(0.95, abs=0.012)


def test_the_mean_rate_over_draws_of_the_calibration_rows_is_the_rate():
    rates = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows, new = rng.normal(size=(160, 2)), rng.normal(size=(400, 2))
        odd = Conformal(KNNDetector(3), random_state=seed).fit(rows)
        rates.append(odd.alerts(new, 0.1).mean())
    k = int(0.1 * 41)
    error = np.sqrt(stats.beta(k, 41 - k).var() / 60)
    assert abs(np.mean(rates) - k / 41) < 3 * error


def test_the_quantile_of_scores_that_were_fitted_breaks_the_promise():
    fitted, calibrated = [], []
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        rows, new = rng.normal(size=(100, 20)), rng.normal(size=(500, 20))
        plain = MahalanobisDetector(contamination=0.05).fit(rows)
        fitted.append((plain.predict(new) < 0).mean())
        odd = Conformal(MahalanobisDetector(), "cross").fit(rows)
        calibrated.append(odd.alerts(new, 0.05).mean())
    assert np.mean(fitted) > 0.1
    error = stats.beta(5, 96).std() / np.sqrt(40)
    assert abs(np.mean(calibrated) - 5 / 101) < 3 * error


# --- which rows fit and which calibrate


def test_the_rows_that_calibrate_are_not_among_those_that_fit():
    odd = Conformal(FirstColumn()).fit(X)
    fitted, calibrated = odd.detector_.seen_, odd.calibration_
    assert len(calibrated) == 20 and not set(fitted) & set(calibrated)
    assert sorted([*fitted, *calibrated]) == sorted(X[:, 0])


def test_in_cross_each_row_is_scored_by_a_detector_that_has_not_seen_it():
    odd = Conformal(KNNDetector(2), "cross").fit(X[:25])
    parts = folds(kinds_of(X[:25], None), 10, 0)
    by_hand = [KNNDetector(2).fit(X[:25][parts != k]) for k in range(10)]
    own = [anomaly_score(d, X[:25][parts == k]) for k, d in enumerate(by_hand)]
    assert (odd.calibration_ == np.concatenate(own)).all() and odd.n_calibration == 25
    scores = anomaly_score(by_hand[0], NEW)
    assert (anomaly_score(odd, NEW) == scores).all()
    assert (odd.p_values(NEW) == p_values(odd.calibration_, scores)).all()


def test_known_anomalies_always_fit_and_never_calibrate():
    y = np.repeat([1, 0, -1], [8, 24, 48])
    for calibration in (0.25, "cross", "fitted"):
        detector = FirstColumn().fit(X[:1].repeat(2, axis=0))
        odd = Conformal(detector, calibration).fit(X, y)
        assert not set(odd.calibration_) & set(X[:8, 0])
        if calibration != "fitted":
            found = odd.detector_
            assert set(X[:8, 0]) <= set(found.seen_)
            place = [list(X[:, 0]).index(v) for v in found.seen_]
            assert (found.labels_ == y[place]).all()
    parts = kept_out(kinds_of(X, y), 0.25, 0)
    assert [(parts[y == kind] == 0).sum() for kind in (1, 0, -1)] == [0, 6, 12]
    parts = folds(kinds_of(X, y), 10, 0)
    assert (parts[y == 1] == -1).all()
    assert np.ptp(np.bincount(parts[y != 1])) <= 1


def test_a_fitted_detector_calibrates_with_all_rows_and_stays_as_it_is():
    detector = KNNDetector(3).fit(X[:40])
    odd = Conformal(detector, "fitted").fit(X[40:])
    assert odd.detector_ is detector and odd.n_calibration == 40
    wanted = p_values(anomaly_score(detector, X[40:]), anomaly_score(detector, NEW))
    assert (odd.p_values(NEW) == wanted).all()


@pytest.mark.parametrize("calibration", [0.25, "cross"])
@pytest.mark.parametrize(
    "detector",
    [
        IsolationForest(20, random_state=0),
        KNNDetector(3),
        LocalOutlierFactor(5, novelty=True),
        make_pipeline(StandardScaler(), LocalOutlierFactor(5, novelty=True)),
        FewLabelEnsemble(n_trees=10, random_state=0),
    ],
    ids=lambda d: type(d).__name__,
)
def test_every_detector_gets_p_values_that_come_back_bit_for_bit(
    detector, calibration, tmp_path
):
    y = np.full(80, -1)
    y[:30], y[[40, 41, 42]] = 0, 1
    rows = X.copy()
    rows[[40, 41, 42]] += 6
    labels = (y,) if isinstance(detector, FewLabelEnsemble) else ()
    odd = Conformal(detector, calibration, random_state=3).fit(rows, *labels)
    p = odd.p_values(NEW)
    assert ((p > 0) & (p <= 1)).all() and p[20:].max() < p[:20].min() + 0.1
    saving.save(tmp_path / "a", odd)
    back = saving.load(tmp_path / "a")
    for ask in (
        lambda o: o.p_values(NEW),
        lambda o: o.p_values(NEW, random_state=1),
        lambda o: o.score_samples(NEW),
        lambda o: o.alerts(NEW, 0.1),
    ):
        assert ask(back).tobytes() == ask(odd).tobytes()
    saving.save(tmp_path / "b", back)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert back.promise(0.1) == odd.promise(0.1)


def test_a_file_without_calibration_or_detector_is_refused(tmp_path):
    odd = Conformal(KNNDetector(3)).fit(X)
    odd.calibration_ = odd.calibration_[:0]
    saving.save(tmp_path / "a", odd)
    with pytest.raises(saving.SavedFileError, match="no row calibrates"):
        saving.load(tmp_path / "a")
    odd.detector_ = 5
    with pytest.raises(ValueError, match="detector_ .* must be a detector that scores"):
        saving.save(tmp_path / "b", odd)


def test_a_frame_keeps_its_names_and_warns_of_nothing(recwarn):
    frame = pd.DataFrame(X, columns=list("abc"))
    odd = Conformal(KNNDetector(3)).fit(frame)
    p = odd.p_values(pd.DataFrame(NEW, columns=list("abc")))
    assert (p == Conformal(KNNDetector(3)).fit(X).p_values(NEW)).all()
    assert odd.detector_.feature_names_in_.tolist() == list("abc")
    assert not recwarn.list


def test_random_ties_ask_for_a_seed_and_keep_to_it():
    rows = np.round(X)
    odd = Conformal(FirstColumn()).fit(rows)
    p = odd.p_values(np.round(NEW))
    one, two, other = (odd.p_values(np.round(NEW), random_state=s) for s in (1, 1, 2))
    assert (one == two).all() and (one != other).any()
    assert (one <= p).all() and (one > 0).all()


# --- rates and sentences


def test_alerts_per_day_become_a_rate():
    assert rate_for(5, 10_000) == 0.0005
    for wrong in ((0, 10), (-1, 10), (3, 0), (True, 9), ("5", 10), (10, 10)):
        with pytest.raises(ValueError, match="alerts|rows_per_day"):
            rate_for(*wrong)


def test_a_rate_that_so_few_rows_cant_tell_from_zero_says_what_to_do():
    odd = Conformal(KNNDetector(3)).fit(X)
    with pytest.raises(ValueError, match="needs 99 calibration rows .* are 20.*0.0476"):
        odd.alerts(NEW, 0.01)
    assert odd.promise(0.01).startswith("A rate of 0.01 needs 99")
    assert odd.alerts(NEW, 1 / 21).dtype == bool
    for m in (9, 19, 20, 99, 199, 999):  # 1 / (m + 1) itself is allowed
        assert realised(1 / (m + 1), m).value == pytest.approx(1 / (m + 1))
        with pytest.raises(ValueError, match=f"needs {m + 1:,} calibration"):
            realised(1 / (m + 2), m)


def test_the_promise_says_how_far_the_rate_may_be_off():
    wanted = "Of normal rows 1 % are called odd on average; with these 199 calibration"
    assert promise(0.01, 199).startswith(wanted)
    assert "0.12 % to 2.8 %" in promise(0.01, 199)
    assert (
        Conformal(KNNDetector(3), "cross").fit(X).promise(0.05).count("not seen it")
        == 1
    )


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, True, "0.1", None, np.nan])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="rate is the share"):
        Conformal(KNNDetector(3)).fit(X).alerts(NEW, rate)


@pytest.mark.parametrize("calibration", [0, 1, 1.5, -0.2, "half", None, True])
def test_a_calibration_that_is_none_is_refused(calibration):
    with pytest.raises(ValueError, match="calibration must be"):
        Conformal(KNNDetector(3), calibration).fit(X)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.zeros(5), "one label per row, 80"),
        (np.full(80, 2), "got 2"),
        (np.repeat(["fraud", "ok"], 40), "got fraud, ok"),
        (np.ones(80, int), "leaves 0 to calibrate"),
    ],
)
def test_labels_that_are_none_are_refused(y, says):
    with pytest.raises(ValueError, match=says):
        Conformal(KNNDetector(3)).fit(X, y)


def test_too_few_rows_and_no_detector_are_refused():
    with pytest.raises(ValueError, match="give more rows, or"):
        Conformal(KNNDetector(1)).fit(X[:1])
    with pytest.raises(ValueError, match="at least 4 rows"):
        Conformal(KNNDetector(1), "cross").fit(X[:3])
    with pytest.raises(TypeError, match="novelty=True"):
        Conformal(LocalOutlierFactor()).fit(X)
    with pytest.raises(TypeError, match="needs an outlier detector"):
        Conformal("forest").fit(X)
