"""AE-MAML: what is learnable in an autoencoder.

Inner loss: rebuild the support. Outer loss: rebuild anomalies worse.
"""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import clone
from torch.nn.functional import mse_loss, softplus

from metaad.meta.learnables import Learnable
from metaad.meta.one_table import as_set, say
from metaad.nets import Autoencoder
from metaad.tasks.draws import kept


def rebuild_loss(out, x, y=None):
    """Compute the mean squared error of rebuilding the normal rows: tensor (n_tasks,).

    out, x : tensors (n_tasks, n, d).
    y : (n_tasks, n), 1 for an anomaly; None if all rows are normal.
    """
    errors = _mean_squares(out, x)  # (n_tasks, n)
    if y is None:
        return errors.mean(dim=1)
    return ((1 - y) * errors).sum(dim=1) / (1 - y).sum(dim=1)


def bounded_rebuild_loss(out, x, y=None):
    """Compute `rebuild_loss` with each row's error e above 1 replaced by 1 + log e:
    tensor (n_tasks,).

    Standardised rows have a mean square of 1, so a network that answers 0 has e = 1, and
    errors above 1 are rows that stand apart or a network that has gone astray. There
    the gradient of e grows with e, and steps of a fixed rate soon overshoot; that of
    log e does not. Value and gradient are continuous at 1. Arguments as in
    `rebuild_loss`."""
    errors = _mean_squares(out, x)  # (n_tasks, n)
    errors = torch.where(errors <= 1, errors, 1 + errors.clamp_min(1).log())
    if y is None:
        return errors.mean(dim=1)
    return ((1 - y) * errors).sum(dim=1) / (1 - y).sum(dim=1)


def separation_loss(out, x, y):
    """Compute how badly the errors e rank anomalies a above normal rows b: the mean of
    log(1 + e_b / e_a), tensor (n_tasks,).

    It is the logistic loss of the difference of log errors: only ratios of errors
    count, as in AUROC.
    out, x : (n_tasks, n, d).
    y : (n_tasks, n), 1 for an anomaly, the same number of them in each task.
    """
    logs = log_error(out, x)  # (n_tasks, n)
    if y.device.type != "cpu":
        return _separation_by_weights(logs, y)
    # (n_tasks, anomalies, 1)
    anomalous = logs[y == 1].unflatten(0, (len(y), -1))[:, :, None]
    normal = logs[y == 0].unflatten(0, (len(y), -1))[:, None, :]
    return softplus(normal - anomalous).mean(dim=(1, 2))


def _separation_by_weights(logs, y):
    """Compute the same from all pairs, those of an anomaly and a normal row weighted 1.

    How many rows y == 1 picks is a number that a GPU would have to be waited for."""
    pairs = softplus(logs[:, None, :] - logs[:, :, None])  # [anomaly, normal]
    weight = y[:, :, None] * (1 - y)[:, None, :]
    return (weight * pairs).sum(dim=(1, 2)) / weight.sum(dim=(1, 2))


def log_error(out, x):
    """Compute the logarithm of each row's mean squared error: tensor (n_tasks, n).

    out, x : tensors (n_tasks, n, d).
    """
    return _mean_squares(out, x).clamp_min(1e-12).log()


def _mean_squares(out, x):
    # one pass over the outputs, where a difference and its square take two
    return mse_loss(out, x, reduction="none").sum(dim=-1) / x.shape[-1]


def weights(estimator, tasks):
    """Make an AutoencoderDetector's weights learnable, with its own sizes, scaling and
    dtype.

    tasks : of one width, with the rows X (n, d) that the scale is learned from."""
    shape = clone(estimator)
    shape._check_parameters()
    shape._learn_scale(tasks.X.double().cpu().numpy())
    module = Autoencoder(tasks.n_features, estimator.hidden, estimator.code_size)
    return ScaledWeights(shape.mean_, shape.scale_).learnable(module)


@dataclass(eq=False)
class ScaledWeights:
    """What AE-MAML knows besides the weights: how rows are scaled.

    mean, scale : float64 (d,), of each column; 0 and 1 where rows stay as they are.
    """

    mean: np.ndarray
    scale: np.ndarray

    def learnable(self, module):
        """Return the Learnable of an Autoencoder's weights."""
        return Learnable(
            module,
            bounded_rebuild_loss if self.standardised else rebuild_loss,
            separation_loss,
            log_error,
            self.prepare,
            self.finish,
            without_labels=_trained_anew,
            known=self,
        )

    @property
    def standardised(self):
        """Whether any column is scaled; pixels stay as they are, and their errors have
        no scale of 1.
        """
        return bool((self.mean != 0).any() or (self.scale != 1).any())

    def prepare(self, x):
        """Scale rows: tensor (n_tasks, n, d)."""
        mean, scale = kept(self, (x.dtype, x.device), lambda: self._like(x))
        return (x - mean) / scale

    def _like(self, x):
        as_x = {"dtype": x.dtype, "device": x.device}
        return [torch.as_tensor(a, **as_x) for a in (self.mean, self.scale)]

    def finish(self, learner, support, y):
        """Return the detector as if `fit` had ended with the adapted weights; its
        threshold comes from the normal rows.
        """
        adapted = learner.adapted(learner.rows(support), learner.batch(y))
        detector = clone(learner.estimator)
        detector.module_ = _network(detector, support.shape[1])
        detector.module_.load_state_dict(
            {n: p[0].detach() for n, p in adapted.parameters().items()}
        )
        detector.module_.to(learner.device_)
        detector.device_, detector.history_ = learner.device_, []
        detector.n_features_in_ = support.shape[1]
        detector.mean_, detector.scale_ = self.mean, self.scale
        normal = support if y is None else support[y == 0]
        scores = detector.score_samples(normal)
        share = 100.0 * detector.contamination
        detector.offset_ = float(np.percentile(scores, share))
        return detector

    def check(self, learner):
        """Raise ValueError unless the scale and the network have the detector's sizes."""
        with torch.device("meta"):
            wanted = _network(learner.estimator, len(self.mean)).state_dict()
        came = learner.module_["net"].state_dict()
        if {n: w.shape for n, w in wanted.items()} != {
            n: w.shape for n, w in came.items()
        }:
            raise ValueError(
                f"its network must have the sizes of its detector, for rows of "
                f"{len(self.mean)} columns"
            )


def _network(detector, n_features):
    return Autoencoder(n_features, detector.hidden, detector.code_size)


def _trained_anew(learner, detector, X):
    """The detector trained on X as it is set, where one unlabelled table was all there
    was to learn from: a few steps from a start learned from made-up anomalies are no
    match for training.
    """
    if not learner.one_table_:
        return None
    return as_set(detector, X), say(
        "optimize got no label, and fit one table without labels. It returns "
        f"{type(detector).__name__} as it is set, trained on these rows."
    )
