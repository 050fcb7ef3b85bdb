"""The register for readers of other kinds: feed readers, search engines, FollowTheMoney tools, catalogues.

Organisations only; what is no longer public shows neither name nor content.
"""
