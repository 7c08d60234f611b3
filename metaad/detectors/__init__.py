"""Anomaly detectors with scikit-learn's interface. One file a method."""

from metaad.detectors.autoencoder import AutoencoderDetector
from metaad.detectors.base import Detector, anomaly_score
from metaad.detectors.isolation_forest import IsolationForest, average_path_length
from metaad.detectors.kmeans import KMeansDetector
from metaad.detectors.knn import KNNDetector

__all__ = [
    "AutoencoderDetector",
    "Detector",
    "IsolationForest",
    "KMeansDetector",
    "KNNDetector",
    "anomaly_score",
    "average_path_length",
]
