"""What the services tell each other: envelope, topics, shapes per topic and version, golden samples.

Contracts are data and append-only: a new optional field may come, nothing changes its name or meaning.
Inside a service only `consumes` and `publishes` import this package.
"""
