"""Few labels: scores combined with their help, by a recipe (FewLabelEnsemble) or by
weights learned on many tables (Stack).
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "stack": ["Stack"],
        "ensemble": ["FewLabelEnsemble"],
        "contrast": ["LabelContrast"],
        "inputs": [],
        "labels": [],
        "row_features": [],
        "label_features": [],
    },
)
