"""deploy/kubernetes against what it deploys: processes, settings, health routes, ports, network, secrets.

No cluster and no tool is needed: the files are read as they are, before kustomize puts them together.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.blacklist.settings import read_settings as read_blacklist
from services.credit_push.settings import read_settings as read_push
from services.notifier.settings import read_settings as read_notifier
from tests.architecture.test_access_matrix import ROWS
from tests.architecture.test_deployment import COMPOSE, IMAGE, ROOT, upstreams

FOLDER = ROOT / "deploy/kubernetes"
SETTINGS = set(
    re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE)
)
OURS = {
    name: service["command"]
    for name, service in COMPOSE["services"].items()
    if "command" in service and name != "sandbox"
}
"""The stand-in platforms and the mail catcher have no place in production."""
PREFIX = {"credit-push-api": "/push", "notifier-api": "/notices"}
Manifest = dict[str, Any]


def documents(folder: Path) -> Iterator[Manifest]:
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    for name in listed:
        if (folder / name).is_file():
            yield from yaml.safe_load_all((folder / name).read_text("utf-8"))


BASE = list(documents(FOLDER / "base"))
SECRETS = [each for each in documents(FOLDER / "overlays/example") if each["kind"] == "Secret"]
OVERLAID = yaml.safe_load((FOLDER / "overlays/example/settings.yaml").read_text("utf-8"))["data"]


def of_kind(*kinds: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in BASE if each["kind"] in kinds}


WORKLOADS = of_kind("Deployment", "Job")


def pod(workload: Manifest) -> Manifest:
    found: Manifest = workload["spec"]["template"]["spec"]
    return found


def container(workload: Manifest) -> Manifest:
    found: Manifest = pod(workload)["containers"][0]
    return found


def test_every_file_is_listed() -> None:
    for folder in (FOLDER / "base", FOLDER / "overlays/example"):
        listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        named = {
            *listed["resources"],
            *(each["path"] for each in listed.get("patches", []) if "path" in each),
        }
        assert {each.name for each in folder.glob("*.yaml")} - {"kustomization.yaml"} <= named
        assert all((folder / each).exists() for each in named)
    generated = yaml.safe_load((ROOT / "deploy/nginx/kustomization.yaml").read_text("utf-8"))
    assert generated["configMapGenerator"] == [{"name": "nginx-site", "files": ["site.conf"]}]


def test_every_process_of_compose_is_here_with_the_same_command() -> None:
    assert {name: container(each)["args"] for name, each in WORKLOADS.items() if name != "proxy"} == OURS
    once = {name for name in OURS if COMPOSE["services"][name].get("restart") == "no"}
    assert set(of_kind("Job")) == once


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_pod_is_confined(name: str) -> None:
    spec = pod(WORKLOADS[name])
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["runAsUser"] > 0
    assert not spec["automountServiceAccountToken"]
    for each in [*spec["containers"], *spec.get("initContainers", [])]:
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert each["resources"]["requests"]
        assert each["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in each["volumeMounts"]} <= {
            volume["name"] for volume in spec["volumes"]
        }


def variables(workload: Manifest) -> dict[str, str]:
    """What the process finds in its environment in the example's overlay."""
    given: dict[str, str] = {}
    sources = {each["metadata"]["name"]: each["stringData"] for each in SECRETS} | {
        name: each["data"] | OVERLAID for name, each in of_kind("ConfigMap").items()
    }
    for source in container(workload).get("envFrom", []):
        (reference,) = source.values()
        given |= sources[reference["name"]]
    return given | {each["name"]: each["value"] for each in container(workload).get("env", [])}


def test_every_variable_is_a_setting_and_every_process_starts_with_what_it_is_given() -> None:
    readers: dict[str, Any] = {
        "blacklist": read_blacklist,
        "credit-push": read_push,
        "notifier": read_notifier,
    }
    readers["credit-blacklist"] = read_blacklist
    for name, command in OURS.items():
        given = variables(WORKLOADS[name])
        assert set(given) <= SETTINGS, name
        common = readers[command[0]](given).common
        assert common.production
        assert common.metrics_host == "0.0.0.0"


def test_the_public_process_has_neither_keys_nor_another_role() -> None:
    public = WORKLOADS["blacklist-public"]
    given = variables(public)
    assert "KEYS_FILE" not in given
    assert all("//credit_public:" in value for name, value in given.items() if name.endswith("_DB_URL"))
    assert all(each.get("readOnly") for each in container(public)["volumeMounts"] if each["name"] == "data")


def test_what_a_process_writes_to_is_mounted() -> None:
    for name in OURS:
        given = variables(WORKLOADS[name])
        mounted = {each["mountPath"] for each in container(WORKLOADS[name])["volumeMounts"]}
        folders = {given[key] for key in ("DATA_DIR", "PROMETHEUS_MULTIPROC_DIR") if key in given}
        named = ("KEYS_FILE", "PLATFORM_KEYS_FILE", "AUDIT_HEADS_FILE")
        files = {str(Path(given[key]).parent) for key in named if key in given}
        assert folders | files | {"/tmp"} <= mounted, name


def test_the_heads_of_the_trail_lie_on_a_volume_of_their_own() -> None:
    """Here as in compose, and with the worker alone: no other process could overwrite them."""
    heads = Path(variables(WORKLOADS["blacklist-worker"])["AUDIT_HEADS_FILE"]).parent
    holders = {
        name
        for name, each in WORKLOADS.items()
        if any(mount["mountPath"] == str(heads) for mount in container(each)["volumeMounts"])
    }
    assert holders == {"blacklist-worker"}
    (claim,) = (
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod(WORKLOADS["blacklist-worker"])["volumes"]
        if volume["name"] == "audit-heads"
    )
    assert claim in of_kind("PersistentVolumeClaim")
    worker = COMPOSE["services"]["blacklist-worker"]
    assert worker["environment"]["AUDIT_HEADS_FILE"].startswith(f"{heads}/")
    mounts = {name: each.get("volumes", []) for name, each in COMPOSE["services"].items()}
    assert [name for name, each in mounts.items() if f"audit-heads:{heads}" in each] == ["blacklist-worker"]
    assert f"-o credit -g credit {heads}" in IMAGE, "a named volume takes its owner from the image"


def test_probes_ask_for_routes_and_ports_that_exist() -> None:
    paths = {row.path for row in ROWS if row.method == "GET"}
    for name, each in of_kind("Deployment").items():
        ports = {port["name"]: port["containerPort"] for port in container(each)["ports"]}
        probes = [container(each)[kind] for kind in ("startupProbe", "livenessProbe")]
        probes += [container(each)["readinessProbe"]] if "http" in ports else []
        asked = [probe["httpGet"] for probe in probes if "httpGet" in probe]
        assert all(probe.get("httpGet", probe.get("tcpSocket"))["port"] in ports for probe in probes), name
        for probe in asked:
            assert probe["port"] == "metrics" or probe["path"] in paths
            assert probe["path"].startswith(PREFIX.get(name, "/"))
        if name != "proxy":
            assert ports["metrics"] == int(variables(each)["METRICS_PORT"])
            assert ports.get("http", 8000) == int(variables(each)["BIND"].split(":")[1])


def test_the_proxy_finds_its_upstreams_and_the_ingress_leads_to_it_alone() -> None:
    services = of_kind("Service")
    assert set(services) == {*upstreams().values(), "proxy"}
    for name, each in services.items():
        assert each["spec"]["selector"] == WORKLOADS[name]["spec"]["selector"]["matchLabels"]
        assert each["spec"]["ports"] == [{"name": "http", "port": 8000, "targetPort": "http"}]
    (ingress,) = of_kind("Ingress").values()
    backends = {
        path["path"]: path["backend"]["service"]["name"]
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert backends == {"/": "proxy"}, "who is signed in decides too: only site.conf can say where a page is"


def selected(selector: Manifest) -> set[str]:
    wanted = [(key, {value}) for key, value in selector.get("matchLabels", {}).items()]
    wanted += [(each["key"], set(each["values"])) for each in selector.get("matchExpressions", [])]
    return {
        name
        for name, each in WORKLOADS.items()
        if all(each["spec"]["template"]["metadata"]["labels"].get(key) in values for key, values in wanted)
    }


def test_who_may_speak_to_whom() -> None:
    policies = of_kind("NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    reached = {name: selected(each["spec"]["podSelector"]) for name, each in policies.items()}
    assert reached["behind-the-proxy"] == set(upstreams().values())
    assert reached["site"] == {"proxy"}
    assert reached["outside"] == {"credit-push-worker", "notifier-worker"}
    assert reached["metrics"] == {name for name in of_kind("Deployment") if name != "proxy"}
    assert reached["database"] == set(OURS)
    assert reached["event-log"] == {name for name in OURS if not name.endswith(("-api", "-public"))}


def test_budgets_and_scaling_name_what_exists() -> None:
    for name, each in of_kind("PodDisruptionBudget").items():
        assert selected(each["spec"]["selector"]) == {name}
    assert set(of_kind("PodDisruptionBudget")) == set(of_kind("Deployment"))
    (scaled,) = of_kind("HorizontalPodAutoscaler").values()
    pods = scaled["spec"]["maxReplicas"]
    (limit,) = re.findall(r"CONNECTION LIMIT (\d+)", (ROOT / "deploy/postgres-init.sql").read_text("utf-8"))
    processes = int(variables(WORKLOADS["blacklist-public"])["WEB_PROCESSES"])
    assert pods * processes * 10 <= int(limit), "five connections a process and five at the peak"


def test_older_workers_end_before_newer_begin_and_all_have_time_to_stop() -> None:
    for name, each in of_kind("Deployment").items():
        assert (each["spec"]["strategy"]["type"] == "Recreate") == name.endswith("-worker")
        if name != "proxy":  # ten seconds for what is in hand, five until nobody sends here any more
            assert pod(each)["terminationGracePeriodSeconds"] > 15


def test_no_secret_has_a_value() -> None:
    for each in SECRETS:
        for value in each["stringData"].values():
            assert value == "REPLACE" or re.search(r"//\w+:REPLACE@", value)
    assert not of_kind("Secret")
    named = {
        source["secretRef"]["name"]
        for each in WORKLOADS.values()
        for source in container(each).get("envFrom", [])
        if "secretRef" in source
    }
    mounted = {
        volume["secret"]["secretName"]
        for each in WORKLOADS.values()
        for volume in pod(each)["volumes"]
        if "secret" in volume
    }
    assert named | mounted == {each["metadata"]["name"] for each in SECRETS}
