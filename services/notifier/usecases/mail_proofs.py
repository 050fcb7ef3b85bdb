"""What stands in the Message-ID of a mail besides its number, so that a bounce of it cannot be made up.

The number of a mail is known to colleagues, to operators and to logs; the proof only to those who hold the
mail or carried it. A report that brings back the number alone has no effect. A mail that bounced and is sent
again bears the proof of its next round: the report of an earlier one is known by its own.
"""

from hmac import compare_digest

from shared.crypto import KeyRing

LENGTH = 32


def mail_proof(keyring: KeyRing, mail_id: str, number: int = 0) -> str:
    """The same on every repeat of a mail in one round, under the key that is active."""
    return _shortened(keyring.blind_index(_named(mail_id, number)))


def is_proven(keyring: KeyRing, mail_id: str, proof: str, number: int = 0) -> bool:
    """Whether the proof is that of the mail in this round, under any key we have had."""
    known = keyring.blind_indexes(_named(mail_id, number))
    return any(compare_digest(_shortened(each), proof) for each in known)


def _named(mail_id: str, number: int) -> str:
    return f"mail:{mail_id}:{number}" if number else f"mail:{mail_id}"


def _shortened(index: str) -> str:
    return index.rpartition(":")[2][:LENGTH]
