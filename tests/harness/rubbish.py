"""How often Python looks for rubbish while tests run: with thousands of them loaded each full look takes most
of a second and finds little. What is there once all are known is not looked at again, the rest less often.
"""

import gc

THRESHOLDS = (20_000, 20, 5)


def look_no_more() -> None:
    """While modules and tests are loaded nearly everything stays."""
    gc.disable()


def look_seldom() -> None:
    """Everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
