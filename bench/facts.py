"""What a figure was measured on, and where it is kept."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
KEPT_RUNS = 20


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _ticks() -> tuple[int, int]:
    """Ticks that other guests of the host took from this machine, and all ticks, since it started."""
    fields = [int(each) for each in next(iter(_lines("/proc/stat")), "cpu").split()[1:9]]
    return (fields[7], sum(fields)) if len(fields) == 8 else (0, 0)


_AT_START = _ticks()


def stolen() -> float:
    """Of the processors' time since the bench began, the share that went to other guests of the host."""
    gone, whole = (now - then for now, then in zip(_ticks(), _AT_START, strict=True))
    return round(gone / max(1, whole), 3)


def machine() -> dict[str, Any]:
    """CPU, cores, load, share of the run's time that other guests took, memory, versions."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    memory = next(
        (int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
        "stolen_share": stolen(),
        "memory_gb": round(memory / 1024 / 1024, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float]:
    """Minimum, median and maximum over the repeats of one figure."""
    return {
        "min": round(min(values), digits),
        "median": round(statistics.median(values), digits),
        "max": round(max(values), digits),
    }


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def keep(name: str, figures: dict[str, Any]) -> Path:
    """Writes the newest run to bench/results/<name>.json, before the older ones."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    runs = json.loads(path.read_text()) if path.exists() else []
    run = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **figures}
    path.write_text(json.dumps([run, *runs][:KEPT_RUNS], ensure_ascii=False, indent=1) + "\n")
    return path
