"""Trust anchors: written from pins, read strictly, compared, signed, and exported as records."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from quorate.dnssec.anchor import (
    ROOT_SOURCE,
    TrustAnchor,
    anchor_own_findings,
    compared,
    make_anchor,
    read_anchor,
    write_anchor,
)
from quorate.dnssec.policy import load_policy
from quorate.dnssec.records import read_dnskeys
from quorate.findings import Refusal
from quorate.zone import ZoneFolder, load_schemas, load_zone
from quorate.zone_policy import find_zone
from refusing import refused, run
from test_dnssec_wire import KSK_2017
from zone_folder import LIMITS, make_folder
from zones import SHIPPED, Zone, replace

AT = datetime(2026, 10, 1, tzinfo=UTC)
ROOT_PINS = """format = "quorate/1"
id = "root"
zone = "."
[[ksks]]
id = "Kjqmt7v"
key-tag = 19036
algorithm = 8
ds-sha256 = "49aac11d7b6f6446702e54a1607371607a1a41855200fd2ce1cdde32f24e8fb5"
since = "2010-07-15"
until = "2019-01-10"
[[ksks]]
id = "Klajeyz"
key-tag = 20326
algorithm = 8
ds-sha256 = "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"
since = "2017-02-02"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path, Zone(), until="2026-01-31")


@pytest.fixture
def zone(folder: Path) -> ZoneFolder:
    return load_zone(folder)


def made(zone: ZoneFolder, with_keys: bool = True) -> TrustAnchor:
    return make_anchor(zone.policy, zone.ksks, "https://example.org/anchors.xml", with_keys)


# -- values -----------------------------------------------------------------------------------------------------------


def test_the_roots_anchors_are_written_as_they_are_published(tmp_path: Path) -> None:
    root = tmp_path / "dnssec"
    root.mkdir()
    (root / "policy.toml").write_text(
        ROOT_PINS + LIMITS.replace("algorithm = 13", "algorithm = 8, sizes = [2048], exponents = [65537]")
    )
    (root / "ksks.txt").write_text(f". 172800 IN DNSKEY 257 3 8 {KSK_2017} ; 20326\n")
    zone = load_zone(root)
    text = write_anchor(make_anchor(zone.policy, zone.ksks, ROOT_SOURCE)).decode()
    assert 'source="http://data.iana.org/root-anchors/root-anchors.xml">\n<Zone>.</Zone>\n' in text
    assert (
        '<KeyDigest id="Kjqmt7v" validFrom="2010-07-15T00:00:00+00:00" validUntil="2019-01-11T00:00:00+00:00">\n'
        "<KeyTag>19036</KeyTag>\n<Algorithm>8</Algorithm>\n<DigestType>2</DigestType>\n"
        "<Digest>49AAC11D7B6F6446702E54A1607371607A1A41855200FD2CE1CDDE32F24E8FB5</Digest>\n</KeyDigest>\n"
    ) in text
    assert f"<PublicKey>{KSK_2017}</PublicKey>\n<Flags>257</Flags>\n" in text


@pytest.mark.parametrize("with_keys", [True, False])
def test_what_is_written_is_read_again(zone: ZoneFolder, with_keys: bool) -> None:
    anchor = made(zone, with_keys)
    data = write_anchor(anchor)
    assert read_anchor(data, "anchors.xml") == anchor
    assert anchor.has_keys is with_keys
    assert anchor_own_findings(anchor) == ()
    assert compared(anchor, zone.policy, AT) == ()
    assert write_anchor(made(zone, with_keys)) == data


def test_the_id_of_a_set_changes_with_what_it_says(zone: ZoneFolder) -> None:
    ids = {made(zone).id, made(zone, with_keys=False).id, make_anchor(zone.policy, zone.ksks, ROOT_SOURCE).id}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}", one) for one in ids)


def test_what_cannot_be_published_is_refused(zone: ZoneFolder) -> None:
    strange = replace_pins(zone, 'id = "A"', 'id = "A<B"')
    none = replace_pins(zone, re.compile(r"(?s)\[\[ksks\]\].*(?=\[\[limits)"), "ksks = []\n")
    for code, policy, source in (
        ("anchor.source", zone, "ftp://example.org/"),
        ("anchor.source", zone, 'https://example.org/"><x'),
        ("anchor.id", strange, ROOT_SOURCE),
        ("anchor.none", none, ROOT_SOURCE),
    ):
        with pytest.raises(Refusal) as refusal:
            make_anchor(policy.policy, policy.ksks, source)
        assert refusal.value.code == code


def replace_pins(zone: ZoneFolder, old: str | re.Pattern[str], new: str) -> ZoneFolder:
    """The same zone with another policy."""
    text = (zone.folder / "policy.toml").read_text()
    text = text.replace(old, new) if isinstance(old, str) else old.sub(new, text)
    return replace(zone, policy=load_policy(text.encode(), "policy.toml"))


def test_every_difference_to_the_pins_is_found(zone: ZoneFolder) -> None:
    anchor = made(zone)
    others = {
        "anchor.zone": replace_pins(zone, 'zone = "."', 'zone = "example."'),
        "anchor.unknown": replace_pins(zone, 'id = "B"', 'id = "C"'),
    }
    for code, other in others.items():
        assert code in {one.code for one in compared(anchor, other.policy, AT)}
    first, second = anchor.digests
    changes = {
        "tag": replace(first, ds=replace(first.ds, key_tag=1)),
        "algorithm": replace(first, ds=replace(first.ds, algorithm=8)),
        "digest": replace(first, ds=replace(first.ds, digest=bytes(32))),
        "validFrom": replace(first, valid_from=first.valid_from + timedelta(days=1)),
        "validUntil": replace(first, valid_until=None),
    }
    for what, changed in changes.items():
        (finding,) = compared(replace(anchor, digests=(changed, second)), zone.policy, AT)
        assert (finding.code, dict(finding.facts)["what"]) == ("anchor.differs", what)
    assert [one.code for one in compared(replace(anchor, digests=(first,)), zone.policy, AT)] == ["anchor.missing"]
    assert compared(replace(anchor, digests=(second,)), zone.policy, AT) == ()  # A is withdrawn by then
    assert [
        one.code for one in compared(replace(anchor, digests=(second,)), zone.policy, AT - timedelta(days=300))
    ] == ["anchor.missing"]


def test_a_longer_digest_is_read_and_noticed(zone: ZoneFolder) -> None:
    anchor = made(zone)
    first, second = anchor.digests
    assert second.dnskey is not None
    longer = replace(second, ds=second.dnskey.ds(".", type(second.ds.digest_type)(4)))
    other = replace(anchor, digests=(first, longer))
    assert read_anchor(write_anchor(other), "anchors.xml") == other
    (finding,) = compared(other, zone.policy, AT)
    assert (finding.code, finding.blocks) == ("anchor.digest_type", False)


def test_a_public_key_that_is_another_is_found(zone: ZoneFolder) -> None:
    anchor = made(zone)
    first, second = anchor.digests
    assert first.dnskey is not None
    swapped = replace(anchor, digests=(replace(first, dnskey=second.dnskey), second))
    assert [one.code for one in anchor_own_findings(swapped)] == ["anchor.key_differs"]
    revoked = replace(anchor, digests=(replace(first, dnskey=first.dnskey.revoked), second))
    assert {one.code for one in anchor_own_findings(revoked)} == {"anchor.key_differs", "anchor.flags"}


WRONG = {
    "another root": ("TrustAnchor", "TrustAnchors"),
    "no source": (' source="https://example.org/anchors.xml"', ""),
    "an unknown attribute": ("<Zone>", '<Zone x="1">'),
    "no zone": ("<Zone>.</Zone>\n", ""),
    "no name": ("<Zone>.", "<Zone>a..b"),
    "an unknown element": ("<KeyTag>", "<Tag></Tag><KeyTag>"),
    "another order": ("<Algorithm>13</Algorithm>\n", "<Flags>257</Flags><Algorithm>13</Algorithm>\n"),
    "a key without flags": ("<Flags>257</Flags>\n", ""),
    "a number with a leading zero": ("<Algorithm>13", "<Algorithm>013"),
    "a number too large": ("<Flags>257", "<Flags>65793"),
    "SHA-1": ("<DigestType>2", "<DigestType>1"),
    "a short digest": (re.compile("<Digest>.."), "<Digest>"),
    "no hexadecimal digest": (re.compile("<Digest>.."), "<Digest>xx"),
    "no base64": (re.compile("<PublicKey>...."), "<PublicKey>!!!!"),
    "a local time": ("T00:00:00+00:00", "T00:00:00+01:00"),
    "an end before the beginning": ('validUntil="2026', 'validUntil="2016'),
    "one id twice": ('KeyDigest id="B"', 'KeyDigest id="A"'),
    "text between": ("</Zone>", "</Zone>text"),
    "an element in a value": ("<Flags>257</Flags>", "<Flags>257<x/></Flags>"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_file_is_refused_for(what: str, zone: ZoneFolder) -> None:
    old, new = WRONG[what]
    text = write_anchor(made(zone)).decode()
    changed = text.replace(old, new) if isinstance(old, str) else old.sub(new, text)
    assert changed != text
    with pytest.raises(Refusal) as refusal:
        read_anchor(changed.encode(), "anchors.xml")
    assert refusal.value.code == "anchor.unreadable"


def test_nothing_is_fetched_or_expanded_for_a_file(zone: ZoneFolder) -> None:
    text = write_anchor(made(zone)).decode()
    for evil in ('<!DOCTYPE x SYSTEM "file:///etc/passwd">', '<?xml-stylesheet href="x"?>'):
        with pytest.raises(Refusal) as refusal:
            read_anchor(text.replace("<TrustAnchor", evil + "<TrustAnchor", 1).encode(), "anchors.xml")
        assert refusal.value.code == "ksr.forbidden"
        assert refusal.value.findings[0].where == "anchors.xml"


# -- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f". IN DNSKEY 257 3 8 {KSK_2017}",
        f".\t172800\tIN\tDNSKEY\t257 3 8 {KSK_2017[:40]} {KSK_2017[40:]}",
        f". in dnskey 257 3 8 {KSK_2017} ; KSK; alg = RSASHA256 ; key id = 20326",
        f". DNSKEY 257 3 8 {KSK_2017}",
    ],
)
def test_records_are_read_as_tools_print_them(line: str) -> None:
    (owned,) = read_dnskeys(f"; a comment\n\n{line}\n".encode(), "ksks.txt")
    assert (owned.zone, owned.dnskey.key_tag, owned.dnskey.flags) == (".", 20326, 257)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "records.none"),
        (b"; nothing\n", "records.none"),
        (b". IN DS 20326 8 2 00\n", "records.unreadable"),
        (b". IN DNSKEY 257 3 8 A\n", "records.unreadable"),
        (b"a..b IN DNSKEY 257 3 8 AAAA\n", "records.unreadable"),
        (b". IN DNSKEY 70000 3 8 AAAA\n", "records.unreadable"),
        (b". IN DNSKEY 257 3 8 (\n AAAA )\n", "records.unreadable"),
        (b". IN DNSKEY 257 3 8 " + b"A" * 5000 + b"\n", "records.unreadable"),
        (b";" * 300000, "records.unreadable"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE} IN DNSKEY 257 3 8 AAAA\n".encode(), "records.unreadable"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_dnskeys(data, "ksks.txt")
    assert refusal.value.code == code


@pytest.mark.parametrize("kind", ["dnskey", "ds", "cds", "cdnskey"])
@pytest.mark.parametrize("digest", ["sha256", "sha384"])
def test_exported_records_are_those_of_dnspython(kind: str, digest: str, folder: Path, zone: ZoneFolder) -> None:
    outcome = run("trust-anchor", "export", kind, "--in", folder, "--at", "2025-12-01T00:00:00Z", "--digest", digest)
    lines = outcome.out.splitlines()
    assert len(lines) == 2
    keys = {ksk.dnskey.key_tag: ksk.dnskey for ksk in zone.ksks.ksks}
    for line in lines:
        owner, _, name, *data = line.split()
        rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(name), " ".join(data))
        assert owner == "."
        if kind in ("ds", "cds"):
            key = dns.rdata.from_text("IN", "DNSKEY", f"257 3 13 {b64(keys[rdata.key_tag].public_key)}")
            expected = dns.dnssec.make_ds(".", key, digest.upper())
            assert (rdata.key_tag, rdata.digest) == (expected.key_tag, expected.digest)
        else:
            assert keys[dns.dnssec.key_id(rdata)].public_key == rdata.key
    late = run("trust-anchor", "export", kind, "--in", folder, "--at", "2026-10-01T00:00:00Z").out
    assert len(late.splitlines()) == 1
    assert refused(folder, "trust-anchor", "export", kind, "--in", folder, "--at", "2019-01-01T00:00:00Z") == [
        "anchor.none"
    ]


def test_pins_are_ds_records_and_no_key_is_left_out_in_silence(folder: Path) -> None:
    export = ("trust-anchor", "export")
    where = ("--in", folder, "--at", "2025-12-01T00:00:00Z")
    whole = run(*export, "ds", *where).out
    path = folder / "ksks.txt"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert run(*export, "ds", *where).out == whole
    for more in (("dnskey",), ("cdnskey",), ("ds", "--digest", "sha384")):
        assert run(*export, *more, *where).codes == ["anchor.key_missing"]


def b64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


# -- commands ---------------------------------------------------------------------------------------------------------


def certificate(folder: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anchors")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, AT - timedelta(days=1), AT + timedelta(days=9999))
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_published_anchor_is_signed_and_openssl_accepts_it(kind: str, folder: Path, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    cert, private = certificate(tmp_path, key)
    file = tmp_path / "anchors.xml"
    outcome = run("trust-anchor", "make", file, "--in", folder, "--sign-cert", cert, "--sign-key", private)
    assert (outcome.code, outcome.err) == (0, "")
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", file.with_suffix(".p7s")]
    command += ["-content", file, "-CAfile", cert]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == file.read_bytes()
    file.write_bytes(file.read_bytes().replace(b"<Zone>", b"<Zone> "))
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    assert run("trust-anchor", "check", file, "--in", folder).code == 0


def test_nothing_is_written_when_something_is_wrong(folder: Path, tmp_path: Path) -> None:
    cert, private = certificate(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    other = tmp_path / "other.pem"
    call = ("trust-anchor", "make", tmp_path / "anchors.xml", "--in", folder)
    for code, data in {
        "cms.key_other": ec.generate_private_key(ec.SECP256R1()),
        "cms.key_kind": ed25519.Ed25519PrivateKey.generate(),
    }.items():
        other.write_bytes(
            data.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        assert refused(tmp_path, *call, "--sign-cert", cert, "--sign-key", other) == [code]
    other.write_text("no key")
    assert refused(tmp_path, *call, "--sign-cert", cert, "--sign-key", other) == ["keyfile.unreadable"]
    assert refused(tmp_path, *call, "--sign-cert", other, "--sign-key", private) == ["cms.certificate"]
    (tmp_path / "anchors.p7s").write_text("another signature")
    assert refused(tmp_path, *call, "--sign-cert", cert, "--sign-key", private) == ["record.output_present"]
    assert run(*call, "--sign-cert", cert).code == 2
    (folder / "ksks.txt").unlink()
    assert refused(tmp_path, *call) == ["anchor.key_missing"]
    assert run(*call, "--form", "rfc7958").code == 0
    assert run("trust-anchor", "check", tmp_path / "anchors.xml", "--in", folder).code == 0
    assert refused(tmp_path, "trust-anchor", "make", tmp_path / "anchors.xml", "--in", "/") == ["zone.not_found"]


def test_a_zone_that_is_not_the_root_says_where_it_publishes(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Zone(name="example."))
    call = ("trust-anchor", "make", tmp_path / "anchors.xml", "--in", folder)
    assert run(*call).code == 2
    assert run(*call, "--source", "https://nic.example/anchors.xml").code == 0
    text = (tmp_path / "anchors.xml").read_text()
    assert "<Zone>example.</Zone>" in text
    assert run("trust-anchor", "check", tmp_path / "anchors.xml", "--in", folder).code == 0


def test_a_foreign_anchor_is_refused_with_every_difference(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "anchors.xml"
    assert run("trust-anchor", "make", file, "--in", folder, "--source", ROOT_SOURCE).code == 0
    file.write_text(re.sub("<KeyTag>[0-9]+", "<KeyTag>1", file.read_text(), count=1).replace('id="B"', 'id="C"'))
    codes = refused(tmp_path, "trust-anchor", "check", file, "--in", folder, "--at", "2026-10-01T00:00:00Z")
    assert codes == ["anchor.key_differs", "anchor.differs", "anchor.unknown", "anchor.missing"]
    assert run("trust-anchor", "check", file, "--in", folder, "--at", "yesterday").code == 2


# -- the folder -------------------------------------------------------------------------------------------------------


def test_the_folder_is_found_upward(folder: Path) -> None:
    below = folder / "responses" / "one"
    below.mkdir(parents=True)
    assert {find_zone(start) for start in (folder, folder.parent, below)} == {folder}


def test_a_key_that_is_not_pinned_is_refused(folder: Path) -> None:
    from quorate.dnssec.records import dnskey_line
    from zones import ksk_pair

    for zone, name in (("example.", "A"), (".", "stranger")):
        line = dnskey_line(zone, ksk_pair("p-256", name).dnskey)
        (folder / "ksks.txt").write_text(line + "\n")
        with pytest.raises(Refusal) as refusal:
            load_zone(folder)
        assert refusal.value.code == "ksk.not_pinned"


def test_schemas_are_the_folders_own_or_the_programs(folder: Path) -> None:
    assert load_schemas(None) == load_schemas(folder) == SHIPPED
    (folder / "schemas.toml").write_text(
        'format = "quorate/1"\n[[schemas]]\nid = "mine"\ntitle = "Mine"\nkeys = ["k"]\n'
        'slots = [{ slots = "1..last", publish = ["k"], sign = ["k"] }]\n'
    )
    assert [one.id for one in load_zone(folder).schemas.schemas] == ["mine"]
