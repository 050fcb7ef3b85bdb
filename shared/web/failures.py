"""The two refusals that only HTTP knows (400 and 415), beside the domain errors every layer may raise."""


class BadRequest(Exception):
    """The request cannot be read at all (400)."""

    def __init__(self, slug: str, title: str, detail: str = "") -> None:
        super().__init__(slug)
        self.slug, self.title, self.detail = slug, title, detail


class UnsupportedMediaType(Exception):
    """The body is of another content type than the route reads (415)."""

    def __init__(self, expected: list[str]) -> None:
        super().__init__("unsupported-media-type")
        self.expected = expected
