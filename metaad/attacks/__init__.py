"""Attacks on anomaly scores, and detectors that are trained to stand them.

pgd(score, rows, 0.1, goal="normal")    the worst rows near the given ones; `fgsm`
attacked_auroc(score, normal, odd, attack)
                                        AUROC clean, with anomalies attacked, with all
ExposureDetector(outliers, epsilon=0.1).fit(X)
                                        learns to tell rows from made-up anomalies,
                                        both attacked at each step
harden(nets, rows, outliers, ...)       the same for many nets at once
pretrain(nets, rows, "denoising", ...)  self-supervised first; "masking", "rotation"
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "adversarial_training": ["batches", "harden", "logits", "train", "trunks"],
        "defences": ["gated", "quantised"],
        "exposure": ["ExposureDetector", "column_shuffle"],
        "gradient": ["fgsm", "pgd", "project", "worst_of"],
        "judge": ["attack_both_ways", "attacked_auroc", "aurocs"],
        "pretraining": ["pretrain"],
    },
)
