"""The guard of outgoing URLs: a table of addresses in every disguise, and names that change their mind."""

import socket

import pytest

from shared.http import BlockedAddress, Unresolved, is_public, resolve_public

BLOCKED = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://192.168.1.1:8443/",
    "https://3232235777/",
    "https://0xc0a80101/",
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://169.254.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://100.100.100.200/latest/meta-data/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[100::1]/",
    "https://[2001:db8::1]/",
    "https://localhost/",
    "https://user@8.8.8.8/",
    "https://user:secret@8.8.8.8/",
    "https://8.8.8.8@127.0.0.1/",
    "https://127.0.0.1#@8.8.8.8/",
    "https://8.8.8.8\\@127.0.0.1/",
    "https:///path",
    "https://[::1/",
    "https://8.8.8.8:99999/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "javascript:alert(1)",
    "//8.8.8.8/",
    "8.8.8.8",
    "",
    "https://８.８.８.８ /",
    "https://１２７.０.０.１/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://8.8.8.8/\r\nHost: internal",
]
ALLOWED = [
    "https://8.8.8.8/",
    "https://1.1.1.1:8443/hook?x=1",
    "https://[2606:4700:4700::1111]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[2002:808:808::]/",
    "https://0x08.8.8.8/",
]


@pytest.mark.parametrize("url", BLOCKED)
def test_what_does_not_lead_to_the_public_is_blocked(url):
    with pytest.raises(BlockedAddress):
        resolve_public(url, https_only=True)


@pytest.mark.parametrize("url", ALLOWED)
def test_public_addresses_pass(url):
    assert resolve_public(url, https_only=True)


def test_plain_http_only_where_allowed():
    with pytest.raises(BlockedAddress):
        resolve_public("http://8.8.8.8/", https_only=True)
    assert resolve_public("http://8.8.8.8/") == ("8.8.8.8",)
    allowed = frozenset({"127.0.0.1"})
    assert resolve_public("http://127.0.0.1:8080/", https_only=True, allowed_hosts=allowed) == ("127.0.0.1",)


def test_allowing_one_port_allows_no_other():
    allowed = frozenset({"127.0.0.1:8080"})
    assert resolve_public("https://127.0.0.1:8080/", allowed_hosts=allowed)
    with pytest.raises(BlockedAddress):
        resolve_public("https://127.0.0.1:8081/", allowed_hosts=allowed)


def test_one_private_address_among_public_ones_blocks_the_name():
    with pytest.raises(BlockedAddress):
        resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: ["8.8.8.8", "10.0.0.1"])


def test_a_name_that_rebinds_is_asked_once_and_its_address_is_the_answer():
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    assert resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: next(answers)) == ("8.8.8.8",)
    with pytest.raises(BlockedAddress):
        resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: next(answers))


def test_a_name_that_does_not_resolve_is_told_apart():
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(Unresolved):
        resolve_public("https://hooks.example.com/", resolver=nowhere)
    with pytest.raises(Unresolved):
        resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: [])
    with pytest.raises(BlockedAddress):
        resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: ["not an address"])


def test_scopes_do_not_hide_a_link_local_address():
    with pytest.raises(BlockedAddress):
        resolve_public("https://hooks.example.com/", resolver=lambda _h, _p: ["fe80::1%eth0"])


def test_is_public_is_what_the_guard_asks():
    import ipaddress

    assert is_public(ipaddress.ip_address("8.8.8.8"))
    assert not is_public(ipaddress.ip_address("::ffff:10.1.2.3"))
