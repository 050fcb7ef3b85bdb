"""The platforms we push to, one TOML file each: a new platform is a file, not code.

`load_catalogue` gives profiles ready to use and refuses a catalogue with any problem; `check_catalogue` lists
every problem with its file and field. `${NAME}` in transport values comes from the settings.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services.credit_push.catalogue.document import Problem
from services.credit_push.catalogue.lines import line_of
from services.credit_push.catalogue.profile import (
    OBSERVED,
    Breaker,
    Deadline,
    Door,
    Limits,
    Profile,
    Receipts,
    RecordLayout,
    Takes,
    TransportSpec,
    Window,
    Withdrawal,
)
from services.credit_push.catalogue.reading import problems_between, read_folder, read_profile

__all__ = [
    "OBSERVED",
    "Breaker",
    "Catalogue",
    "CatalogueError",
    "Deadline",
    "Door",
    "Limits",
    "Problem",
    "Profile",
    "Receipts",
    "RecordLayout",
    "Takes",
    "TransportSpec",
    "Window",
    "Withdrawal",
    "check_catalogue",
    "check_file",
    "load_catalogue",
    "problems_beside",
    "read_profile",
]

FOLDER = Path(__file__).parent
Catalogue = Mapping[str, Profile]
"""Profiles by platform id."""

SAMPLE_VALUES = {
    "SANDBOX_URL": "http://127.0.0.1:8090",
    "SANDBOX_DIR": "var/sandbox",
    "SANDBOX_EXCHANGE": "sqlite:///var/sandbox/exchange",
    "SANDBOX_EVENTS": "sqlite:///var/sandbox/events.db",
}
"""Stand-ins for the settings when only the files are checked."""


class CatalogueError(ValueError):
    """The catalogue has problems; the text lists them all."""


def load_catalogue(values: Mapping[str, str], folder: Path = FOLDER) -> dict[str, Profile]:
    """Every profile of the folder, by id in file order; CatalogueError if any file has a problem."""
    profiles, problems = read_folder(folder, values)
    if problems:
        raise CatalogueError("; ".join(str(problem) for problem in problems))
    return profiles


def check_catalogue(folder: Path = FOLDER, values: Mapping[str, str] = SAMPLE_VALUES) -> list[Problem]:
    """What is wrong with the files of a catalogue, each with file and field; empty when all is well."""
    return read_folder(folder, values)[1]


def check_file(path: Path, values: Mapping[str, str] = SAMPLE_VALUES) -> list[Problem]:
    """What is wrong with one platform's file, alone and beside the shipped ones.

    A file that is not shipped is meant for the site, whose rule of where a profile may point holds for it.
    """
    of_site = path.resolve().parent != FOLDER.resolve()
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        return [Problem(path.name, "", f"不是 UTF-8 文本：{error.reason}")]
    profile, problems = read_profile(path.name, text, values, of_site=of_site)
    if profile is None or problems:
        return problems
    return problems_beside(load_catalogue(values), profile, text)


def problems_beside(others: Catalogue, profile: Profile, text: str) -> list[Problem]:
    """What is wrong with a profile among others, each with its line in the profile's text."""
    found = problems_between({**others, profile.id: profile})
    file = f"{profile.id}.toml"
    return [replace(one, line=line_of(text, one.field)) for one in found if one.file == file]
