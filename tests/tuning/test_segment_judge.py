"""Fitting: the threshold against trying all of them, and answers that are known."""

import numpy as np
import pytest

from digitlib.data import split_validation
from digitlib.document.lattice import FEATURES, judge
from digitlib.document.layout import find_lines
from digitlib.model import forward
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import empties, fields
from digitlib.tuning.acceptance import fonts
from digitlib.tuning.segment_judge import (
    OTHER,
    SegmentJudgeSettings,
    answered,
    choose_threshold,
    cut_out,
    fit_segments,
    rewrite,
)


@pytest.fixture(scope="module")
def digits(mnist):
    """1,000 validation images, scaled, and their labels."""
    _, (x, y) = split_validation(*mnist[0])
    return x[:1000] / np.float32(255), y[:1000]


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture(scope="module")
def lessons(digits, recognizer):
    """Digits and others, cut out of six fields."""
    return cut_out(recognizer, *digits, ["clear", "boxes"], 3, seed=2)


# The threshold


def by_trying(confidences, right, wrong):
    """The lowest confidence at which few of those at least as high are wrong."""
    good = [1.0]
    for threshold in confidences:
        accepted = right[confidences >= threshold]
        if np.count_nonzero(~accepted) <= wrong * len(accepted):
            good.append(threshold)
    return min(good)


@pytest.mark.parametrize("wrong", [0.0, 0.005, 0.1, 0.34, 1.0])
@pytest.mark.parametrize("decimals", [1, 6])  # many ties, or none
def test_the_threshold_is_the_lowest_of_all_that_do(wrong, decimals):
    random = np.random.default_rng(0)
    for n in (1, 2, 3, 10, 60):
        for share in (0.0, 0.5, 0.95, 1.0):
            confidences = random.random(n).round(decimals)
            right = random.random(n) < share
            found = choose_threshold(confidences, right, wrong)
            assert found == by_trying(confidences, right, wrong)
            assert choose_threshold(list(confidences), right.tolist(), wrong) == found


def test_among_accepted_numbers_a_few_in_a_thousand_may_be_wrong():
    confidences = np.linspace(1, 0, 1000, endpoint=False)
    right = np.ones(1000, bool)
    right[[300, 301, 302, 700]] = False
    assert choose_threshold(confidences, right) == confidences[-1]
    right[[200, 201]] = False
    assert choose_threshold(confidences, right) == confidences[200]


@pytest.mark.parametrize("right", [[], [False], [False, False]])
def test_where_none_may_be_accepted_the_threshold_is_one(right):
    assert choose_threshold([0.9, 0.8][: len(right)], right) == 1.0


def test_numbers_of_the_same_confidence_are_accepted_together_or_not_at_all():
    assert choose_threshold([0.9, 0.9, 0.8], [True, False, True], 0.4) == 0.8
    assert choose_threshold([0.95, 0.9, 0.9], [True, True, False], 0.1) == 0.95


# Lessons


def test_digits_written_again_are_still_what_they_were(digits, recognizer):
    images, labels = digits[0][:50], digits[1][:50]
    seen, found = rewrite(images, labels, seed=3)
    assert seen.shape == (len(found), 28, 28)
    assert seen.dtype == np.uint8
    assert 30 < len(found) <= 50
    assert set(found) == set(range(10))
    assert (forward(seen / np.float32(255), recognizer.weights).argmax(axis=1) == found
            ).mean() > 0.95  # fmt: skip
    parts = SegmentJudgeSettings(at_once=7)  # in whatever order they are finished
    again, same = rewrite(images, labels, seed=3, jobs=2, settings=parts)
    assert np.array_equal(again, seen)
    assert np.array_equal(same, found)
    other, _ = rewrite(images[:9], labels[:9], seed=4)
    assert not np.array_equal(other[:5], seen[:5])


def test_digits_cut_out_of_fields_come_with_their_labels(lessons, recognizer):
    seen, features, found = lessons
    assert seen.shape == (len(found), 28, 28)
    assert features.shape == (len(found), len(FEATURES))
    assert seen.dtype == np.uint8
    good = found != OTHER
    assert good.sum() >= 20  # of 30 digits in 6 fields
    assert (~good).any()
    read = forward(seen / np.float32(255), recognizer.weights).argmax(axis=1)
    assert (read == found)[good].mean() > 0.85


# Answers


@pytest.mark.parametrize("kind", ["clear", "touching", "boxes"])
def test_segments_are_answered_by_where_the_digits_stand(digits, recognizer, kind):
    trues = falses = known = 0
    for field in fields(*digits, 4, kind=kind, seed=2):
        answers = list(answered(field, recognizer))
        true = [segment for segment, answer in answers if answer != OTHER]
        trues += len({segment.box for segment in true})
        answer_of = dict(answers)
        falses += len(answers) - len(true)
        layout = find_lines(field.image / np.float32(255))
        unit = layout.height / layout.scale
        [line] = layout.lines
        for segment, answer in answers:  # near a digit, but not it: left out
            box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
            away = np.abs(field.boxes - box) / unit
            near = (away[:, [0, 2]] < 0.22) & (away[:, [1, 3]] < 0.30)
            assert answer != OTHER or not near.all(axis=1).any()
        for segment in true:
            box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
            middles = field.boxes[:, :2] + field.boxes[:, 2:]
            place = np.add(box[:2], box[2:])
            nearest = np.abs(middles - place).max(axis=1).argmin()
            assert np.abs(field.boxes[nearest] - box).max() < 0.23 * unit
            known += segment.digit == int(field.text[nearest])
            assert answer_of[segment] == int(field.text[nearest])
    assert trues >= 12  # of 20, in 4 fields of 5 digits
    assert known > 0.8 * trues
    assert falses > 4


def test_a_digit_apart_is_true_and_two_together_are_false(digits, recognizer):
    [field] = fields(*digits, 1, kind="clear", seed=4)
    answers = list(answered(field, recognizer))
    layout = find_lines(field.image / np.float32(255))
    [line] = layout.lines
    for segment, answer in answers:
        left, _, right, _ = layout.upright(
            np.add(segment.box, (line.left, line.top) * 2)
        )
        middles = (field.boxes[:, 0] + field.boxes[:, 2]) / 2
        within = ((middles > left) & (middles < right)).sum()
        if answer != OTHER:
            assert within == 1
        if within > 1:
            assert answer == OTHER
    assert sum(answer != OTHER for _, answer in answers) >= 5


def test_where_nothing_is_written_no_segment_is_a_digit(recognizer):
    found = []
    for sheet in empties("text", 3, fonts=fonts(), seed=1):
        found += [answer for _, answer in answered(sheet, recognizer)]
    assert found
    assert set(found) == {OTHER}


def test_answers_do_not_depend_on_what_was_learned_before(digits, recognizer):
    [field] = fields(*digits, 1, kind="touching", seed=1)
    assert {segment.is_digit for segment, _ in answered(field, recognizer)} == {0.5}


def test_what_is_learned_helps(digits, recognizer, lessons):
    _, features, found = lessons
    weights = fit_segments(features, found != OTHER)
    assert weights[0].shape == (len(FEATURES), 16)
    few = fit_segments(
        features, found != OTHER, settings=SegmentJudgeSettings(hidden=3)
    )
    assert few[0].shape == (len(FEATURES), 3)
    right = total = 0
    for field in fields(*digits, 3, kind="boxes", seed=50):
        segments, answers = zip(*answered(field, recognizer), strict=True)
        is_digit = judge(np.array([s.features for s in segments]), weights)
        right += ((is_digit > 0.5) == [a != OTHER for a in answers]).sum()
        total += len(answers)
    assert right > 0.8 * total
