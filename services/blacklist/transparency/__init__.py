"""The transparency log (透明日志): one salted commitment for each version of each listing, in a Merkle
tree that anyone may check; and certificates that are bound to it.
"""
