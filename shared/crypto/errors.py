"""The one error of this package: it never says which part of a secret was wrong."""


class CryptoError(Exception):
    """A sealed value cannot be opened, or a key is missing."""
