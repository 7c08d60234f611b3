"""Anomaly detectors with scikit-learn's interface. One file a method."""

from metaad.detectors.base import Detector, anomaly_score

__all__ = ["Detector", "anomaly_score"]
