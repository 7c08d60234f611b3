"""Everything that has `sample(n_tasks, generator)`: what a meta-learner learns from."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "base": ["Task"],
        "one_class": ["PROTOCOLS", "OneClassTasks", "Protocol", "protocol"],
        "parts": ["oddbench_part", "read_and_judged"],
        "synthetic": ["ResampledTasks", "SinusoidTasks"],
        "labelled": ["LabelledTable"],
        "tables": ["TableTasks", "adbench_names", "class_tables", "oddbench_names"],
        "made_up": ["MadeUpTasks"],
        "synthetic_tables": ["synthetic_table"],
        "held_out_columns": ["HeldOut", "held_out_columns"],
        "recipes": [],
        "scaling": [],
        "mixed": ["mixed_rows"],
        "doodles": [],
        "all_pairs": ["AllPairs"],
        "class_pool": ["ClassPool"],
        "tokens": ["TokenFeatures"],
        "streams": ["Stream", "class_stream", "shift_stream"],
    },
)
