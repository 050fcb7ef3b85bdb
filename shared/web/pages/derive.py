"""Makes `static/govuk-frontend.css` from the vendored file: without the faces licensed for gov.uk alone.

Run `python -m shared.web.pages.derive` after vendoring a new version; a test compares the two.
"""

import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SOURCE, TARGET = STATIC / "vendor" / "govuk-frontend.min.css", STATIC / "govuk-frontend.css"
_FACE = re.compile(r"@font-face\{[^}]*\}")
_FAMILY = re.compile(r'font-family:"?GDS Transport"?,[^;}]*')
_MAP = re.compile(r"/\*# sourceMappingURL=[^*]*\*/\s*")


def derived(css: str) -> str:
    """The style sheet with every text in the page's own face and no request for another."""
    return _MAP.sub("", _FAMILY.sub("font-family:inherit", _FACE.sub("", css)))


if __name__ == "__main__":
    TARGET.write_text(derived(SOURCE.read_text("utf-8")), "utf-8")
