"""How far from normal: scores of one row, distances between two batches of rows.

A **score of a row** says how anomalous that row is: `reconstruction_error`,
`pixel_errors`, a detector's `anomaly_score`. A **distance of a batch** says how far the
distribution of a batch lies from that of another, and names no row: `kl_*`, `mmd_*`,
`wasserstein_*`, `sinkhorn_*`. `permutation_test` says whether a distance is more than
two batches of one distribution would show. All of it is NumPy and SciPy, without torch.

reconstruction_error(x, rebuilt)        per row; `pixel_errors` per entry
kl_gaussian(mean, cov, mean, cov)       closed form; `kl_fitted` from two batches
kl_histogram(x, y), kl_neighbours(x, y) from two batches, one column or several
mmd_unbiased(x, y), mmd_test(x, y)      squared MMD, and with a p-value
wasserstein_1d(x, y), sliced_wasserstein, sinkhorn, sinkhorn_divergence
outlierness(scores)                     mean of -log P(normal | row) over a batch
WindowAlarm(past), RankCusum(scores)    alarms of drift whose level holds for a stream
entity_f1(true, predicted)              F1 of tags: by token, by entity
CharacterModel().fit(words)             how unexpected a word is; ContextModel
auroc_redrawn(y, scores, sentence, ...) with intervals over sentences
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "reconstruction": ["pixel_errors", "reconstruction_error"],
        "probability": ["SCALINGS", "normal_probability", "outlierness"],
        "kl": ["kl_fitted", "kl_gaussian", "kl_histogram", "kl_neighbours"],
        "mmd": ["gaussian_kernel", "median_bandwidth", "mmd_biased", "mmd_unbiased"],
        "permutation": ["Permutation", "mmd_test", "permutation_test"],
        "wasserstein": ["sliced_wasserstein", "wasserstein_1d"],
        "transport": ["sinkhorn", "sinkhorn_divergence", "typical_cost"],
        "tags": ["entities", "entity_counts", "entity_f1", "entity_report", "tag_f1"],
        "surprise": ["CharacterModel", "ContextModel"],
        "by_sentence": ["auroc_redrawn", "f1_redrawn", "precision_redrawn", "redrawn"],
        "batches": ["two_batches"],
        "drift": ["RankCusum", "WindowAlarm", "cusum", "ks_p", "mmd_p"],
    },
)
