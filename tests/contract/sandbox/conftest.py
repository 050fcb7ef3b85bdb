"""The stand-ins, wired without a server: a signed client, the loops in hand, made-up records."""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from services.credit_push.sandbox import app as sandbox_app
from services.credit_push.sandbox import faults as fault_times
from services.credit_push.sandbox.app import Sandbox, build_sandbox
from services.credit_push.sandbox.settings import read_sandbox
from shared.http import sign_request
from shared.identifiers import make_resident_id, make_uscc
from shared.ids import new_id
from shared.loops import drain
from shared.platform_keys import platform_key

ORGAN = make_uscc("11350524", 7)
PERSON = make_resident_id("350524", date(1980, 5, 6), 3)


@dataclass
class Bench:
    """A sandbox and how to talk to it."""

    sandbox: Sandbox
    folder: Path

    def __post_init__(self):
        self.client = self.sandbox.app.test_client()

    def call(self, method, path, body=b"", content_type=None, key_of=None, **kwargs):
        platform = path.split("/")[2]
        key = platform_key(self.folder / "sandbox" / "keys.json", key_of or platform)
        headers = sign_request(
            method, path, body, key_id=key.key_id, secret=key.secret, now=datetime.now(UTC), **kwargs
        )
        return self.client.open(path, method=method, data=body, headers=headers, content_type=content_type)

    def get(self, path):
        return self.call("GET", path)

    def send_json(self, platform, *records, **head):
        full = {
            "batch_id": new_id(),
            "sender": "测试",
            "count": len(records),
            "sent_at": "2026-11-23T08:00:00+00:00",
        }
        body = json.dumps({"head": {**full, **head}, "records": records}, ensure_ascii=False).encode()
        return self.call("POST", f"/platforms/{platform}/records", body, "application/json")

    def send_xml(self, platform, body):
        data = body if isinstance(body, bytes) else body.encode()
        return self.call("POST", f"/platforms/{platform}/messages", data, "application/xml")

    def records(self, platform):
        return self.client.get(f"/records?platform={platform}").json["records"]

    def requests(self, platform):
        return self.client.get(f"/requests?platform={platform}").json["requests"]

    def fault(self, platform, kind, **more):
        answer = self.client.post("/faults", json={"platform": platform, "kind": kind, **more})
        assert answer.status_code == 201, answer.text

    def settle(self):
        drain(self.sandbox.loops)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Waits of faults are cut short: they are what production waits, not what tests wait."""
    for module in (fault_times, sandbox_app):
        for name in ("SLOW_SECONDS", "HANG_SECONDS"):
            monkeypatch.setattr(module, name, 0.05)
    sandbox = build_sandbox(
        read_sandbox({"DATA_DIR": str(tmp_path), "PUSH_CALLBACK_URL": "http://127.0.0.1:9"})
    )
    yield Bench(sandbox, tmp_path)
    sandbox.desk.store.close()


def canonical(operation="新增", version=1, listing_id=None, key=None, **changes):
    """A record every JSON platform of Quanzhou takes."""
    listing_id = listing_id or new_id()
    record = {
        "idempotency_key": key or f"credit-quanzhou:{listing_id}:{version}:{operation}",
        "listing_id": listing_id,
        "version": version,
        "status": operation,
        "list_code": "public-resource-blacklist",
        "list_name": "公共资源配置领域黑名单",
        "list_class": "industry-misconduct",
        "domain": "engineering-tendering",
        "region": "350524",
        "subject_type": "organization",
        "subject_name": "泉州某某建设有限公司",
        "uscc": make_uscc("91350524", 12),
        "org_code": "",
        "legal_representative": "",
        "id_type": "",
        "id_number": "",
        "document_kind": "penalty-decision",
        "document_number": "安住建罚〔2026〕1号",
        "organ_name": "安溪县住房和城乡建设局",
        "organ_uscc": ORGAN,
        "document_date": "2026-11-02",
        "basis": "《招标投标法》第五十四条",
        "content": "罚款人民币贰万伍仟元",
        "facts": "以他人名义投标骗取中标",
        "category": "fraudulent-obtaining",
        "penalty_category": "罚款",
        "fine_wan": "2.5",
        "publicity_start": "2026-11-02",
        "publicity_end": "2027-11-02",
        "measures": [],
        "source_name": "安溪县住房和城乡建设局",
        "source_uscc": ORGAN,
        "reason_code": "repair" if operation == "撤销" else "",
        "reason": "",
        "occurred_at": "2026-11-03T02:00:00+00:00",
    }
    return {**record, **changes}


def person(**changes):
    """The same for a made-up natural person."""
    fields = {"subject_type": "individual", "subject_name": "张三", "uscc": "", "id_type": "resident-id"}
    return canonical(**{**fields, "id_number": PERSON, **changes})


def trade(listing_id, version=1, key=None, **changes):
    """A 17.2 message."""
    elements = {
        "RecordId": listing_id,
        "RecordVersion": str(version),
        "SubjectName": "泉州某某建设有限公司",
        "SubjectType": "法人",
        "SubjectCode": make_uscc("91350524", 12),
        "ListName": "公共资源配置领域黑名单",
        "ListClass": "industry-misconduct",
        "TradeDomain": "engineering-tendering",
        "RegionCode": "350524",
        "OrganName": "安溪县住房和城乡建设局",
        "OrganCode": ORGAN,
        "DocumentNumber": "安住建罚〔2026〕1号",
        "DocumentDate": "2026-11-02",
        "Facts": "以他人名义投标骗取中标",
        "Basis": "《招标投标法》第五十四条",
        "Content": "",
        "PunishBegin": "2026-11-02",
        "PunishEnd": "2027-11-02",
        "RestrictedActs": "",
        **changes,
    }
    return xml_message("17.2", "BlacklistInfo", elements, key or f"trade:{listing_id}:{version}:list")


def revocation(listing_id, version=2, key=None, **changes):
    """A 17.3 message."""
    elements = {
        "RecordId": listing_id,
        "RecordVersion": str(version),
        "SubjectName": "泉州某某建设有限公司",
        "SubjectCode": make_uscc("91350524", 12),
        "DocumentNumber": "安住建罚〔2026〕1号",
        "RevokeReason": "信用修复",
        "RevokeDate": "2026-11-20",
        "OrganName": "安溪县住房和城乡建设局",
        "OrganCode": ORGAN,
        **changes,
    }
    return xml_message(
        "17.3", "RevokeBlacklistInfo", elements, key or f"trade:{listing_id}:{version}:withdraw"
    )


def xml_message(kind, element, elements, key):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    head = f"<MessageId>{key}</MessageId><MessageType>{kind}</MessageType><Sender>测试</Sender>"
    head += "<SendTime>2026-11-23T08:00:00+00:00</SendTime>"
    return f"<Message><Head>{head}</Head><Body><{element}>{inner}</{element}></Body></Message>"


_PENALTY_TEXT = (
    "CF_XDR_MC CF_XDR_LB CF_XDR_SHXYM CF_XDR_GSZC CF_XDR_ZZJG CF_XDR_SWDJ CF_XDR_SYDW CF_XDR_SHZZ CF_FRDB "
    "CF_FR_ZJLX CF_FR_ZJHM CF_XDR_ZJLX CF_XDR_ZJHM CF_WSH CF_WFXW CF_SY CF_YJ CF_CFLB CF_NR CF_NR_FK "
    "CF_NR_WFFF CF_NR_ZKDX CF_JDRQ CF_YXQ CF_GSJZQ CF_CFJG CF_CFJGDM CF_SJLY CF_SJLYDM BZ"
)
PENALTY = _PENALTY_TEXT.split()


def penalty(**changes):
    """A penalty_2018 row."""
    row = dict.fromkeys(PENALTY, "")
    row |= {
        "CF_XDR_MC": "石家庄某某工程有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": make_uscc("91130102", 12),
        "CF_WSH": "长住建罚〔2026〕12号",
        "CF_WFXW": "串通投标",
        "CF_SY": "与他人串通投标",
        "CF_YJ": "《招标投标法》第五十三条",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": "2026-11-02",
        "CF_CFJG": "长安区住房和城乡建设局",
        "CF_CFJGDM": ORGAN,
        "CF_SJLY": "长安区住房和城乡建设局",
        "CF_SJLYDM": ORGAN,
    }
    return row | changes


def blacklist(**changes):
    """A frblack row."""
    row = {
        "TYSHXYDM": make_uscc("91210102", 12),
        "GSZCH": "",
        "ZZJGDM": "",
        "JGQC": "沈阳某某有限公司",
        "FDDBR": "",
        "ZCDZ": "",
        "RDWH": "辽安监罚〔2026〕3号",
        "RDDW": "辽宁省应急管理厅",
        "ZYSXSS": "未落实安全生产责任",
        "QRYZSXSJ": "2026-11-02",
        "XZCFHPJNR": "",
    }
    return row | changes


@dataclass
class PacketLine:
    """One row of a packet with what its manifest says."""

    row: dict
    operation: str = "list"
    key: str = ""
    listing_id: str = ""
    version: int = 1

    def __post_init__(self):
        self.listing_id = self.listing_id or new_id()
        self.key = self.key or f"packet:{self.listing_id}:{self.version}:{self.operation}"


CHINESE = {"list": "新增", "correct": "变更", "withdraw": "撤销"}


def write_packet(folder, lines, layout="penalty_2018", kind="xlsx", batch=None, **manifest_changes):
    """Put a packet into a platform's `in` folder; returns its batch id."""
    batch = batch or f"b{new_id()}"
    names = list(lines[0].row)
    cells = [["操作", *names], ["CZ", *names]]
    cells += [[CHINESE[line.operation], *line.row.values()] for line in lines]
    body = to_xlsx(cells) if kind == "xlsx" else to_csv(cells)
    manifest = {
        "batch_id": batch,
        "sender": "测试",
        "format": layout,
        "file": f"{batch}.{kind}",
        "count": len(lines),
        "sha256": hashlib.sha256(body).hexdigest(),
        "created_at": "2026-11-23T08:00:00+00:00",
        "rows": [
            {
                "line": number,
                "idempotency_key": line.key,
                "operation": line.operation,
                "listing_id": line.listing_id,
                "version": line.version,
            }
            for number, line in enumerate(lines, 1)
        ],
    }
    (folder / f"{batch}.{kind}").write_bytes(body)
    (folder / f"{batch}.manifest.json").write_text(json.dumps(manifest | manifest_changes), "utf-8")
    (folder / f"{batch}.ok").write_bytes(b"")
    return batch


def to_csv(cells):
    out = io.StringIO(newline="")
    csv.writer(out).writerows(cells)
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(cells):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("s")
    for number, row in enumerate(cells):
        for column, value in enumerate(row):
            page.write_string(number, column, value)
    book.close()
    return out.getvalue()


def read_feedback(folder, batch):
    """The feedback rows of a batch, or None while it is not marked complete."""
    if not (folder / f"{batch}.feedback.ok").exists():
        return None
    text = (folder / f"{batch}.feedback.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
