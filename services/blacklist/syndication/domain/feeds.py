"""Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1 of the newest steps of the register."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

ATOM = "http://www.w3.org/2005/Atom"
_CONTROL = {code: " " for code in (*range(32), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}
"""What XML may not hold."""


class Entry(NamedTuple):
    """One listing's newest step: shown with its content, or only as lifted."""

    listing_id: str
    position: int
    at: datetime
    title: str
    text: str
    public: bool


class Feed(NamedTuple):
    """What stands above the entries; `home` is the site's address, `own` the feed's."""

    title: str
    home: str
    own: str
    updated: datetime
    entries: Sequence[Entry]

    def link(self, entry: Entry) -> str:
        return f"{self.home}/listings/{entry.listing_id}" if entry.public else f"{self.home}/"


def write_atom(feed: Feed) -> bytes:
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "zh-CN"})
    _texts(root, {"id": f"{feed.home}/feed", "title": feed.title, "updated": feed.updated.isoformat()})
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.own})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{feed.home}/"})
    _texts(SubElement(root, "author"), {"name": feed.title})
    for entry in feed.entries:
        node = SubElement(root, "entry")
        _texts(node, {"id": _urn(entry), "title": entry.title, "updated": entry.at.isoformat()})
        SubElement(node, "link", {"href": feed.link(entry)})
        _texts(node, {"summary": entry.text})
    return _document(root)


def write_rss(feed: Feed) -> bytes:
    root = Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = SubElement(root, "channel")
    about = {"title": feed.title, "link": f"{feed.home}/", "description": feed.title, "language": "zh-cn"}
    _texts(channel, about | {"lastBuildDate": _mail_date(feed.updated)})
    own = {"rel": "self", "type": "application/rss+xml", "href": feed.own}
    SubElement(channel, "atom:link", own)
    for entry in feed.entries:
        node = SubElement(channel, "item")
        _texts(node, {"title": entry.title, "link": feed.link(entry), "description": entry.text})
        SubElement(node, "guid", {"isPermaLink": "false"}).text = _urn(entry)
        _texts(node, {"pubDate": _mail_date(entry.at)})
    return _document(root)


def write_json(feed: Feed) -> bytes:
    items = [
        {
            "id": _urn(entry),
            "url": feed.link(entry),
            "title": entry.title,
            "content_text": entry.text,
            "date_published": entry.at.isoformat(),
        }
        for entry in feed.entries
    ]
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": f"{feed.home}/",
        "feed_url": feed.own,
        "language": "zh-CN",
        "items": items,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


FORMS: Mapping[str, tuple[str, Callable[[Feed], bytes]]] = {
    "atom": ("application/atom+xml", write_atom),
    "rss": ("application/rss+xml", write_rss),
    "json": ("application/feed+json", write_json),
}


def write_sitemap(addresses: Iterable[tuple[str, datetime]]) -> bytes:
    return _map("urlset", "url", addresses)


def write_sitemap_index(addresses: Iterable[tuple[str, datetime]]) -> bytes:
    return _map("sitemapindex", "sitemap", addresses)


def _map(root_name: str, name: str, addresses: Iterable[tuple[str, datetime]]) -> bytes:
    root = Element(root_name, {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for address, changed in addresses:
        _texts(SubElement(root, name), {"loc": address, "lastmod": changed.isoformat(timespec="seconds")})
    return _document(root)


def _urn(entry: Entry) -> str:
    """A listing has one entry per position of the change feed."""
    return f"urn:credit-blacklist:change:{entry.position}:{entry.listing_id}"


def _mail_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _texts(parent: Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text.translate(_CONTROL)


def _document(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
