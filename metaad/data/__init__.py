"""Data by name, or the reader's own file: `data.load("breast-cancer")`,
`data.load("my.csv", label="fraud")`; its rows as they are written, and what makes numbers
of them and of new ones: `data.read_frame`, `data.Preparation`.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "named": ["family", "load", "names"],
        "records": ["DataError", "Study", "Table", "Text"],
        "conll": ["as_iob2", "conll_folder", "read_conll"],
        "sentences": ["own_sentences"],
        "rare": ["rarer"],
        "drawn": [],
        "images": ["pooled"],
        "robust": ["deviations", "stands_out"],
        "loaders": ["FAMILIES"],
        "download": ["data_dir"],
        "dataset": ["AnomalyDataset"],
        "own": [],
        "own.file": ["OwnTable", "read_chunks", "read_frame"],
        "own.preparation": ["Preparation"],
    },
)
