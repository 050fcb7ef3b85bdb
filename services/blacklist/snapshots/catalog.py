"""The files as a catalogue in DCAT (JSON-LD) for data portals: what the index says, in their words."""

from collections.abc import Mapping
from typing import Any

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
MEDIA = "https://www.iana.org/assignments/media-types/"
DELTAS = "增量"


def catalogue(said: Mapping[str, Any], address: str) -> dict[str, Any]:
    """`said` is the index; a file without size and checksum at the moment has none here either."""
    snapshot, deltas = f"{address}#snapshot", f"{address}#deltas"
    return {
        "@context": CONTEXT,
        "@id": address,
        "@type": "dcat:Catalog",
        "dct:title": _text(said["title"]),
        "dct:license": {"@id": said["licence"]},
        "dct:modified": _moment(said["built_at"]),
        "dcat:dataset": [
            _dataset(said, snapshot, said["title"], "files"),
            _dataset(said, deltas, f"{said['title']}：{DELTAS}", "deltas")
            | {"dct:source": {"@id": snapshot}},
        ],
    }


def _dataset(said: Mapping[str, Any], own: str, title: str, kind: str) -> dict[str, Any]:
    return {
        "@id": own,
        "@type": "dcat:Dataset",
        "dct:title": _text(title),
        "dct:language": "zh-CN",
        "dct:identifier": own,
        "dct:license": {"@id": said["licence"]},
        "dct:modified": _moment(said["built_at"]),
        "dcat:version": str(said["generation"]),
        "dcat:distribution": [_distribution(each, said) for each in said[kind]],
    }


def _distribution(file: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "@id": file["url"],
        "@type": "dcat:Distribution",
        "dct:title": file["name"],
        "dcat:downloadURL": {"@id": file["url"]},
        "dcat:mediaType": {"@id": MEDIA + file["media_type"]},
        "dct:license": {"@id": said["licence"]},
        "dct:conformsTo": {"@id": file["schema"]},
    }
    if file["form"] != "delta":
        made |= {"dct:issued": _moment(said["built_at"]), "dct:modified": _moment(said["built_at"])}
    if file["sha256"] is not None:
        made["dcat:byteSize"] = {"@type": "xsd:nonNegativeInteger", "@value": str(file["bytes"])}
        made["spdx:checksum"] = {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": file["sha256"]},
        }
    return made


def _text(value: str) -> dict[str, str]:
    return {"@language": "zh-CN", "@value": value}


def _moment(value: str) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": value}
