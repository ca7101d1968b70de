"""Judgement: against scikit-learn and SciPy."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate, misread, wilson_interval


def one_hot(predicted):
    return np.eye(10)[predicted]


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
    assert result.confusion[4, 9] == 1
    assert result.confusion[9, 4] == 0
    assert result.most_confused() == [(4, 9, 1)]


def test_the_shipped_weights(test_probabilities, test_labels):
    result = evaluate(test_probabilities, test_labels)
    predicted = test_probabilities.argmax(axis=1)
    assert result.accuracy == metrics.accuracy_score(test_labels, predicted)
    low, high = result.interval
    assert low < result.accuracy < high
    assert high - low < 0.007
    assert result.confusion.sum() == 10_000


@given(st.integers(1, 20_000), st.data(), st.floats(0.5, 0.999))
def test_wilson_interval_is_scipys(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    test = stats.binomtest(successes, trials)
    expected = test.proportion_ci(confidence, method="wilson")
    assert np.allclose(wilson_interval(successes, trials, confidence), expected)


def test_evaluate_gives_the_95_percent_interval():
    result = evaluate(one_hot([0] * 90 + [1] * 10), np.zeros(100, int))
    expected = stats.binomtest(90, 100).proportion_ci(0.95, method="wilson")
    assert np.allclose(result.interval, expected)


@pytest.mark.parametrize(
    "arguments", [(-1, 10), (11, 10), (0, 0), (5, 10, 0), (5, 10, 1)]
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
@pytest.mark.parametrize("function", [evaluate, misread])
def test_bad_input(function, probabilities, labels, message):
    with pytest.raises(DigitlibError, match=message):
        function(probabilities, labels)
