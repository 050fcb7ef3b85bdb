"""Tables of openness. Nobody approves what they drafted, and the database says so too."""

from services.blacklist.openness.models.channels import ChannelDraft
from services.blacklist.openness.models.items import ItemFile, ItemVersion, OpennessItem
from services.blacklist.openness.models.listing_texts import ListingOutlet, ListingText
from services.blacklist.openness.models.opinions import Opinion, WatchRound
from services.blacklist.openness.models.reports import Report

__all__ = [
    "ChannelDraft",
    "ItemFile",
    "ItemVersion",
    "ListingOutlet",
    "ListingText",
    "OpennessItem",
    "Opinion",
    "Report",
    "WatchRound",
]
