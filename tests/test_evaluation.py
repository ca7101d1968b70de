"""Judgement: against scikit-learn and SciPy."""

from dataclasses import asdict
from math import comb

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics

from digitlib.errors import DigitlibError
from digitlib.evaluation import (
    bootstrap_interval,
    calibrate,
    evaluate,
    fit_temperature,
    mcnemar,
    misread,
    rejection_rate,
    risk_coverage,
    scale_temperature,
    wilson_interval,
)
from digitlib.model import forward, load_provenance, load_weights
from digitlib.tuning.recipes import find_recipe


def one_hot(predicted):
    return np.eye(10)[predicted]


def accuracy(probabilities, labels):
    return (probabilities.argmax(axis=1) == labels).mean()


def draw_calibrated(n, seed=0):
    """Probabilities and labels that are drawn with exactly these probabilities."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(10, 0.2), n)
    # Rows of 1e-30 and less would make their logarithms a matter of rounding.
    probabilities = (probabilities + 1e-6) / (1 + 1e-5)
    chosen = rng.random((n, 1)) < probabilities.cumsum(axis=1)
    return probabilities, chosen.argmax(axis=1)


digits = st.integers(0, 9)
pairs = st.lists(st.tuples(digits, digits), min_size=1, max_size=200)


@given(pairs)
def test_evaluation_is_scikit_learns(pairs):
    labels, predicted = np.array(pairs).T
    result = evaluate(one_hot(predicted), labels)
    assert np.isclose(result.accuracy, metrics.accuracy_score(labels, predicted))
    expected = metrics.confusion_matrix(labels, predicted, labels=range(10))
    assert np.array_equal(result.confusion, expected)
    precision, recall, _, _ = metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(10), zero_division=np.nan
    )
    assert np.allclose(result.precision, precision, equal_nan=True)
    assert np.allclose(result.recall, recall, equal_nan=True)


def test_rows_are_true_and_columns_are_predicted():
    result = evaluate(one_hot([4, 9, 9]), np.array([4, 4, 9]))
    assert (result.confusion[4, 9], result.confusion[9, 4]) == (1, 0)
    assert result.most_confused() == [(4, 9, 1)]


@given(st.integers(1, 20_000), st.data(), st.floats(0.5, 0.999))
def test_wilson_interval_holds_what_is_not_too_far_from_the_count(
    trials, data, confidence
):
    """At its ends, the count is just so many standard deviations away."""
    successes = data.draw(st.integers(0, trials))
    z, share = stats.norm.ppf((1 + confidence) / 2), successes / trials
    low, high = wilson_interval(successes, trials, confidence)
    assert low <= share + 1e-12
    assert share - 1e-12 <= high
    for end in (low, high):
        deviation = np.sqrt(end * (1 - end) / trials)
        assert np.isclose(abs(share - end), z * deviation, rtol=1e-4, atol=1e-9)


def test_evaluate_gives_the_95_percent_interval():
    result = evaluate(one_hot([0] * 90 + [1] * 10), np.zeros(100, int))
    expected = stats.binomtest(90, 100).proportion_ci(0.95, method="wilson")
    assert np.allclose(result.interval, expected)


@pytest.mark.parametrize(
    "arguments", [(-1, 10), (11, 10), (0, 0), (5, 9, 0), (5, 9, 1)]
)
def test_wilson_interval_out_of_range(arguments):
    with pytest.raises(DigitlibError, match="needed"):
        wilson_interval(*arguments)


@given(pairs)
def test_most_confused_counts_every_error_once(pairs):
    labels, predicted = np.array(pairs).T
    confused = evaluate(one_hot(predicted), labels).most_confused(n=90)
    assert sum(count for _, _, count in confused) == (labels != predicted).sum()
    counts = [count for _, _, count in confused]
    assert counts == sorted(counts, reverse=True)
    assert all(true != read for true, read, _ in confused)


def test_misread_is_every_error_surest_first(test_probabilities, test_labels):
    wrong = misread(test_probabilities, test_labels)
    predicted = test_probabilities.argmax(axis=1)
    assert sorted(wrong) == np.flatnonzero(predicted != test_labels).tolist()
    assert (np.diff(test_probabilities[wrong].max(axis=1)) <= 0).all()


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (np.zeros((0, 10)), np.zeros(0, int), "empty"),
        (np.array([3, 4]), np.array([3, 4]), "give what forward returns"),
        (np.full((2, 9), 1 / 9), np.array([3, 4]), "shape"),
        (np.full((2, 10), 0.2), np.array([3, 4]), "sum to 1"),
        (np.full((2, 10), np.nan), np.array([3, 4]), "sum to 1"),
        (np.full((2, 10), 0.1), np.array([3, 4, 5]), "labels: shape"),
        (np.full((2, 10), 0.1), np.array([3, 10]), "labels: values from 3 to 10"),
        (np.full((2, 10), 0.1), np.array([-1, 3]), "labels: values from -1"),
        (np.full((2, 10), 0.1), np.array([3.0, 4.0]), "labels: dtype float64"),
    ],
)
@pytest.mark.parametrize(
    "function",
    [
        evaluate, misread, calibrate, fit_temperature, risk_coverage,
        lambda p, labels: mcnemar(p, p, labels),
        lambda p, labels: rejection_rate(p, labels, 0.01),
        lambda p, labels: bootstrap_interval(accuracy, p, labels),
    ],
)  # fmt: skip
def test_bad_input(function, probabilities, labels, message):
    with pytest.raises(DigitlibError, match=message):
        function(probabilities, labels)


def answers(right):
    """Probabilities of a network that reads these images of a 3 rightly or not."""
    return one_hot(np.where(right, 3, 5))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_mcnemar_is_the_exact_binomial_test(pairs):
    first, second = np.array(pairs).T
    labels = np.full(len(pairs), 3)
    only_first, only_second, p_value = mcnemar(answers(first), answers(second), labels)
    assert [type(number) for number in (only_first, p_value)] == [int, float]
    assert only_first == sum(a and not b for a, b in pairs)
    assert only_second == sum(b and not a for a, b in pairs)
    tosses = only_first + only_second
    tail = sum(comb(tosses, k) for k in range(min(only_first, only_second) + 1))
    assert np.isclose(p_value, min(1, 2 * tail / 2**tosses))
    swapped = mcnemar(answers(second), answers(first), labels)
    assert swapped == (only_second, only_first, p_value)


def test_mcnemar_needs_the_same_images():
    two, three = answers([True] * 2), answers([True] * 3)
    for pair in ((two, three), (three, two)):
        with pytest.raises(DigitlibError, match="labels: shape"):
            mcnemar(*pair, np.full(3, 3))


def calibration_by_hand(probabilities, labels, bins):
    """(error, counts, confidences, accuracies), image by image."""
    members = [[] for _ in range(bins)]
    for row, label in zip(probabilities.astype(float), labels, strict=True):
        lower = [k for k in range(bins) if k / bins <= row.max()]
        members[lower[-1]].append((row.max(), row.argmax() == label))
    error, means = 0, []
    for inside in members:
        confidence, right = np.mean(inside, axis=0) if inside else (np.nan, np.nan)
        means.append((confidence, right))
        if inside:
            error += len(inside) / len(labels) * abs(confidence - right)
    return error, [len(inside) for inside in members], *np.transpose(means)


@pytest.mark.parametrize("bins", [(), (1,), (7,), (100,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_calibration_is_that_by_hand(bins, dtype):
    probabilities, labels = draw_calibrated(500)
    probabilities = scale_temperature(probabilities, 0.7)  # not calibrated
    probabilities = probabilities.astype(dtype)
    found = calibrate(probabilities, labels, *bins)  # by default there are 15
    found = found.error, found.count, found.confidence, found.accuracy
    expected = calibration_by_hand(probabilities, labels, *bins or [15])
    for ours, theirs in zip(found, expected, strict=True):
        assert np.allclose(ours, theirs, equal_nan=True)


@given(st.integers(0, 999), st.integers(1, 60))
def test_log_loss_and_brier_are_scikit_learns(seed, n):
    probabilities, labels = draw_calibrated(n, seed)
    found = calibrate(probabilities, labels)
    expected = [
        metric(labels, probabilities, labels=range(10))
        for metric in (metrics.log_loss, metrics.brier_score_loss)
    ]
    assert np.allclose([found.log_loss, found.brier], expected)


def test_calibrated_probabilities_have_a_small_error():
    found = calibrate(*draw_calibrated(50_000))
    assert found.error < 0.01
    gaps = (found.confidence - found.accuracy)[found.count > 500]
    assert len(gaps) > 8
    assert np.abs(gaps).max() < 0.05


def test_calibration_of_the_best_and_the_worst():
    labels = np.array([3, 4, 5])
    right = calibrate(one_hot(labels), labels)
    assert (right.error, right.log_loss, right.brier) == (0, 0, 0)
    wrong = calibrate(one_hot(labels + 1), labels)
    assert (wrong.error, wrong.brier) == (1, 2)
    assert 30 < wrong.log_loss < 100
    assert wrong.count.tolist() == [0] * 14 + [3]
    assert np.isnan(wrong.accuracy[:14]).all()
    assert wrong.accuracy[14] == 0


def test_calibration_takes_lists():
    found = calibrate([[0.1] * 10, [0.1] * 10], [0, 7])
    assert np.allclose(
        [found.error, found.log_loss, found.brier], [0.4, np.log(10), 0.9]
    )


@pytest.mark.parametrize("bins", [0, -1, 1001, 2.5, "15", None])
def test_bins_out_of_range(bins):
    with pytest.raises(DigitlibError, match="bins: "):
        calibrate(one_hot([3]), [3], bins)


@given(st.integers(0, 999), st.floats(0.05, 20))
def test_scaling_divides_the_scores(seed, temperature):
    scores = np.random.default_rng(seed).normal(0, 3, (5, 10))
    found = scale_temperature(special.softmax(scores, axis=1), temperature)
    assert np.allclose(found, special.softmax(scores / temperature, axis=1))
    assert found.dtype == np.float64
    assert np.array_equal(found.argmax(axis=1), scores.argmax(axis=1))


def test_scaling_makes_less_sure_or_surer():
    probabilities, _ = draw_calibrated(100)
    confidence = probabilities.max(axis=1)
    assert (scale_temperature(probabilities, 2).max(axis=1) < confidence).all()
    assert (scale_temperature(probabilities, 0.5).max(axis=1) > confidence).all()
    assert np.allclose(scale_temperature(probabilities, 1e9), 0.1)
    back = scale_temperature(scale_temperature(probabilities, 3), 1 / 3)
    assert np.allclose(back, probabilities)


@pytest.mark.parametrize("temperature", [1e-300, 1e-310, 1e-3, 1e300])
def test_extreme_temperatures_give_probabilities(temperature):
    probabilities, _ = draw_calibrated(50)
    found = scale_temperature(probabilities, temperature)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    if temperature < 1:
        expected = one_hot(probabilities.argmax(axis=1))
        assert np.allclose(found, expected, atol=0.01)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, int])
def test_scaling_takes_zeros(dtype):
    probabilities = np.eye(10, dtype=dtype)
    for temperature in (0.1, 1, 10):
        found = scale_temperature(probabilities, temperature)
        assert np.allclose(found.sum(axis=1), 1)
        assert found.argmax(axis=1).tolist() == list(range(10))
    assert np.allclose(scale_temperature(probabilities, 1), np.eye(10))


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf, "warm", None, [2]])
def test_temperature_out_of_range(temperature):
    with pytest.raises(DigitlibError, match="temperature: a finite number above 0"):
        scale_temperature(one_hot([3]), temperature)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5)])
def test_numpys_numbers_are_numbers(number):
    probabilities, labels = draw_calibrated(50)
    for found in (
        lambda half: scale_temperature(probabilities, half).tolist(),
        lambda half: rejection_rate(probabilities, labels, half),
        lambda half: wilson_interval(5, 10, half),
    ):
        assert found(number) == found(0.5)


@pytest.mark.parametrize("temperature", [0.3, 0.5, 1.0, 2.0, 5.0])
def test_the_temperature_that_was_put_in_is_taken_out(temperature):
    probabilities, labels = draw_calibrated(20_000)
    found = fit_temperature(scale_temperature(probabilities, temperature), labels)
    assert np.isclose(found, 1 / temperature, rtol=0.03)


def test_no_other_temperature_has_a_lower_log_loss(test_probabilities, test_labels):
    best = fit_temperature(test_probabilities, test_labels)
    assert type(best) is float
    others = [best, *np.geomspace(0.05, 20, 60)]
    scaled = [scale_temperature(test_probabilities, float(t)) for t in others]
    lowest, *losses = [calibrate(p, test_labels).log_loss for p in scaled]
    assert min(losses) > lowest - 1e-7


def test_the_temperature_stays_in_its_range():
    labels = np.arange(10)
    always_right = 0.5 * one_hot(labels) + 0.05
    assert 0.05 <= fit_temperature(always_right, labels) < 0.1
    always_wrong = 0.5 * one_hot(labels[::-1]) + 0.05
    assert 15 < fit_temperature(always_wrong, labels) <= 20


readings = st.lists(
    st.tuples(st.sampled_from([0.2, 0.3, 0.5, 0.9, 0.99, 1.0]), st.booleans()),
    min_size=1,
    max_size=60,
)


def as_probabilities(readings):
    """Probabilities and labels of (confidence, right) pairs; digit 3 is predicted."""
    sure, right = np.array(readings).T
    probabilities = np.repeat((1 - sure)[:, np.newaxis] / 9, 10, axis=1)
    probabilities[:, 3] = sure
    return probabilities, np.where(right, 3, 5)


@given(readings)
def test_risk_and_coverage_of_every_threshold(readings):
    threshold, coverage, risk = risk_coverage(*as_probabilities(readings))
    distinct = sorted({sure for sure, _ in readings}, reverse=True)
    assert np.allclose(threshold, distinct)
    for k, least in enumerate(distinct):
        accepted = [right for sure, right in readings if sure >= least]
        assert np.isclose(coverage[k], len(accepted) / len(readings))
        assert np.isclose(risk[k], accepted.count(False) / len(accepted))
    assert coverage[-1] == 1


@given(readings, st.sampled_from([0, 0.01, 0.1, 0.25, 0.5, 1]))
def test_the_rejection_rate_is_the_smallest_of_all(readings, risk):
    found = rejection_rate(*as_probabilities(readings), risk)
    possible = [1.0]
    for least in {sure for sure, _ in readings}:
        accepted = [right for sure, right in readings if sure >= least]
        if accepted.count(False) / len(accepted) <= risk:
            possible.append(1 - len(accepted) / len(readings))
    assert np.isclose(found, min(possible))
    assert type(found) is float


def test_risk_and_coverage_of_the_shipped_weights(test_probabilities, test_labels):
    threshold, coverage, risk = risk_coverage(test_probabilities, test_labels)
    assert len(threshold) == len(np.unique(test_probabilities.max(axis=1)))
    assert (np.diff(threshold) < 0).all()
    assert (np.diff(coverage) > 0).all()
    assert np.isclose(risk[-1], 1 - accuracy(test_probabilities, test_labels))
    aside = rejection_rate(test_probabilities, test_labels, 0.005)
    k = np.flatnonzero(np.isclose(coverage, 1 - aside))[0]
    kept = test_probabilities.max(axis=1) >= threshold[k]
    wrong = test_probabilities.argmax(axis=1) != test_labels
    assert np.isclose(kept.mean(), 1 - aside)
    assert wrong[kept].mean() <= 0.005
    assert (risk[k + 1 :] > 0.005).all()


@pytest.mark.parametrize("risk", [-0.1, 1.1, np.nan, "low", None])
def test_risk_out_of_range(risk):
    with pytest.raises(DigitlibError, match="risk: a number from 0 to 1"):
        rejection_rate(one_hot([3]), [3], risk)


def test_bootstrap_of_an_accuracy_is_near_wilsons(test_probabilities, test_labels):
    probabilities, labels = test_probabilities[:2000], test_labels[:2000]
    found = bootstrap_interval(accuracy, probabilities, labels, resamples=1000)
    correct = int((probabilities.argmax(axis=1) == labels).sum())
    assert np.allclose(found, wilson_interval(correct, 2000), atol=0.002)
    assert found[0] < correct / 2000 < found[1]
    assert [type(number) for number in found] == [float, float]


def test_bootstrap_draws_images_with_their_labels():
    labels = np.arange(100) % 10
    drawn = []

    def note(probabilities, drawn_labels):
        drawn.append(probabilities.argmax(axis=1))
        assert np.array_equal(drawn[-1], drawn_labels)
        return 1.5

    assert bootstrap_interval(note, one_hot(labels), labels, 20) == (1.5, 1.5)
    assert all(len(draw) == 100 for draw in drawn)
    assert len(np.unique(drawn, axis=0)) == len(drawn) == 20


def test_the_seed_decides_the_bootstrap():
    probabilities, labels = draw_calibrated(100)
    options = accuracy, probabilities, labels, 100
    first, again, other = (bootstrap_interval(*options, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("name", "value"),
    [("resamples", 9), ("resamples", 10.5), ("resamples", 1_000_001), ("seed", -1),
     ("seed", None)],
)  # fmt: skip
def test_bootstrap_out_of_range(name, value):
    with pytest.raises(DigitlibError, match=f"{name}: {value or 'NoneType'}"):
        bootstrap_interval(accuracy, one_hot([3]), [3], **{name: value})


def test_the_shipped_robust_weights(test_images, test_labels):
    provenance, recipe = load_provenance("robust"), asdict(find_recipe("robust"))
    recorded = provenance["recipe"]
    assert recorded == recorded | recipe | {"epochs": 20, "images": 60_000}
    assert recorded["name"] == "robust"
    found = forward(test_images, load_weights("robust"))
    scaled = scale_temperature(found, provenance["temperature"])
    assert evaluate(scaled, test_labels).accuracy >= 0.99
    assert calibrate(scaled, test_labels).error <= 0.004
    before, after = (calibrate(p, test_labels).log_loss for p in (found, scaled))
    assert after <= before + 1e-5
    assert rejection_rate(scaled, test_labels, 0.005) <= 0.012
    assert rejection_rate(scaled, test_labels, 0.001) <= 0.06
