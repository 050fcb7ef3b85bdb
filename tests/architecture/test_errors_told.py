"""No refusal ends without a word of why: the detail, or else what the page of its slug says."""

import services.blacklist.app
import services.credit_push.app
import services.notifier.app  # noqa: F401  each service describes its own
from services.cli.root import sentence
from shared.errors import ERROR_PAGES, NotFound


def test_every_described_error_says_why_and_is_told_by_the_tool() -> None:
    assert len(ERROR_PAGES) > 150
    for slug, page in ERROR_PAGES.items():
        assert page.endswith("。"), slug
        assert NotFound(slug, "没有").told == page
        assert NotFound(slug, "没有", "请核对。").told == "请核对。"
        assert (sentence(NotFound(slug, "没有")) or "").endswith("。"), slug
