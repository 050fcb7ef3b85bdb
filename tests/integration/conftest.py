"""What several files of integration tests begin with, made once and copied."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.supervision_world import Region


@pytest.fixture(scope="session")
def _ready_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.integration.supervision_world import Region

    folder = tmp_path_factory.mktemp("ready")
    Region(folder).deps.db.close()
    return folder


@pytest.fixture
def new_region(_ready_region: Path, tmp_path: Path) -> "Callable[[], Region]":
    """Opens a region of this test's own, on a copy of the sample world."""
    from tests.integration.supervision_world import Region

    return lambda: Region(shutil.copytree(_ready_region, tmp_path / "region"))
