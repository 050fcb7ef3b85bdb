"""How often Python looks for rubbish while tests run: with thousands of them loaded each full look takes most
of a second and finds little. What is there once all are known is not looked at again, the rest less often.
"""

import gc
import resource

THRESHOLDS = (20_000, 20, 5)
FILES = 4096
"""What only the collector closes stays open longer."""


def look_no_more() -> None:
    """While modules and tests are loaded nearly everything stays."""
    gc.disable()


def look_seldom() -> None:
    """Everything is loaded, and the little rubbish among it is not worth the look."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
