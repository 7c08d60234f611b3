"""The table of classes that a file may hold, with what each one has learned.

A class is found in this table and nowhere else: a file that names another one is
refused, and no module is imported that the table does not list. The parameters of the
constructor are always saved; the table lists the learned attributes, each with what it
must look like. To make a class savable add a row. What can be made from the rest (a
search tree, a Learnable) is not saved: the class makes it again in a method `_restored`,
which is called last and may raise ValueError.
"""

import importlib

from metaad.saving.fields import Array, Names, Number, Of, Whole
from metaad.saving.practice_rows import PRACTICE
from metaad.saving.row import Saved

DETECTOR = {
    "n_features_in_": Whole(1, "d"),
    "offset_": Number(),
    "feature_names_in_": Names(),
}
LEARNER = {
    "module_": Of(("ModuleDict",)),
    "history_": Of(("list",)),
    "n_features_": Whole(1, none=True),
    "device_": Of(("device",)),
    "one_table_": Of(("bool",)),
    "known_": Of(("ScaledWeights", "FromTables", "ByLabels", "NoneType"), True),
}
CONTROLLER = {
    "one_table_": Of(("bool",)),
    "gain_": Of(("Gain", "NoneType")),
    "policy_": Of(("CategoricalPolicy",)),
    "levels_": Of(("dict",)),
    "history_": Of(("list",)),
    "n_evaluations_": Whole(),
    "center_": Array("float64", ("c",), optional=True),
    "spread_": Array("float64", ("c",), optional=True),
}
FOREST_POLICY = {"policy_": Of(("SplitPolicy",)), "history_": Of(("list",))}
METRIC = Saved(LEARNER, ("learnable_", "reason_"), ("checkpoint",))

GAN = Saved(
    DETECTOR
    | {
        "module_": Of(("ModuleDict",)),
        "device_": Of(("device",)),
        "history_": Of(("list",)),
        "encoder_history_": Of(("list",)),
        "feature_unit_": Number(),
        "mean_": Array("float64", ("d",)),
        "scale_": Array("float64", ("d",)),
    }
)
CLASSES = {
    "metaad.detectors.KMeansDetector": Saved(
        DETECTOR | {"cluster_centers_": Array("float64", ("k", "d"))}
    ),
    "metaad.detectors.KNNDetector": Saved(
        DETECTOR
        | {
            "n_neighbors_": Whole(1),
            "_centre": Array("float64", ("d",)),
            "_rows": Array("float64", ("n", "d")),
        }
    ),
    "metaad.detectors.MahalanobisDetector": Saved(
        DETECTOR
        | {
            "mean_": Array("float64", ("d",)),
            "factor_": Array("float64", ("d", "d")),
        }
    ),
    "metaad.detectors.PCADetector": Saved(
        DETECTOR
        | {
            "mean_": Array("float64", ("d",)),
            "components_": Array("float64", ("k", "d")),
        }
    ),
    "metaad.detectors.IsolationForest": Saved(
        DETECTOR
        | {
            "max_samples_": Whole(1),
            "feature_": Array("int64", ("t", "nodes")),
            "threshold_": Array("float64", ("t", "nodes"), infinite=True),
            "leaf_size_": Array("int64", ("t", "leaves")),
            "leaf_path_": Array("float64", ("t", "leaves")),
        }
    ),
    "metaad.detectors.AutoencoderDetector": Saved(
        DETECTOR
        | {
            "module_": Of(("Autoencoder",)),
            "device_": Of(("device",)),
            "history_": Of(("list",)),
            "mean_": Array("float64", ("d",)),
            "scale_": Array("float64", ("d",)),
        },
        unset=("checkpoint",),
    ),
    "metaad.detectors.GANDetector": GAN,
    "metaad.detectors.WGANDetector": GAN,
    "metaad.detectors.DenoisingAutoencoder": Saved(
        DETECTOR
        | {
            "module_": Of(("MLP",)),
            "device_": Of(("device",)),
            "history_": Of(("list",)),
            "mean_": Array("float64", ("d",)),
            "scale_": Array("float64", ("d",)),
            "noise_": Array("float64", ("k", "d")),
        },
        unset=("checkpoint",),
    ),
    "metaad.attacks.ExposureDetector": Saved(
        DETECTOR
        | {
            "module_": Of(("MLP",)),
            "device_": Of(("device",)),
            "history_": Of(("list",)),
            "mean_": Array("float64", ("d",)),
            "scale_": Array("float64", ("d",)),
        },
        unset=("outliers",),
    ),
    "metaad.detectors.forest.SplitPolicy": Saved(),
    "metaad.meta.MAML": Saved(
        LEARNER | {"names_": Of(("list",))},
        ("learnable_", "reason_"),
        ("checkpoint",),
    ),
    "metaad.meta.Classifier": Saved(
        LEARNER | {"classes_": Of(("list",))},
        ("learnable_", "reason_"),
        ("checkpoint",),
    ),
    "metaad.meta.Reptile": METRIC,
    "metaad.meta.ProtoNet": METRIC,
    "metaad.meta.Mahalanobis": METRIC,
    "metaad.meta.PLDA": METRIC,
    "metaad.meta.Subspace": Saved(
        LEARNER | {"classes_": Of(("list",), optional=True)},
        ("learnable_", "reason_"),
        ("checkpoint",),
    ),
    "metaad.meta.Adversarial": METRIC,
    "metaad.meta.FewShot": Saved(
        {"learner_": Of(("ProtoNet", "Mahalanobis", "PLDA", "MAML"))},
        unset=("checkpoint",),
    ),
    "metaad.meta.FewShotDetector": Saved(
        DETECTOR
        | {
            "support_": Array("float64", ("k", "d")),
            "support_y_": Array("float64", ("k",), optional=True),
        }
    ),
    "metaad.meta.Stack": Saved(
        {
            "weights_": Array("float64", (65,)),
            "rate_": Number(),
            "loss_": Number(),
            "features_": Of(("tuple",)),
        },
        ("reason_",),
    ),
    "metaad.meta.context.detector.ContextDetector": Saved(
        DETECTOR
        | {
            "rows_": Array("float64", ("n", "d")),
            "kept_": Array("bool", ("n",)),
        },
        ("read_",),
    ),
    "metaad.meta.stack.stack.StackDetector": Saved(
        DETECTOR
        | {
            "rows_": Array("float64", ("n", "d")),
            "labels_": Array("int64", ("n",)),
            "weights_": Array("float64", (65,)),
            "n_rows_": Whole(1, "n"),
            "n_anomalies_": Whole(1),
        },
        ("features_",),
    ),
    "metaad.meta.FewLabelEnsemble": Saved(
        DETECTOR
        | {
            "rows_": Array("float64", ("n", "d")),
            "labels_": Array("int64", ("n",)),
            "n_anomalies_": Whole(),
            "seed_": Whole(),
        },
        ("features_",),
    ),
    "metaad.meta.LabelContrast": Saved(
        DETECTOR
        | {
            "anomalies_": Array("float64", ("a", "d")),
            "normal_": Array("float64", ("b", "d")),
            "middle_": Array("float64", ("d",)),
            "scale_": Array("float64", ("d",)),
            "floor_": Number(),
        }
    ),
    "metaad.meta.autoencoder.ScaledWeights": Saved(
        given={
            "mean": Array("float64", ("d",)),
            "scale": Array("float64", ("d",)),
        }
    ),
    "metaad.search.tuning.surrogate.FromTables": Saved(
        given={
            "options": Of(("Space",)),
            "configs": Of(("list",)),
            "best": Of(("dict",)),
            "gain": Of(("Gain", "NoneType")),
            "units": Of(("Units",)),
        }
    ),
    "metaad.search.tuning.surrogate.ByLabels": Saved(given={"configs": Of(("list",))}),
    "metaad.search.tuning.surrogate_tasks.Units": Saved(
        given={
            "mean": Array("float64", ("p",)),
            "deviation": Array("float64", ("p",)),
            "spread": Number(),
        }
    ),
    "metaad.search.Reinforce": Saved(CONTROLLER, ("payoff_", "records_", "reason_")),
    "metaad.search.TRPO": Saved(CONTROLLER, ("payoff_", "records_", "reason_")),
    "metaad.search.tuning.no_labels.Gain": Saved(),
    "metaad.search.policies.Record": Saved(),
    "metaad.search.ForestPolicy": Saved(FOREST_POLICY),
    "metaad.search.ForestScore": Saved(FOREST_POLICY),
    "metaad.search.ArchitectureSearch": Saved(
        {
            "best_": Of(("dict",)),
            "reward_": Number(),
            "seconds_": Number(),
            "trials_": Of(("Trials",)),
            "policy_": Of(("CategoricalPolicy", "NoneType")),
        }
    ),
    "metaad.search.architecture.trials.Trials": Saved(),
    "metaad.search.space.Space": Saved(),
    "metaad.search.dimensions.Choice": Saved(),
    "metaad.search.dimensions.Integer": Saved(),
    "metaad.search.dimensions.Real": Saved(),
    **PRACTICE,
    # as they come, or fitted, see metaad.saving.scikit
    "sklearn.ensemble.IsolationForest": Saved(),
    "sklearn.neighbors.LocalOutlierFactor": Saved(),
    "sklearn.svm.OneClassSVM": Saved(),
    # before a detector, in a pipeline
    "sklearn.pipeline.Pipeline": Saved(of_parts=True),
    "sklearn.preprocessing.StandardScaler": Saved(),
    "sklearn.preprocessing.MinMaxScaler": Saved(),
    "sklearn.preprocessing.RobustScaler": Saved(),
}


def class_of(key):
    """Return the class of a row of the table; nothing else is imported."""
    if key not in CLASSES:
        raise ValueError(f"it holds {key!r}, a class that files may not hold")
    module, _, name = key.rpartition(".")
    return getattr(importlib.import_module(module), name)
