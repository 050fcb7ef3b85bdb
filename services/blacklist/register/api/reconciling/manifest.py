"""What the service says of itself to a tool that is given its address."""

from typing import Any

from services.blacklist.register.queries.reconciling import TYPES

WIDTH, HEIGHT = 430, 240


def manifest(name: str, site: str, base: str) -> dict[str, Any]:
    """`site` is our address, `base` that of the service."""
    suggest = {"service_url": base, "service_path": ""}
    return {
        "versions": ["0.2"],
        "name": name,
        "identifierSpace": f"{site}/embed/view",
        "schemaSpace": f"{site}/docs",
        "documentation": f"{site}/docs",
        "defaultTypes": [{"id": key, "name": label} for key, label in TYPES.items()],
        "view": {"url": f"{site}/embed/view?id={{{{id}}}}"},
        "preview": {"url": f"{site}/embed/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
        "suggest": {
            "entity": suggest | {"service_path": "/suggest/entity"},
            "property": suggest | {"service_path": "/suggest/property"},
            "type": suggest | {"service_path": "/suggest/type"},
        },
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/properties"},
            "property_settings": [],
        },
    }
