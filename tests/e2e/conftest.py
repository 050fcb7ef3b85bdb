"""One running embedded system shared by the outside checks of this folder; it ends with the last of them."""

import pytest

from services.demo import sign_in
from tests.e2e.world import running


@pytest.fixture(scope="package")
def world():
    with running() as started:
        yield started


@pytest.fixture(scope="package")
def signed_in(world):
    """Signs an account of 石家庄市长安区 (or another region) in by role."""

    def by_role(role, region="130102"):
        account = next(a for a in world.accounts if a["roles"] == [role] and a["region"] == region)
        return sign_in(world.base, account)

    return by_role
