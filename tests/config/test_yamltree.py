"""YAML is read as the Pulumi engine reads it, and hostile text ends in one problem."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.stack_yaml import plain_scalar, read_tree

# Written into a stack file and read back with `pulumi config --json` of engine 3.260.
ENGINE = {
    "12": 12,
    "01234567890123456789012345678901": 1.2345678901234568e30,
    "12345678901234567890123456789012": 1.2345678901234567e31,
    "1234567890123456789012345678e123": 1.2345678901234568e150,
    "0x12": 18,
    "0o17": 15,
    "017": 15,
    "0b11": 3,
    "1.0": 1.0,
    "1e31": 1e31,
    "1_000": 1000,
    "yes": "yes",
    "on": "on",
    "y": "y",
    "True": True,
    "TRUE": True,
    "false": False,
    "~": None,
    "Null": None,
    "1:30": "1:30",
    "2027-05-20T00:00:00Z": "2027-05-20T00:00:00Z",
    "0123456789abcdef0123456789abcdef": "0123456789abcdef0123456789abcdef",
    "-": "-",
    ".": ".",
    "+": "+",
}


@pytest.mark.parametrize(("word", "value"), ENGINE.items())
def test_a_bare_word_means_what_it_means_to_the_engine(word: str, value: object) -> None:
    read = plain_scalar(word)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("word", ["9" * 5000, "0x" + "f" * 5000, "0" * 5000, "1e" + "9" * 500])
def test_a_number_without_end_is_read_in_no_time(word: str) -> None:
    assert plain_scalar(word) == word


@given(st.text(alphabet="0123456789abcdefox_.+-einf", max_size=12))
def test_no_bare_word_raises(word: str) -> None:
    assert isinstance(plain_scalar(word), str | int | float | bool | type(None))


TEXT = """\
config:
  a: 1
  "b": "1"
  list:
    - x
    - {y: z}
  merged: {<<: &m {k: v, own: 2}, own: 1}
  again: *m
"""


def test_values_lines_and_the_text_of_numbers() -> None:
    tree = read_tree(TEXT)
    assert tree.problems == []
    assert tree.value == {
        "config": {
            "a": 1,
            "b": "1",
            "list": ["x", {"y": "z"}],
            "merged": {"own": 1, "k": "v"},
            "again": {"k": "v", "own": 2},
        }
    }
    assert tree.lines["config", "b"] == 3
    assert tree.lines["config", "list", 1] == 6
    assert tree.lines["config", "list", 1, "y"] == 6
    assert tree.lines["config", "merged", "k"] == 7
    assert tree.written["config", "a"] == "1"
    assert tree.written["config", "merged", "own"] == "1"


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
)
LADDER = "a0: &a0 [1]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(3000))

BAD = {
    "alias bomb": (BOMB, "unfolds to more than"),
    "alias ladder": (LADDER, "nested more than"),
    "deep lists": ("[" * 900_000, "nested more than"),
    "deep mappings": ("{a: " * 200_000, "nested more than"),
    "unknown alias": ("a: *x", "names no anchor"),
    "alias of itself": ("a: &a [*a]", "inside its own anchor"),
    "two documents": ("a: 1\n---\nb: 2", "second YAML document"),
    "control character": ("a: \x01", "does not allow"),
    "open quote": ("a: 'x", "this is no YAML"),
    "list as key": ("? [a]\n: 1", "used as a key"),
    "alias as key": ("a: &a b\n*a : c", "used as a key"),
    "tab": ("a:\n\tb: 1", "a tab is used to indent"),
    "python tag": ("a: !!python/object:os.system x", "a YAML tag"),
    "custom tag": ("a: !secret x", "a YAML tag"),
    "tagged list": ("a: !!set {x}", "a YAML tag"),
    "merge of a number": ("a: {<<: 3}", "merges something"),
}


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=list(BAD))
def test_bad_text_is_one_problem_and_ends_soon(text: str, what: str) -> None:
    began = time.monotonic()
    (problem,) = read_tree(text).problems
    assert what in problem.what
    assert len(str(problem)) < 600
    assert time.monotonic() - began < 2


def test_a_key_that_stands_twice_names_both_lines() -> None:
    tree = read_tree("a:\n  b: 1\n  c: 2\n  b: 3\n")
    (problem,) = tree.problems
    assert (problem.where.path, problem.where.line) == ("a.b", 4)
    assert "first on line 2" in problem.what
    assert tree.value is not None, "the rest is still checked"


def test_keys_of_two_mappings_are_no_twins() -> None:
    assert read_tree("a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 1}]").problems == []


@given(st.text(alphabet="ab:-[]{}&*!#|>'\"%@`,? \n\t~<0123", max_size=60))
def test_no_text_raises(text: str) -> None:
    for problem in read_tree(text).problems:
        assert "\n" not in str(problem)
        assert problem.what
