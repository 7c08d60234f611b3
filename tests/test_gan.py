"""GAN and WGAN-GP: losses against closed forms, one step against finite differences,
the sign of the critic, scores by hand, exact reruns.
"""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from metaad.detectors import GANDetector, WGANDetector, anomaly_score, fit_together
from metaad.detectors import gan_training as game
from metaad.metrics import auroc
from metaad.nets import Critic, Generator

F64 = {"dtype": torch.float64}
KINDS = [GANDetector, WGANDetector]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def small(kind=WGANDetector, **changes):
    settings = {"hidden": (8, 6), "noise_size": 2, "epochs": 3, "encoder_epochs": 3}
    more = {"batch_size": 16, "dtype": "float64", "device": "cpu", "random_state": 0}
    return kind(**settings | more | changes)


def table(n=60, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def linear(weights):
    """A critic x -> weights · x."""
    weights = torch.tensor(weights, **F64)
    return lambda x: x @ weights


# the game


def test_generator_and_critic_by_hand():
    made = Generator(2, (), 2, **F64)
    with torch.no_grad():
        made[0].weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        made[0].bias.copy_(torch.tensor([0.5, 0.0]))
    z = torch.tensor([[1.0, 1.0]], **F64)
    assert made(z).tolist() == [[3.5, -1.0]] and made.noise_size == 2
    assert [type(m) for m in Generator(2, (3,), 4, bounded=True)] == [
        *(nn.Linear, nn.ReLU, nn.Linear, nn.Sigmoid)
    ]
    critic = Critic(1, (2,), **F64)
    with torch.no_grad():
        critic.body[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        critic.body[0].bias.zero_()
        critic.head.weight.copy_(torch.tensor([[3.0, 5.0]]))
        critic.head.bias.fill_(0.25)
    x = torch.tensor([[2.0]], **F64)
    # leaky ReLU of (2, -2) is (2, -0.4): 6 - 2 + 0.25
    np.testing.assert_allclose(critic.features(x).tolist(), [[2.0, -0.4]])
    np.testing.assert_allclose(critic(x).tolist(), [4.25])


def test_penalty_of_a_linear_critic_is_its_slope_less_one_squared():
    points = torch.randn(7, 2, **F64)
    for weights, slope in (([3.0, 4.0], 5.0), ([0.6, 0.8], 1.0), ([0.0, 0.0], 0.0)):
        penalty = game.gradient_penalty(linear(weights), points)
        assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-12)


def test_penalty_takes_the_slope_at_the_point():
    # |grad of |x|²/2| = |x|
    points = torch.tensor([[3.0, 4.0], [0.0, 2.0]], **F64)
    penalty = game.gradient_penalty(lambda x: (x**2).sum(-1) / 2, points)
    assert penalty.item() == pytest.approx(((5 - 1) ** 2 + (2 - 1) ** 2) / 2)


def test_critic_loss_is_the_gap_plus_the_weighted_penalty():
    real, made = torch.tensor([[1.0, 0.0]], **F64), torch.tensor([[0.0, 1.0]], **F64)
    # heights 3 and 4; slope 5
    loss = game.critic_loss(linear([3.0, 4.0]), real, made, weight=10.0)
    assert loss.item() == pytest.approx(4 - 3 + 10 * 16)
    assert game.critic_loss(linear([3.0, 4.0]), real, made, weight=0.0).item() == 1.0


def test_points_of_the_penalty_lie_between_real_and_made_rows():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.sum(-1)

    real, made = torch.zeros(500, 2, **F64), torch.ones(500, 2, **F64)
    game.critic_loss(critic, real, made)
    between = next(
        x for x in seen if not (torch.equal(x, real) or torch.equal(x, made))
    )
    assert torch.equal(between[:, 0], between[:, 1])  # on the line, one share per row
    assert between.min() >= 0 and between.max() <= 1 and between.std() > 0.25


def test_discriminator_loss_is_the_cross_entropy_of_logits():
    logits = torch.tensor([2.0, -1.0], **F64)
    d = 1 / (1 + np.exp(-logits.numpy()))
    loss = game.discriminator_loss(lambda x: x[:, 0], logits[:, None], -logits[:, None])
    expected = -np.log(d).mean() - np.log(1 - 1 / (1 + np.exp(logits.numpy()))).mean()
    assert loss.item() == pytest.approx(expected)
    blind = game.discriminator_loss(linear([0.0]), logits[:, None], logits[:, None])
    assert blind.item() == pytest.approx(2 * np.log(2))
    assert game.fooling_loss(logits).item() == pytest.approx(-np.log(d).mean())
    assert game.height_loss(logits).item() == -0.5


def test_the_best_discriminator_is_the_log_ratio_of_the_densities():
    """On three points with known shares the loss is least where the logit is log p/q."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])
    real = np.repeat(np.eye(3), (50, 30, 20), axis=0)
    made = np.repeat(np.eye(3), (10, 30, 60), axis=0)
    weights = torch.zeros(3, **F64, requires_grad=True)
    adam = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")
    rows = torch.tensor(real), torch.tensor(made)

    def closure():
        adam.zero_grad()
        loss = game.discriminator_loss(lambda x: x @ weights, *rows)
        loss.backward()
        return loss

    adam.step(closure)
    np.testing.assert_allclose(weights.detach(), np.log(p / q), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_both_losses_are_finite_differences(kind):
    generator, critic = Generator(2, (4,), 3, **F64), Critic(3, (5, 4), **F64)
    of_critic, of_generator, _ = small(kind)._losses()
    real, z = torch.randn(6, 3, **F64), torch.rand(6, 2, **F64)

    def value(whose):
        torch.manual_seed(1)
        if whose is critic:
            return of_critic(critic, real, generator(z).detach())
        return of_generator(critic(generator(z)))

    for net in (critic, generator):
        for weights in net.parameters():
            (slope,) = torch.autograd.grad(value(net), weights, allow_unused=True)
            if slope is None:  # a WGAN's last bias moves no difference
                slope = torch.zeros_like(weights)
            with torch.no_grad():
                at = weights.view(-1)[0].item()
                heights = []
                for step in (1e-6, -1e-6):
                    weights.view(-1)[0] = at + step
                    with torch.enable_grad():
                        heights.append(value(net).item())
                weights.view(-1)[0] = at
            difference = (heights[0] - heights[1]) / 2e-6
            assert slope.view(-1)[0].item() == pytest.approx(difference, abs=1e-6)


def test_one_step_moves_the_critic_once_per_part_and_then_the_generator():
    """Adam's first step goes by the learning rate against the sign of the slope."""
    generator, critic = Generator(1, (), 1, **F64), Critic(1, (1,), **F64)
    moves = []

    def of_critic(critic, real, made):
        moves.append(("critic", len(real)))
        assert not made.requires_grad
        return critic.head.weight.sum()

    def of_generator(judged):
        moves.append(("generator", len(judged)))
        return generator[0].weight.sum() + 0 * judged.sum()

    before = critic.head.weight.item(), generator[0].weight.item()
    step = game.duel(generator, critic, (of_critic, of_generator), 0.01, n_critic=3)
    told = step(torch.zeros(6, 1, **F64))
    assert moves == [("critic", 2)] * 3 + [("generator", 2)]
    assert critic.head.weight.item() == pytest.approx(before[0] - 0.03, abs=1e-6)
    assert generator[0].weight.item() == pytest.approx(before[1] - 0.01, abs=1e-6)
    assert told.item() == pytest.approx(before[0] - 0.02, abs=1e-6)  # before its update


def test_errors_of_copies_and_the_features_unit_by_hand():
    critic = Critic(2, (1,), **F64)
    with torch.no_grad():
        critic.body[0].weight.copy_(torch.tensor([[2.0, 0.0]]))
        critic.body[0].bias.zero_()
    x = torch.tensor([[1.0, 1.0], [3.0, 1.0]], **F64)
    values, features = game.rebuilding_errors(x, torch.zeros_like(x), critic)
    assert values.tolist() == [1.0, 5.0] and features.tolist() == [4.0, 36.0]
    # variances of the values 1 and 0, of the feature 4: 4 / 0.5
    assert game.feature_unit(critic, x).item() == 8.0
    assert game.feature_unit(critic, x[:1]).item() == 1.0  # nothing varies
    same = torch.zeros_like
    assert game.encoder_loss(same, lambda z: z, critic, x, 0.5).item() == 3 + 0.5 * 20


def test_a_critic_that_tells_rows_from_their_copies_makes_their_features_part_large():
    """Why features can rank below one half. The critic's output is v · f + b, so that
    |f(x) - f(copy)| ≥ |h(x) - h(copy)| / |v|: normal rows, which it was trained to tell
    from what is generated, have a floor that anomalies have not.
    """
    critic = Critic(4, (6, 5), **F64)
    x, copies = torch.randn(50, 4, **F64), torch.randn(50, 4, **F64)
    _, features = game.rebuilding_errors(x, copies, critic)
    length = critic.head.weight.detach().norm()
    floor = ((critic(x) - critic(copies)) / length) ** 2 / 5  # a mean over 5 features
    assert (features >= floor - 1e-12).all() and (floor > 0).all()
    # by hand: the feature sees the first column alone, which is 0 in generated rows, 1
    # in normal ones; anomalies differ in the second column
    critic = Critic(2, (1,), **F64)
    with torch.no_grad():
        critic.body[0].weight.copy_(torch.tensor([[1.0, 0.0]]))
        critic.body[0].bias.zero_()
    normal, odd = torch.tensor([[1.0, 0.0]], **F64), torch.tensor([[0.0, 3.0]], **F64)
    for rows, values, seen in ((normal, 0.5, 1.0), (odd, 4.5, 0.0)):
        found = game.rebuilding_errors(rows, torch.zeros_like(rows), critic)
        assert [v.item() for v in found] == [values, seen]


# the detectors


@pytest.fixture(scope="module")
def plane():
    """A WGAN and a GAN that have learned a cloud in the plane, away from where their
    generators start.
    """
    X = np.random.default_rng(0).normal([3.0, 3.0], 0.3, size=(200, 2))
    options = {"hidden": (16, 16), "scale": None, "epochs": 8, "scored_by": "critic"}
    return {kind: small(kind, **options).fit(X) for kind in KINDS}, X


@pytest.mark.parametrize("kind", KINDS)
def test_the_critic_score_is_minus_its_output_and_small_for_real_rows(plane, kind):
    """The sign: early in the game, generated rows lie where nothing is, and the critic
    is large for real ones. A score turned round ranks them below one half.
    """
    fitted, X = plane
    detector = fitted[kind]
    nets = detector.module_
    made = detector.sample(200, 0)
    y = np.r_[np.zeros(200), np.ones(200)]
    rows = np.r_[X, made]
    with torch.no_grad():
        heights = nets["critic"](torch.tensor(rows)).numpy()
    np.testing.assert_allclose(anomaly_score(detector, rows), -heights, rtol=1e-10)
    assert auroc(y, anomaly_score(detector, rows)) > 0.9
    assert auroc(y, heights) < 0.1


def test_a_critic_alone_may_rank_anomalies_below_chance_and_the_encoder_does_not(plane):
    """Why the critic can fall below one half: it grows from the made rows towards the
    real ones and goes on growing beyond them. An anomaly on the far side looks more
    real than the real rows; its copy is as far away as that of any other.
    """
    fitted, X = plane
    far = X + 2.0  # beyond the real rows, seen from the origin
    y = np.r_[np.zeros(200), np.ones(200)]
    scores = fitted[WGANDetector].all_scores(np.r_[X, far])
    assert auroc(y, scores["critic"]) < 0.1
    assert auroc(y, scores["reconstruction"]) > 0.9
    assert auroc(y, scores["features"]) > 0.9
    near = fitted[WGANDetector].all_scores(np.r_[X, X - 2.0])
    assert auroc(y, near["critic"]) > 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_what_their_formulas_say(kind):
    X = table() * [1.0, 10.0, 100.0, 0.1, 3.0] + 5.0
    detector = small(kind, feature_weight=0.5).fit(X)
    scores = detector.all_scores(X)
    Z, copies = (X - X.mean(0)) / X.std(0), detector.reconstruct(X)
    copies = (copies - X.mean(0)) / X.std(0)
    np.testing.assert_allclose(
        scores["reconstruction"], ((Z - copies) ** 2).mean(1), rtol=1e-9
    )
    with torch.no_grad():
        seen, copied = (
            detector.module_["critic"].features(torch.tensor(v)).numpy()
            for v in (Z, copies)
        )
    unit = seen.var(0).mean()  # the scaled values have variance 1
    assert detector.feature_unit_ == pytest.approx(unit)
    features = ((seen - copied) ** 2).mean(1) / unit
    expected = scores["reconstruction"] + 0.5 * features
    np.testing.assert_allclose(scores["features"], expected, rtol=1e-8)
    for name, values in scores.items():
        own = copy.deepcopy(detector).set_params(scored_by=name)
        np.testing.assert_array_equal(anomaly_score(own, X), values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_and_global_generators_are_left_alone(kind):
    X = table()
    before = torch.get_rng_state()
    a, b, c = (small(kind, random_state=s).fit(X) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert a.history_ == b.history_ != c.history_
    assert a.encoder_history_ == b.encoder_history_
    assert np.array_equal(a.score_samples(X), b.score_samples(X))
    assert np.array_equal(a.sample(4, 0), b.sample(4, 0))


def test_generated_rows_of_pixels_lie_between_0_and_1_and_others_in_the_tables_units():
    pixels = np.random.default_rng(0).random((40, 4))
    made = small().fit(pixels).sample(50, 0)
    assert made.min() > 0 and made.max() < 1
    shifted = small(epochs=60).fit(table(200, 2) * 5 + 1000.0).sample(100, 0)
    assert shifted.shape == (100, 2) and abs(shifted.mean() - 1000) < 20


def test_a_wgan_draws_closer_and_closer_to_what_it_learns():
    """Distance in each column: the mean gap of the sorted values (Wasserstein's in 1-D)."""
    X = np.random.default_rng(0).normal(size=(300, 2)) * [1.0, 0.2] + [4.0, -2.0]
    gaps = []
    for n_epochs in (1, 200):
        made = small(hidden=(32, 32), epochs=n_epochs, scale=None).fit(X).sample(300, 0)
        gaps.append(np.abs(np.sort(made, axis=0) - np.sort(X, axis=0)).mean(0))
    assert (gaps[1] < 0.2 * gaps[0]).all(), gaps


@pytest.mark.parametrize("kind", KINDS)
def test_one_table_in_a_group_of_one_is_fitted_as_alone(kind):
    X = table()
    alone, (grouped,) = small(kind).fit(X), fit_together(small(kind), [X], [0])
    assert grouped.history_ == pytest.approx(alone.history_, rel=1e-9)
    np.testing.assert_allclose(
        grouped.score_samples(X), alone.score_samples(X), rtol=1e-7
    )
    assert grouped.offset_ == pytest.approx(alone.offset_)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_one_table_change_nothing_in_another_networks_weights(kind):
    X = [table(40, seed=s) for s in range(3)]
    first = fit_together(small(kind), X, [0, 1, 2])
    again = fit_together(small(kind), [X[0], X[1], X[2] + 7.0 * X[2] ** 2], [0, 1, 2])
    for i in range(2):
        for name, scores in first[i].all_scores(X[i]).items():
            np.testing.assert_allclose(
                again[i].all_scores(X[i])[name], scores, rtol=1e-9, err_msg=name
            )
    assert not np.allclose(first[2].score_samples(X[2]), again[2].score_samples(X[2]))


def test_tables_of_unequal_length_train_together_and_unequal_width_is_refused():
    one, two = fit_together(small(), [table(30), table(71, seed=1)], [0, 1])
    assert np.isfinite(one.score_samples(table())).all() and one.offset_ != two.offset_
    with pytest.raises(ValueError, match="same number of columns"):
        fit_together(small(), [table(), table(d=4)], [0, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden": ()}, r"sequence of at least one width.*got \(\)"),
        ({"hidden": (8, 0)}, "every width in hidden must be a whole number ≥ 1, got 0"),
        ({"noise_size": 0}, "noise_size must be a whole number ≥ 1, got 0"),
        ({"epochs": 1.5}, r"epochs must be a whole number ≥ 1, got 1\.5"),
        ({"encoder_epochs": True}, "encoder_epochs must be a whole number"),
        ({"n_critic": 0}, "n_critic must be a whole number ≥ 1, got 0"),
        ({"penalty": -1.0}, r"penalty must be a number ≥ 0, got -1\.0"),
        ({"feature_weight": float("nan")}, "feature_weight must be a number ≥ 0"),
        ({"learning_rate": 0}, "learning_rate must be a number > 0, got 0"),
        ({"scored_by": "height"}, "scored_by must be one of 'critic', 'reconstr"),
        ({"scale": "minmax"}, "scale must be one of 'auto', 'standard', None"),
        ({"dtype": "bfloat16"}, "dtype must be one of 'float32', 'float64'"),
    ],
)
def test_bad_parameters_get_a_clear_message(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes).fit(table())


def test_a_training_that_runs_away_gets_a_clear_message():
    with pytest.raises(FloatingPointError, match="finite.*learning rate"):
        small(learning_rate=1e200).fit(table())
