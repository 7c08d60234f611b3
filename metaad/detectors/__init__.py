"""Anomaly detectors with scikit-learn's interface. One file a method."""

from metaad.detectors.autoencoder import AutoencoderDetector
from metaad.detectors.base import Detector, anomaly_score
from metaad.detectors.kmeans import KMeansDetector

__all__ = ["AutoencoderDetector", "Detector", "KMeansDetector", "anomaly_score"]
