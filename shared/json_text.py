"""JSON as short text, the same from both of Python's encoders; made ready once, not for every text.

What is written is a tree: what refers to itself ends in a RecursionError.
"""

import json
from collections.abc import Callable
from typing import Any

_FAST: Any = getattr(json.encoder, "c_make_encoder", None)
"""What `JSONEncoder` makes anew for each text: half the time of a small one."""


def writer(*, sort_keys: bool = False) -> Callable[[Any], str]:
    """A function from a value to its text: no blanks, every sign as itself."""
    plain = json.JSONEncoder(
        ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"), check_circular=False
    )
    if _FAST is None:
        return plain.encode
    made = _FAST(None, plain.default, json.encoder.encode_basestring, None, ":", ",", sort_keys, False, True)
    return lambda value: "".join(made(value, 0))
