"""Recorded experiments, one module each: `python -m metaad.experiments.few_labels --help`."""
