"""Stored results: what is read today is what was read when they were stored."""

import csv
import importlib.util
from pathlib import Path

import pytest

from digitlib.synthesis.forms import KINDS

ROOT = Path(__file__).parent.parent
METHODS = ("read", "read, digits known")


def stored(name):
    with (ROOT / "book" / "results" / name).open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole_numbers():
    place = ROOT / "benchmarks" / "whole_numbers.py"
    spec = importlib.util.spec_from_file_location(place.stem, place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_tables_of_whole_numbers_are_of_the_same_run(whole_numbers):
    table, misread = stored("numbers.csv"), stored("misread.csv")
    assert {row["versions"] for row in (*table, *misread)} == {table[0]["versions"]}
    assert {row["kind"] for row in table} == set(whole_numbers.ALL)
    for row in table:
        if row["method"] in METHODS and row["kind"] in KINDS:
            both = row["kind"], row["method"]
            found = [r for r in misread if (r["kind"], r["method"]) == both]
            wrong = int(row["numbers"]) - int(row["right"])
            assert int(row["accepted_wrong"]) <= len(found) <= wrong


def test_each_misread_number_has_its_rank():
    for method in METHODS:
        some = [row for row in stored("misread.csv") if row["method"] == method]
        ranks = [int(row["as_sure"]) for row in some]
        assert ranks == sorted(ranks)
        assert all(rank >= i for i, rank in enumerate(ranks, 1))
        assert all(row["written"] != row["read"] for row in some)


@pytest.mark.slow
def test_numbers_are_read_as_they_were_when_they_were_stored(
    whole_numbers, monkeypatch
):
    methods = {name: whole_numbers.METHODS[name] for name in METHODS}
    monkeypatch.setattr(whole_numbers, "METHODS", methods)
    misread = {
        (row["kind"], row["method"], row["written"], row["read"])
        for row in stored("misread.csv")
    }
    hard = {(kind, method, written) for kind, method, written, _ in misread}
    again = 0
    for kind in KINDS:
        found = whole_numbers.judged(kind, 40, whole_numbers.first_seed(kind))
        for _, method, *texts, _, confidence in found:
            written, read = (text.replace("\n", " ") for text in texts)
            if written == read:
                assert (kind, method, written) not in hard
            elif confidence > 0:
                assert (kind, method, written, read) in misread
                again += 1
    assert again
