"""Recorded experiments, one module each.

    python -m metaad.experiments
        list them: what each asks, its record, its minutes
    python -m metaad.experiments NAME --help
        the steps and options of one
    python -m metaad.experiments NAME [options]
        run it

A record lies in data/results/ and holds the command that makes it again. A module here
has `main(argv=None)`, `parser()`, and a first sentence that says what it asks. To add
one, add its name below and write its record with `metaad.experiments.record.write`."""

# experiment -> the record that it writes, data/results/<record>.json
RECORDS = {
    "adversarial_meta": "adversarial_meta",
    "applications": "applications",
    "architecture": "15_architecture_search",
    "autoencoder_maml": "autoencoder_maml",
    "conformal_rates": "conformal_rates",
    "do_no_harm": "do_no_harm",
    "drift": "drift",
    "few_labels": "few_labels",
    "few_shot_control": "few_shot_control",
    "made_up_classes": "made_up_classes",
    "many_table_context": "many_table_context",
    "many_table_context_choice": "many_table_context_choice",
    "many_table_context_blend": "many_table_context_blend",
    "many_table_context_twice": "many_table_context_twice",
    "many_table_labels": "many_table_labels",
    "many_table_forest": "many_table_forest",
    "many_table_tuning": "many_table_tuning",
    "many_table_rewards": "many_table_rewards",
    "mt_mnist": "mt_mnist",
    "mt_mnist_report": "mt_mnist",
    "one_class_gans": "one_class_gans",
    "one_class_mnist": "one_class_mnist",
    "planted_anomalies": "planted_anomalies",
    "policy_gradients": "13_policy_gradients",
    "rare_entities": "rare_entities",
    "robustness": "robustness",
    "tuning": "tuning",
}
