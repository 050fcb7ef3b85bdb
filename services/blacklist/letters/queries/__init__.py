"""Reading letters: what a case has and may have, what a letter says, and what anyone may verify."""

from services.blacklist.letters.queries.finding import find_letter, letters_of
from services.blacklist.letters.queries.verifying import verification
from services.blacklist.letters.queries.views import case_letters, letter_view

__all__ = ["case_letters", "find_letter", "letter_view", "letters_of", "verification"]
