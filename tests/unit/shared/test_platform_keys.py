"""Both sides read the same key, whoever comes first."""

import stat
from concurrent.futures import ThreadPoolExecutor

from shared.platform_keys import platform_key


def test_one_key_whoever_asks_first(tmp_path):
    path = tmp_path / "sandbox" / "keys.json"
    names = [f"platform-{n % 5}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda name: (name, platform_key(path, name)), names))
    assert len(set(keys)) == 5
    assert len({key.secret for _, key in keys}) == 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
