"""Reading Python source beside other threads."""

import ast
import gc


def read_tree(source: str) -> ast.Module:
    """Parsed with the collector at rest.

    CPython 3.11 counts the depth of a tree per interpreter: a finaliser that lets another thread parse in
    between (a traceback is enough) makes it raise SystemError (gh-106905).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if was_on:
            gc.enable()
