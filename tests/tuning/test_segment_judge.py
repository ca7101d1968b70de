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


def boxes(field, answers):
    """Where each segment stands in the field, pixels; a digit's height; and answers."""
    layout = find_lines(field.image / np.float32(255))
    [line] = layout.lines
    for segment, answer in answers:
        box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
        yield box, layout.height / layout.scale, segment, answer


@pytest.fixture(scope="module")
def lessons(digits, recognizer):
    """Digits and others, cut out of six fields."""
    return cut_out(recognizer, *digits, ["clear", "boxes"], 3, seed=2)


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


def test_equal_confidences_are_accepted_together_and_none_is_at_1():
    for right in ([], [False], [False, False]):
        assert choose_threshold([0.9, 0.8][: len(right)], right) == 1.0
    assert choose_threshold([0.9, 0.9, 0.8], [True, False, True], 0.4) == 0.8
    assert choose_threshold([0.95, 0.9, 0.9], [True, True, False], 0.1) == 0.95


def test_digits_written_again_are_still_what_they_were(digits, recognizer):
    images, labels = digits[0][:50], digits[1][:50]
    seen, found = rewrite(images, labels, seed=3)
    assert seen.shape == (len(found), 28, 28)
    assert seen.dtype == np.uint8
    assert 30 < len(found) <= 50
    assert set(found) == set(range(10))
    read = forward(seen / np.float32(255), recognizer.weights).argmax(axis=1)
    assert (read == found).mean() > 0.95
    parts = SegmentJudgeSettings(at_once=7)  # in whatever order they are finished
    again, same = rewrite(images, labels, seed=3, jobs=2, settings=parts)
    assert np.array_equal(again, seen)
    assert np.array_equal(same, found)
    other, _ = rewrite(images[:9], labels[:9], seed=4)
    assert not np.array_equal(other[:5], seen[:5])


def test_all_strokes_are_written_again(donors, recognizer):
    some = slice(0, 150)
    seen, labels = rewrite(donors.strokes[some], donors.labels[some], seed=2)
    assert seen.shape == (150, 28, 28)
    assert np.array_equal(labels, donors.labels[some])
    read = forward(seen / np.float32(255), recognizer.weights).argmax(axis=1)
    assert np.mean(read == labels) > 0.9


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


@pytest.mark.parametrize("kind", ["clear", "touching", "boxes"])
def test_segments_are_answered_by_where_the_digits_stand(digits, recognizer, kind):
    trues, falses, known = set(), 0, 0
    for i, field in enumerate(fields(*digits, 4, kind=kind, seed=2)):
        answers = answered(field, recognizer)
        for box, unit, segment, answer in boxes(field, answers):
            if answer == OTHER:
                falses += 1  # what is near a digit, but not it, is left out
                away = np.abs(field.boxes - box) / unit
                near = (away[:, [0, 2]] < 0.22) & (away[:, [1, 3]] < 0.30)
                assert not near.all(axis=1).any()
                continue
            trues.add((i, segment.box))
            middles = field.boxes[:, :2] + field.boxes[:, 2:]
            place = np.add(box[:2], box[2:])
            nearest = np.abs(middles - place).max(axis=1).argmin()
            assert np.abs(field.boxes[nearest] - box).max() < 0.23 * unit
            known += segment.digit == int(field.text[nearest])
            assert answer == int(field.text[nearest])
    assert len(trues) >= 12  # of 20, in 4 fields of 5 digits
    assert known > 0.8 * len(trues)
    assert falses > 4


def test_a_digit_apart_is_true_and_two_together_are_false(digits, recognizer):
    [field] = fields(*digits, 1, kind="clear", seed=4)
    middles, trues = (field.boxes[:, 0] + field.boxes[:, 2]) / 2, 0
    for box, *_, answer in boxes(field, answered(field, recognizer)):
        within = ((middles > box[0]) & (middles < box[2])).sum()
        assert within == 1 or answer == OTHER
        trues += answer != OTHER
    assert trues >= 5


def test_where_nothing_is_written_no_segment_is_a_digit(recognizer):
    sheets = empties("text", 3, fonts=fonts(), seed=1)
    found = [pair for sheet in sheets for pair in answered(sheet, recognizer)]
    assert {answer for _, answer in found} == {OTHER}
    # Nor does it matter what was learned before.
    assert {segment.is_digit for segment, _ in found} == {0.5}


def test_what_is_learned_helps(digits, recognizer, lessons):
    _, features, found = lessons
    weights = fit_segments(features, found != OTHER)
    assert weights[0].shape == (len(FEATURES), 16)
    three = SegmentJudgeSettings(hidden=3)
    few = fit_segments(features, found != OTHER, settings=three)
    assert few[0].shape == (len(FEATURES), 3)
    right = total = 0
    for field in fields(*digits, 3, kind="boxes", seed=50):
        segments, answers = zip(*answered(field, recognizer), strict=True)
        is_digit = judge(np.array([s.features for s in segments]), weights)
        right += ((is_digit > 0.5) == [a != OTHER for a in answers]).sum()
        total += len(answers)
    assert right > 0.8 * total
