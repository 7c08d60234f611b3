"""One-way prototypical network: how far is a row from the mean of the support?"""

from metaad.meta.metric import MetricLearner, normal_mean


class ProtoNet(MetricLearner):
    """One-way prototypical network [1], [2]: the squared distance to the mean of the
    embedded support.

        score(x) = e^s (‖f(x) - c‖² / m - b)

    with c the mean of f over the support's normal rows, m the width of the embedding;
    f, the scale s and the threshold b are learned, so that the score is the logit of
    "anomaly".

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy is trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, shots, checkpoint, dtype : see MetricLearner.

    References
    ----------
    [1] Snell, Swersky and Zemel, Prototypical Networks for Few-shot Learning, NeurIPS
        2017.
    [2] Kruspe, One-Way Prototypical Networks, 2019.
    """

    def _head(self, width):
        return {"log_scale": 0.0, "threshold": 1.0}

    def _score(self, support, y, query):
        head = self.module_["head"]
        center = normal_mean(support, y)[:, None]  # (n_tasks, 1, m)
        squared = (query - center).square().mean(dim=-1)  # (n_tasks, q)
        return head["log_scale"].exp() * (squared - head["threshold"])
