"""A table on Monday morning: which detector, where the threshold lies, why a row is odd,
how all of it is kept and served.
"""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "model": ["TableModel"],
        "choose": ["Choice"],
        "runs": ["Outcome"],
        "sweep": ["SweepError", "grid"],
        "alarm": ["DriftAlarm"],
        "answers": ["Answers"],
        "card": ["card_text", "measure", "model_card", "read_card", "write_card"],
        "onnx": ["onnx_scores", "open_onnx", "to_onnx"],
        "onnx_graphs": [],
        "service": ["service"],
        "budget": ["Currency"],
        "conformal": ["Conformal"],
        "explain": [],
        "facts": ["Facts"],
        "rates": ["rate_for", "realised"],
        "words": ["reasons"],
    },
)
