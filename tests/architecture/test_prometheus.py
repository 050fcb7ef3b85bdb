"""deploy/prometheus against the code: every metric, loop and outcome it names is one the processes export."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.architecture.test_deployment import ROOT
from tests.architecture.test_kubernetes import of_kind, pod

FOLDER = ROOT / "deploy/prometheus"
MADE = re.compile(
    r'\b(counter|gauge|histogram)\(\s*"(\w+)",\s*"[^"]*"(?:,\s*[\[(]([^\])]*)[\])])?', re.DOTALL
)
ALERTS = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
PUT_BY_PROMETHEUS = {"job", "pod", "namespace", "le"}


@cache
def code() -> str:
    return "\n".join(
        path.read_text("utf-8")
        for top in ("services", "shared")
        for path in sorted((ROOT / top).rglob("*.py"))
    )


@cache
def exported() -> dict[str, set[str]]:
    """Name as Prometheus sees it -> labels."""
    found = {"up": set[str]()}
    for kind, name, labels in MADE.findall(code()):
        ends = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}[kind]
        for end in ends:
            found[name.removesuffix(end) + end] = set(re.findall(r'"(\w+)"', labels))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


WORDS = {
    "sum",
    "max",
    "by",
    "rate",
    "increase",
    "deriv",
    "time",
    "absent",
    "or",
    "and",
    "topk",
    "histogram_quantile",
}


@pytest.mark.parametrize(("where", "expr"), list(expressions()))
def test_metrics_and_labels_are_real(where: str, expr: str) -> None:
    assert expr.count("(") == expr.count(")"), where
    selectors = re.sub(r"\[\d+[smhd]\]", "", expr)
    grouped = {
        each.strip() for found in re.findall(r"by \(([^)]*)\)", selectors) for each in found.split(",")
    }
    bare = re.sub(r"\{[^}]*\}|by \([^)]*\)", " ", selectors)
    names = set(re.findall(r"[a-z_]{2,}", bare)) - WORDS
    assert names <= set(exported()), where
    known = PUT_BY_PROMETHEUS.union(*(exported()[name] for name in names))
    matched = {
        each for found in re.findall(r"\{([^}]*)\}", selectors) for each in re.findall(r"(\w+)[=!]", found)
    }
    assert grouped | matched <= known, where


def test_values_that_are_matched_are_said_by_the_code() -> None:
    every = " ".join(expr for _, expr in expressions())
    for label, values in re.findall(r'(loop|outcome|state)=~?"([^"]+)"', every):
        assert all(f'"{value}"' in code() for value in values.split("|")), label
    assert set(re.findall(r'job="([^"]+)"', every)) == set(of_kind("Deployment")) - {"proxy"}


def test_every_alert_says_in_chinese_what_it_is_and_where_to_read_on() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", OPERATIONS, re.MULTILINE)
    }
    for rule in ALERTS:
        notes = rule["annotations"]
        assert all(re.search(r"[\u4e00-\u9fff]", notes[each]) for each in ("summary", "action")), rule[
            "alert"
        ]
        page, anchor = notes["runbook"].split("#")
        assert (page, anchor in headings) == ("docs/operations.md", True), rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert f"`{rule['alert']}`" in OPERATIONS, rule["alert"]
        for label in re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["action"]):
            kept = " by " not in rule["expr"] and label in PUT_BY_PROMETHEUS
            assert kept or label in rule["expr"], rule["alert"]
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_what_is_scraped_is_what_the_pods_carry() -> None:
    config: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    (scraped,) = config["scrape_configs"]
    kept = {each["source_labels"][0]: each["regex"] for each in scraped["relabel_configs"] if "regex" in each}
    assert kept["__meta_kubernetes_pod_label_credit_blacklist_metrics"] == "true"
    port = kept["__meta_kubernetes_pod_container_port_name"]
    for name, each in of_kind("Deployment").items():
        labelled = each["spec"]["template"]["metadata"]["labels"].get("credit-blacklist/metrics") == "true"
        has_port = port in {one["name"] for one in pod(each)["containers"][0]["ports"]}
        assert labelled == has_port == (name != "proxy")
    assert all((FOLDER / each).exists() for each in config["rule_files"])
