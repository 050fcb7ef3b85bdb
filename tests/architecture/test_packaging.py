"""The generic package names have one owner, and everything the deployment files name exists."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from shared.contracts.topics import TOPICS
from tests.harness.order import seconds_of_files

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


@pytest.mark.parametrize("package", ["services", "shared"])
def test_package_has_one_owner(package):
    owners = set(importlib.metadata.packages_distributions()[package])
    assert owners == {"credit-blacklist"}


def settings_named_in(text):
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def documented_settings():
    table = (ROOT / "docs/settings.md").read_text("utf-8")
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", table, re.MULTILINE))


def test_compose_commands_exist():
    scripts = set(PROJECT["project"]["scripts"])
    for name, service in COMPOSE["services"].items():
        if "image" in service and service["image"].startswith("credit-blacklist"):
            assert service["command"][0] in scripts, name


def test_compose_settings_are_documented():
    known = documented_settings()
    for name, service in COMPOSE["services"].items():
        if service.get("image", "").startswith("credit-blacklist"):
            unknown = set(service["environment"]) - known
            assert not unknown, f"{name}: {unknown}"


def test_example_environment_is_documented_and_complete():
    example = settings_named_in((ROOT / "deploy/env.example").read_text("utf-8"))
    assert example == documented_settings()


def source_files():
    return [path for folder in ("services", "shared", "deploy") for path in (ROOT / folder).rglob("*.py")]


def test_documented_settings_are_read_by_the_code():
    code = "\n".join(path.read_text("utf-8") for path in source_files())
    missing = {name for name in documented_settings() if f'"{name}"' not in code}
    services = ("BLACKLIST", "CREDIT_PUSH", "NOTIFIER")
    computed = {f"{service}_{part}" for service in services for part in ("DB_URL", "URL_PREFIX")}
    computed |= {f"{vendor}_HOSTS" for vendor in ("WECOM", "DINGTALK", "FEISHU")}
    assert missing <= computed | {name for name in missing if name.startswith("SITE_")}


def test_settings_read_by_the_code_are_documented():
    reads = re.compile(
        r'(?:environ(?:\.get)?|env(?:\.get)?|reader\.\w+|env\.\w+)[\[(]\s*"([A-Z][A-Z0-9_]{2,})"'
    )
    found = set()
    for path in source_files():
        found |= set(reads.findall(path.read_text("utf-8")))
    assert found <= documented_settings() | {
        "HOME",
        "PATH",
        "PATH_INFO",
        "REQUEST_METHOD",
        "QUERY_STRING",
        "HTTP_X_REQUEST_ID",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_IF_NONE_MATCH",
        "REMOTE_ADDR",
        "RAW_URI",
        "REQUEST_URI",
        "PYTHONUNBUFFERED",
    }


def test_topics_of_the_broker_file_are_the_contract_s():
    named = yaml.safe_load((ROOT / "deploy/topics.yaml").read_text("utf-8"))["topics"]
    assert set(named) >= {topic.name for topic in TOPICS}


def test_proxy_names_existing_services_and_prefixes():
    conf = (ROOT / "deploy/nginx/site.conf").read_text("utf-8")
    hosts = re.findall(r"server ([a-z-]+):8000", conf)
    assert hosts
    for host in hosts:
        assert host in COMPOSE["services"]


def test_makefile_targets_named_in_readme_exist():
    make = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", make, re.MULTILINE))
    for readme in ("README.md", "README.zh-CN.md"):
        named = set(re.findall(r"make ([a-z]+)", (ROOT / readme).read_text("utf-8")))
        assert named <= targets


def test_files_named_in_documents_exist():
    for document in [ROOT / "README.md", ROOT / "README.zh-CN.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_python_files_stay_readable():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if "versions" not in path.parts and (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_the_long_tests_are_files_there_are():
    assert not [file for file in seconds_of_files() if not (ROOT / file).exists()]
