"""Hierarchies of many shapes in Boulder's format, imported and rehearsed; each artifact is held against its YAML.

The YAML is read by PyYAML and the artifacts by `cryptography` and openssl: nothing of the import judges itself.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import configurations as made
from forging import VERIFIER, genesis, record, verify
from quorate.rehearse import rehearse
from refusing import run

OUT = "/mnt/ram/out"


def root(stem: str, name: str, first: str, last: str, kind: str = "P-256", **more: object) -> str:
    return made.root(name, stem, name, f"{first} 00:00:00", f"{last} 00:00:00", kind, **more)


def below(kind: str, name: str, by: tuple[str, str], first: str, last: str, *, existing: str = "", out: str = "",
          key: str = "", signer: str = "P-256", **more: object) -> str:  # fmt: skip
    """`by`: the path of the issuer's certificate and the label of its key."""
    paths = {"issuer": by[0], "key": key, "out": out} | ({"existing": existing} if existing else {})
    profile = made.below(name, signer, f"{first} 00:00:00", f"{last} 00:00:00", **more)
    return made.certificate(kind, paths, by[1], profile)


def both_ways() -> dict[str, str]:
    """Two roots that certify each other, a third that certifies what was crossed, one key under three issuers."""
    a, b, c = ((f"{OUT}/{one}.cert.pem", name) for one, name in (("a", "A"), ("b", "B"), ("c", "C")))
    cross, sub = "cross-certificate", "intermediate"
    files = {
        "1/a.yaml": root(f"{OUT}/a", "A", "2018-01-01", "2038-01-01", "P-384"),
        "1/b.yaml": root(f"{OUT}/b", "B", "2018-01-01", "2038-01-01"),
        "1/a-by-b.yaml": below(cross, "A", b, "2018-01-01", "2028-01-01", key=f"{OUT}/a.key.pem",
                               existing=a[0], out=f"{OUT}/a-by-b.pem"),
        "1/b-by-a.yaml": below(cross, "B", a, "2018-01-01", "2028-01-01", key=f"{OUT}/b.key.pem", signer="P-384",
                               existing=b[0], out=f"{OUT}/b-by-a.pem", ekus="both"),
        "2/c.yaml": root(f"{OUT}/c", "C", "2022-01-01", "2042-01-01", "P-384"),
        "2/b-by-c.yaml": below(cross, "B", c, "2022-01-01", "2028-01-01", key=f"{OUT}/b.key.pem", signer="P-384",
                               existing=f"{OUT}/b-by-a.pem", out=f"{OUT}/b-by-c.pem"),
        "2/i-key.yaml": made.key("I", f"{OUT}/i.key.pem"),
        "2/i.yaml": below(sub, "I", (f"{OUT}/b-by-a.pem", "B"), "2022-01-01", "2025-01-01",
                          key=f"{OUT}/i.key.pem", out=f"{OUT}/i.pem", usages=made.SIGN),
        "2/i-by-a.yaml": below(cross, "I", a, "2022-01-02", "2025-01-01", key=f"{OUT}/i.key.pem", signer="P-384",
                               existing=f"{OUT}/i.pem", out=f"{OUT}/i-by-a.pem", usages=made.SIGN),
        "2/i-by-c.yaml": below(sub, "I", c, "2022-01-01", "2025-01-01", key=f"{OUT}/i.key.pem", signer="P-384",
                               out=f"{OUT}/i-by-c.pem", usages=made.SIGN),
    }  # fmt: skip
    revoked = [(f"{OUT}/a-by-b.pem", "2022-06-01 00:00:00", "cACompromise")]
    revoked += [(f"{OUT}/i.pem", "2023-06-01 00:00:00", "4")]
    for place, issuer in enumerate(
        ("b.cert", "b-by-a", "b-by-c")
    ):  # the CRLs of one key, whatever certificate is named
        year, path = 2022 + place, f"{OUT}/{issuer}.pem"
        dates = (f"{year}-02-01 00:00:00", f"{year + 1}-01-15 00:00:00")
        files[f"{year}/crl.yaml"] = made.crl("B", path, f"{OUT}/b-{year}.crl", *dates, 10 + place, *revoked[:place])
    return files


OLD_INTERMEDIATE = """ceremony-type: intermediate
pkcs11: {module: /usr/lib/pkcs11.so, key-slot: 0, key-label: signer, key-id: ffff}
inputs:
    public-key-path: /home/someone/sub-pub.pem
    issuer-path: /home/someone/top.pem
outputs:
    certificate-path: /home/someone/sub.pem
certificate-profile:
    signature-algorithm: ECDSAWithSHA256
    common-name: Sub
    organization: Some People
    country: NO   # which is not false
    not-before: 2020-01-01 12:00:00
    not-after: 2040-01-01 12:00:00
    ocsp-url: http://example.com/ocsp
    crl-url: "http://example.com/crl"
    issuer-url: 'http://example.com/top'
    policy-oids: [1.2.3.4, 2.23.140.1.2.1]
    key-usages: [Digital Signature, Cert Sign, CRL Sign]
"""


def first_names() -> dict[str, str]:
    """The fields as the first version called them, a byte order mark, Windows' ends of lines, a file in JSON's form."""
    top = made.root("signer", "/home/someone/top", "Top", "2020-01-01 12:00:00", "2040-01-01 12:00:00", "P-256")
    top = top.replace("store-key-in-slot", "key-slot").replace("store-key-with-label", "key-label")
    top = top.replace("  type: ecdsa", "  key-type: ecdsa").replace("top.cert.pem", "top.pem")
    key = '{"ceremony-type": "key", "pkcs11": {"module": "x", "pin": "", "key-slot": 0, "key-label": 7}, '
    key += '"key": {"key-type": "ecdsa", "ecdsa-curve": "P-384"}, '
    key += '"outputs": {"public-key-path": "/home/someone/sub-pub.pem"}}'
    return {"top.yml": "\ufeff" + top.replace("\n", "\r\n"), "key.yml": key, "sub.yml": OLD_INTERMEDIATE}


def from_the_repository() -> dict[str, str]:
    """Paths from where the tool was run, RSA and ECDSA crossed, a certificate issued anew for the same key."""
    here = "ceremonies/2016"
    rsa, ec = (f"{here}/rsa.cert.pem", "RSA"), (f"{here}/ec.cert.pem", "EC")
    files = {
        f"{here}/rsa.yaml": root(f"{here}/rsa", "RSA", "2016-01-01", "2036-01-01", "rsa-2048"),
        f"{here}/ec.yaml": root(f"{here}/ec", "EC", "2016-01-01", "2036-01-01", "P-384", usages=made.SIGN),
    }
    for name, kind, own, other in (("r1", "rsa-2048", rsa, ec), ("e1", "P-256", ec, rsa)):
        signers = {rsa: "rsa-2048", ec: "P-384"}
        key = f"{here}/{name}.key.pem"
        files[f"{here}/{name}-key.yaml"] = made.key(name, key, kind)
        files[f"{here}/{name}.yaml"] = below("intermediate", name, own, "2016-01-01", "2021-01-01", key=key,
                                             out=f"{here}/{name}.pem", signer=signers[own])  # fmt: skip
        files[f"{here}/{name}-x.yaml"] = below("cross-certificate", name, other, "2016-03-01", "2021-01-01", key=key,
                                               existing=f"{here}/{name}.pem", out=f"{here}/{name}-x.pem",
                                               signer=signers[other])  # fmt: skip
    again = "ceremonies/2019/r1-again.pem"
    files["ceremonies/2019/r1.yaml"] = below("intermediate", "r1", rsa, "2019-01-01", "2024-01-01", out=again,
                                             key=f"{here}/r1.key.pem", signer="rsa-2048")  # fmt: skip
    old, new = (f"{here}/r1.pem", "2018-12-31 00:00:00", "superseded"), (again, "2019-10-31 00:00:00", "1")
    dates = (("2019-01-01 00:00:00", "2019-12-01 00:00:00"), ("2019-11-15 00:00:00", "2020-10-01 00:00:00"))
    for number, (days, entries) in enumerate(zip(dates, ([old], [old, new]), strict=True), 1):
        path = f"ceremonies/2019/rsa-{number}.crl.pem"
        files[f"ceremonies/2019/crl-{number}.yaml"] = made.crl("RSA", rsa[0], path, *days, number, *entries)
    return files


def certified_outside() -> dict[str, str]:
    """Keys of ours that only others certify: requests for a root's certificate, for a key alone, for a name to come."""
    return {
        "r.yaml": root("./r", "R", "2020-01-01", "2040-01-01"),
        "r-csr.yaml": made.request("R", "./r.key.pem", "./r.csr.pem", "R", **{"not-before": "2020-01-01 00:00:00"}),
        "i-key.yaml": made.key("I", "./i.key.pem", "rsa-2048"),
        "i-csr.yaml": made.request("I", "./i.key.pem", "./i.csr.pem", "I"),
        "s-csr.yaml": made.request("R", "./r.key.pem", "./s.csr.pem", "Another Name"),
    }


def of_today() -> dict[str, str]:
    """What the rules of a web PKI have nothing against."""
    first, last = "2026-01-05 00:00:00", "2036-01-02 23:59:59"
    z = ("../out/z.cert.pem", "Z")
    files = {f"k/{one}.yaml": made.root(one.upper(), f"../out/{one}", one.upper(), first, last) for one in "zw"}
    profile = made.below("Z1", "P-384", first, "2029-01-03 23:59:59")
    paths = {"issuer": z[0], "key": "../out/z1.key.pem", "out": "../out/z1.pem"}
    files["k/z1-key.yaml"] = made.key("Z1", "../out/z1.key.pem", "P-384")
    files["k/z1.yaml"] = made.certificate("intermediate", paths, "Z", profile)
    paths = {"issuer": z[0], "key": "../out/w.key.pem", "existing": "../out/w.cert.pem", "out": "../out/w-by-z.pem"}
    profile = made.below("W", "P-384", first, "2035-01-03 23:59:59", ekus="server")
    files["k/w-by-z.yaml"] = made.certificate("cross-certificate", paths, "Z", profile)
    revoked = ("../out/w-by-z.pem", "2026-06-04 00:00:00", "superseded")
    files["k/crl.yaml"] = made.crl("Z", z[0], "../out/z-1.crl.pem", first, "2027-01-04 23:59:59", 1)
    files["l/crl.yaml"] = made.crl("Z", z[0], "../out/z-2.crl.pem", "2026-06-05 00:00:00", "2027-06-04 23:59:59", 2,
                                   revoked)  # fmt: skip
    return files


HIERARCHIES = {
    "both ways": (both_ways, "private"),
    "first names": (first_names, "private"),
    "from the repository": (from_the_repository, "private"),
    "certified outside": (certified_outside, "private"),
    "of today": (of_today, "webpki"),
}


@dataclass(frozen=True)
class Imported:
    """A rehearsed hierarchy: its configurations as PyYAML reads them, and the files of each name."""

    root: Path
    configs: Mapping[str, Any]
    artifacts: dict[str, Path] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Any]:
        return (one for one in self.configs.values() if one["ceremony-type"] in kinds)

    def data(self, path: str) -> bytes:
        return self.artifacts[Path(path).name].read_bytes()

    def certificate(self, path: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.data(path))


@pytest.fixture(scope="module", params=HIERARCHIES)
def hierarchy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    make, rules = HIERARCHIES[request.param]
    files, folder = make(), tmp_path_factory.mktemp("hierarchy")
    configs = made.write(folder / "configs", files)
    outcome = run("import", "boulder", configs, "--into", folder / "authority", "--rules", rules)
    assert outcome.code == 0, outcome.err
    folder /= "authority"
    rehearse(folder, max((folder / "ceremonies").iterdir()), VERIFIER.read_bytes())
    read = {name: yaml.load(text.lstrip("\ufeff"), Loader=yaml.BaseLoader) for name, text in files.items()}
    artifacts = folder.glob("ceremonies/*/rehearsal/record/artifacts/*")
    return Imported(folder, read, {path.name: path for path in artifacts})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def found(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value  # type: ignore[type-var]  # any of them
    except x509.ExtensionNotFound:
        return None


USAGES = {"Digital Signature": "digital_signature", "Cert Sign": "key_cert_sign", "CRL Sign": "crl_sign"}


def test_every_record_is_verified(hierarchy: Imported) -> None:
    records = [record(hierarchy.root, one.name) for one in sorted((hierarchy.root / "ceremonies").iterdir())]
    code, said = verify(*records, "--authority", genesis(hierarchy.root), "--rehearsal")
    assert code == 0, said


def test_every_certificate_says_what_its_configuration_says(hierarchy: Imported) -> None:
    for config in hierarchy.of("root", "intermediate", "cross-certificate"):
        profile, it = config["certificate-profile"], hierarchy.certificate(config["outputs"]["certificate-path"])
        names = [one.value for one in it.subject]
        assert names == [profile["country"], profile["organization"], profile["common-name"]]
        assert it.not_valid_before_utc == moment(profile["not-before"])
        assert it.not_valid_after_utc == moment(profile["not-after"])
        usage = found(it, x509.KeyUsage)
        assert [one for one, name in USAGES.items() if getattr(usage, name)] == sorted(
            profile["key-usages"], key=list(USAGES).index
        )
        policies = [one["oid"] for one in profile.get("policies", ())] + profile.get("policy-oids", [])
        assert [one.policy_identifier.dotted_string for one in found(it, x509.CertificatePolicies) or ()] == policies
        for name, kind in (("crl-url", x509.CRLDistributionPoints), ("issuer-url", x509.AuthorityInformationAccess)):
            assert (f"value='{profile[name]}'" in str(found(it, kind))) if name in profile else found(it, kind) is None


def test_every_certificate_is_signed_by_the_issuer_of_its_configuration_for_its_key(hierarchy: Imported) -> None:
    for config in hierarchy.of("intermediate", "cross-certificate"):
        inputs, it = config["inputs"], hierarchy.certificate(config["outputs"]["certificate-path"])
        issuer = hierarchy.certificate(inputs.get("issuer-certificate-path") or inputs["issuer-path"])
        it.verify_directly_issued_by(issuer)
        assert it.public_key() == serialization.load_pem_public_key(hierarchy.data(inputs["public-key-path"]))
        if path := inputs.get("certificate-to-cross-sign-path"):
            existing = hierarchy.certificate(path)
            for kind in (x509.SubjectKeyIdentifier, x509.BasicConstraints):
                assert found(it, kind) == found(existing, kind)
    for config in hierarchy.of("root"):
        it = hierarchy.certificate(config["outputs"]["certificate-path"])
        it.verify_directly_issued_by(it)


def test_every_crl_lists_what_its_configuration_lists(hierarchy: Imported) -> None:
    for config in hierarchy.of("crl"):
        profile, path = config["crl-profile"], config["outputs"]["crl-path"]
        data = hierarchy.artifacts.get(Path(path).name + ".pem", hierarchy.artifacts[Path(path).name]).read_bytes()
        it = x509.load_pem_x509_crl(data) if data.startswith(b"-----") else x509.load_der_x509_crl(data)
        issuer = hierarchy.certificate(config["inputs"]["issuer-certificate-path"])
        assert it.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # RSA or ECDSA
        assert (it.last_update_utc, it.next_update_utc) == (
            moment(profile["this-update"]),
            moment(profile["next-update"]),
        )
        assert it.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == int(profile["number"])
        entries = {
            (hierarchy.certificate(one["certificate-path"]).serial_number, moment(one["revocation-date"]))
            for one in profile.get("revoked-certificates", ())
        }
        assert {(one.serial_number, one.revocation_date_utc) for one in it} == entries


def test_every_request_is_for_the_name_and_key_of_its_configuration(hierarchy: Imported) -> None:
    for config in hierarchy.of("cross-csr"):
        data = hierarchy.data(config["outputs"]["csr-path"])
        done = subprocess.run(["openssl", "req", "-verify", "-noout"], input=data, capture_output=True, check=False)
        assert b"verify OK" in done.stdout + done.stderr
        it = x509.load_pem_x509_csr(data)
        assert (
            it.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
            == (config["certificate-profile"]["common-name"])
        )
        assert it.public_key() == serialization.load_pem_public_key(hierarchy.data(config["inputs"]["public-key-path"]))


def test_every_key_is_of_its_type(hierarchy: Imported) -> None:
    sizes = {"P-256": 256, "P-384": 384, "P-521": 521}
    for config in hierarchy.of("root", "key"):
        public: Any = serialization.load_pem_public_key(hierarchy.data(config["outputs"]["public-key-path"]))
        wanted = config["key"].get("ecdsa-curve") or config["key"]["rsa-mod-length"]
        assert public.key_size == (sizes.get(wanted) or int(wanted))
