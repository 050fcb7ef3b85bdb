"""What search engines are told about pages (schema.org)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
TITLE = "公共资源配置领域不良行为公示（法人和非法人组织）"
ABOUT = "正在公示的信息，随公示、更正、移出即时更新；不含自然人，不含已经移出的内容。"


class File(NamedTuple):
    """One way to have all of it."""

    form: str
    media_type: str
    title: str
    address: str


def describe_dataset(page: str, files: Sequence[File], changed: datetime | None) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": TITLE,
        "description": ABOUT,
        "license": LICENCE,
        "url": page,
        "dateModified": changed.isoformat() if changed else None,
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": each.media_type, "contentUrl": each.address}
            for each in files
        ],
    }


def describe_listing(view: Mapping[str, Any], home: str) -> dict[str, Any] | None:
    """A listing's page; nothing about persons."""
    subject, document = view["subject"], view["document"]
    if subject["type"] != "organization":
        return None
    return {
        "@context": "https://schema.org",
        "@type": "Report",
        "@id": f"{home}/listings/{view['id']}",
        "name": f"{subject['name']}：{view['list_name']}",
        "inLanguage": "zh-CN",
        "datePublished": view["listed_on"].isoformat(),
        "dateModified": view["changed_at"].isoformat(),
        "expires": view["publicity"]["max_end"],
        "identifier": document["number"],
        "publisher": {"@type": "GovernmentOrganization", "name": view["organ"]["name"]},
        "about": {"@type": "Organization", "name": subject["name"], "identifier": subject["uscc"]},
    }
