"""`make bench`: every benchmark of this folder in turn, or those named; figures go to bench/results/.

Each one is a module with `main()` and can be run alone (`python -m bench.messaging`).
"""

import argparse
import importlib
import pkgutil
import sys

import bench

APART = {"facts"}


def names() -> list[str]:
    found = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    return sorted(name for name in found if name not in APART and not name.startswith("_"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("wanted", nargs="*", choices=[*names(), []], help="which; all of them without a name")
    for name in parser.parse_args().wanted or names():
        print(f"== {name}", flush=True)
        sys.argv = [name]
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
