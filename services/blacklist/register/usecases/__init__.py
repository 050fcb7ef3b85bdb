"""What happens to listings. Every verb takes the caller's transaction, raises the version under the row's
lock, writes a `ListingVersion` and queues the events; none opens or commits a transaction of its own
except `import_listings`, which streams a file.
"""

from services.blacklist.register.usecases.endings import (
    hide_listing,
    remove_listing,
    restore_listing,
    revoke_listing,
    show_listing,
)
from services.blacklist.register.usecases.expiring import end_by_date, ending_loop
from services.blacklist.register.usecases.importing import ImportReport, import_listings
from services.blacklist.register.usecases.publication import (
    Publication,
    annotate_listing,
    correct_listing,
    publish_listing,
    publish_listings,
)
from services.blacklist.register.usecases.sequencing import ChangeSequencer
from services.blacklist.register.usecases.trimming import FeedTrim

__all__ = [
    "ChangeSequencer",
    "FeedTrim",
    "ImportReport",
    "Publication",
    "annotate_listing",
    "correct_listing",
    "end_by_date",
    "ending_loop",
    "hide_listing",
    "import_listings",
    "publish_listing",
    "publish_listings",
    "remove_listing",
    "restore_listing",
    "revoke_listing",
    "show_listing",
]
