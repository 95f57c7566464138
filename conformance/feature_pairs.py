"""What shows a feature: one observation of real requests before it is switched or used, one after, that differ."""

import itertools
import json
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent / "spec/examples.json"

shown: set[str] = set()
"""Names of the features that have a pair."""

SHOWN_ELSEWHERE = {
    "kafka_log": "with a real broker, which there is none of here: src/gateway/policies/kafka-log.test.ts",
}


def pair(before: Any, after: Any) -> Callable[[Callable[[Any], Iterator[Any]]], Callable[[Any], None]]:
    """Makes a test of a generator that yields the two observations. `test_gzip` shows the feature `gzip`."""
    if before == after:
        raise ValueError("a pair that does not differ shows nothing")

    def decorate(observe: Callable[[Any], Iterator[Any]]) -> Callable[[Any], None]:
        shown.add(observe.__name__.removeprefix("test_"))

        @wraps(observe)
        def test(case: Any) -> None:
            case.assertEqual(list(itertools.islice(observe(case), 3)), [before, after])

        return test

    return decorate


def named_by_the_reference() -> set[str]:
    """`supported_features` in the examples of `showDetailsOfInstanceV2`."""
    examples = json.loads(EXAMPLES.read_text())["showDetailsOfInstanceV2"]
    return {name for example in examples["200"] for name in example["supported_features"]}
