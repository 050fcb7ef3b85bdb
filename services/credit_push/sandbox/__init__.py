"""Stand-in platforms: they speak every transport strictly and can be told to misbehave.

They lean on `shared` only, so that their checks are a second opinion on our formats; production refuses them.
What they check is written down in docs/platform-wire.md.
"""
