"""Anomaly detectors with scikit-learn's interface. One file per method."""

from metaad.lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "autoencoder": ["AutoencoderDetector"],
        "base": [
            "Detector",
            "anomaly_score",
            "auroc_scorer",
            "average_precision_scorer",
        ],
        "batched_autoencoders": ["fit_many"],
        "denoising": ["DenoisingAutoencoder"],
        "forest": ["IsolationForest", "average_path_length"],
        "gan": ["GANDetector"],
        "gan_together": ["fit_together"],
        "image_features": ["Deskew", "HOG"],
        "kmeans": ["KMeansDetector"],
        "knn": ["KNNDetector"],
        "mahalanobis": ["MahalanobisDetector"],
        "neighbours": [],
        "patch_filters": ["PatchFilters"],
        "pca": ["PCADetector"],
        "wgan": ["WGANDetector"],
    },
)
