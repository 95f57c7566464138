"""What in a reply has another type than the SDK's model says, read as strictly as Go's and Java's SDKs do."""

import re
from collections.abc import Iterator
from typing import Any

import huaweicloudsdkapig.v2 as apig

# What the readers of Go and of Java have in common: an empty text is no moment, and T and the zone may be left out
# together, as the service does in one field.
MOMENT = re.compile(r"(?:|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})| \d{2}:\d{2}:\d{2}))")

FITS = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and MOMENT.fullmatch(value) is not None,
    "object": lambda value: True,
}


def misfits(data: Any, model: Any, at: str = "") -> Iterator[str]:
    """`model` is a class of the SDK or the text by which its models name a type. Null fits every type."""
    if data is None:
        return
    if not isinstance(model, str):
        yield from _of_model(data, model, at)
    elif model in FITS:
        if not FITS[model](data):
            yield f"{at} is {data!r}, not {model}"
    elif many := re.fullmatch(r"list\[(.*)\]", model):
        if not isinstance(data, list):
            yield f"{at} is {data!r}, not {model}"
            return
        for index, element in enumerate(data):
            yield from misfits(element, many[1], f"{at}[{index}]")
    elif named := re.fullmatch(r"dict\(str, (.*)\)", model):
        if not isinstance(data, dict):
            yield f"{at} is {data!r}, not {model}"
            return
        for name, value in data.items():
            yield from misfits(value, named[1], f"{at}.{name}")
    else:
        yield from _of_model(data, getattr(apig, model), at)


def _of_model(data: Any, model: Any, at: str) -> Iterator[str]:
    if not model.openapi_types:  # An enumeration, which the SDK writes as a class without attributes.
        return
    if not isinstance(data, dict):
        yield f"{at} is {data!r}, not an object"
        return
    for attribute, kind in model.openapi_types.items():
        name = model.attribute_map[attribute]
        yield from misfits(data.get(name, data if name == "body" else None), kind, f"{at}.{name}".lstrip("."))
