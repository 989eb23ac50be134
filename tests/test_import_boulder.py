"""Configurations of Boulder's `ceremony` become plans of an authority that can be rehearsed from the first year on."""

from __future__ import annotations

import random
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import configurations as made
from forging import VERIFIER, genesis, record, verify
from quorate import prepare
from quorate.plan import GenerateKey, IssueCrl, IssueCross, IssueSubordinate, Plan
from quorate.rehearse import rehearse
from refusing import refused, run, snapshot


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six years, imported and rehearsed."""
    folder = tmp_path_factory.mktemp("history")
    configs = made.write(folder / "configs", made.years())
    outcome = run("import", "boulder", configs, "--into", folder / "authority", "--rules", "private")
    assert outcome.code == 0, outcome.err
    last = max((folder / "authority" / "ceremonies").iterdir())
    rehearse(folder / "authority", last, VERIFIER.read_bytes())  # those before it are rehearsed on the way
    return folder / "authority"


def ceremonies(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "ceremonies").iterdir())


def artifacts(root: Path) -> dict[str, Path]:
    """The newest file of each name."""
    return {path.name: path for name in ceremonies(root) for path in (record(root, name) / "artifacts").iterdir()}


def plans(root: Path) -> list[Plan]:
    return [prepare.read_plan(root / "ceremonies" / name)[0] for name in ceremonies(root)]


def certificate(root: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(artifacts(root)[name].read_bytes())


def test_a_whole_history_is_rehearsed_and_every_record_verified(history: Path) -> None:
    records = [record(history, name) for name in ceremonies(history)]
    code, said = verify(*records, "--authority", genesis(history), "--rehearsal")
    assert code == 0, said
    assert len(records) == 9


def test_every_output_has_its_name(history: Path) -> None:
    written = re.findall(r"(?:public-key|certificate|csr|crl)-path: \S*/([^/\s]+)", "\n".join(
        line for text in made.years().values() for line in text.partition("outputs:")[2].splitlines()
    ))  # fmt: skip
    assert len(set(written)) > 30
    assert set(written) - set(artifacts(history)) == set()


def test_certificates_say_what_the_configurations_say(history: Path) -> None:
    cross = certificate(history, "int-r3-cross.cert.pem")
    assert cross.not_valid_before_utc == datetime(2020, 10, 7, 19, 21, 40, tzinfo=UTC)
    assert cross.not_valid_after_utc == datetime(2022, 9, 29, 19, 21, 40, tzinfo=UTC)
    assert cross.subject.rfc4514_string() == "CN=Beispiel R3,O=Beispiel Vertrauen\\, Zweigstelle Köln,C=DE"
    assert cross.signature_hash_algorithm is not None
    assert cross.signature_hash_algorithm.name == "sha256"
    own = certificate(history, "int-r3.cert.pem")
    assert cross.public_key() == own.public_key()
    usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, True, True)
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    old = certificate(history, "root-x2-by-x1.cert.pem")
    policies = old.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [one.policy_identifier.dotted_string for one in policies] == ["2.23.140.1.2.1", "1.3.6.1.4.1.44947.1.1.1"]


def purposes(found: x509.Certificate) -> list[str]:
    try:
        return [one._name for one in found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value]
    except x509.ExtensionNotFound:
        return []


def test_purposes_that_are_not_said_are_those_of_the_tool_of_the_day(history: Path) -> None:
    assert purposes(certificate(history, "int-e1.cert.pem")) == ["clientAuth", "serverAuth"]
    assert purposes(certificate(history, "int-e5-cross.cert.pem")) == ["clientAuth", "serverAuth"]
    assert purposes(certificate(history, "root-x2-by-x1.cert.pem")) == []
    assert purposes(certificate(history, "int-y1.cert.pem")) == ["serverAuth"]
    assert purposes(certificate(history, "root-y-by-x2.cert.pem")) == ["serverAuth"]  # that of 2026


def test_openssl_builds_the_paths(history: Path) -> None:
    files = artifacts(history)
    for anchor, through, leaf, at in (
        ("root-old.cert.pem", "root-x1-cross.cert.pem", "int-r4.cert.pem", "2021-06-01"),
        ("root-x2.cert.pem", "root-y-by-x2.cert.pem", "int-y1.cert.pem", "2026-09-01"),
        ("root-x1.cert.pem", "root-x2-by-x1.cert.pem", "int-e2.cert.pem", "2021-06-01"),
    ):
        seconds = str(int(datetime.fromisoformat(f"{at}T00:00:00+00:00").timestamp()))
        command = ["openssl", "verify", "-attime", seconds, "-trusted", str(files[anchor])]
        done = subprocess.run([*command, "-untrusted", str(files[through]), str(files[leaf])], capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_crl_keeps_what_was_revoked_and_says_why(history: Path) -> None:
    crl = x509.load_pem_x509_crl(artifacts(history)["root-x2.crl.pem"].read_bytes())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 113
    reasons = [one.extensions.get_extension_for_class(x509.CRLReason).value.reason.value for one in crl]
    assert reasons == ["cessationOfOperation", "superseded"]
    assert next(iter(crl)).serial_number == certificate(history, "int-e6.cert.pem").serial_number
    by_number = {one.number: one for plan in plans(history) for one in plan.operations if isinstance(one, IssueCrl)}
    assert [len(by_number[number].revoked) for number in (111, 112, 113)] == [1, 0, 1]  # the others are carried over


def test_a_crl_lists_what_has_expired_as_long_as_its_configuration_does(tmp_path: Path) -> None:
    """A plan lets an entry go once one CRL has had it beyond its validity (RFC 5280 3.3); the tool keeps it."""
    first = "2022-01-02 00:00:00"
    files = {
        "r.yaml": ROOT,
        "k.yaml": made.key("k", "./i.key.pem"),
        "i.yaml": sub().replace("2026-01-01", "2022-06-01"),
    }
    for number, (day, said) in enumerate((("2022-02-01", first), ("2022-12-01", first), ("2023-10-01", first),
                                          ("2024-08-01", "2022-01-05 00:00:00"), ("2025-06-01", "")), 1):  # fmt: skip
        files[f"{number}.yaml"] = crl(day, number, *([("./i.cert.pem", said, "superseded")] if said else []))
    root = imported(tmp_path, files)
    rehearse(root, root / "ceremonies" / ceremonies(root)[-1], VERIFIER.read_bytes())
    lists = [x509.load_pem_x509_crl(artifacts(root)[f"{number}.crl.pem"].read_bytes()) for number in range(1, 6)]
    dates = [[one.revocation_date_utc.strftime("%Y-%m-%d %H:%M:%S") for one in it] for it in lists]
    assert dates == [[first], [first], [first], [first], []]
    assert "4.yaml:16: i stays as it was first listed: 2022-01-02T00:00:00Z" in (root / "report.md").read_text()


def test_the_report_names_every_field_without_a_place_and_no_pin(history: Path) -> None:
    report = (history / "report.md").read_text()
    for field in (
        "pkcs11.pin: not taken",
        "pkcs11.module",
        "pkcs11.store-key-in-slot",
        "skip-lints",
        "policies.cps-uri",
    ):
        assert field in report
    assert report.count(":4") >= len(made.years())  # the line of each PIN
    everything = b"".join(data for name, (_, data) in snapshot(history).items() if "rehearsal" not in name)
    assert made.PIN.encode() not in everything
    assert "do quorate rehearse" in report


def test_people_are_appointed_before_the_first_ceremony(history: Path) -> None:
    since = re.findall(r'since = "(\d{4})', (history / "people" / "amara.toml").read_text())
    assert set(since) == {"2000"}


# -- how configurations are linked, ordered and named -----------------------------------------------------------------


def imported(folder: Path, files: dict[str, str], *names: str) -> Path:
    """An authority from these configurations, named one by one in this order if names are given."""
    configs = made.write(folder / "configs", files)
    paths = [configs / name for name in names] or [configs]
    outcome = run("import", "boulder", *paths, "--into", folder / "authority", "--rules", "private")
    assert outcome.code == 0, outcome.err
    return folder / "authority"


def test_the_order_in_which_files_are_named_does_not_matter(tmp_path: Path) -> None:
    files = made.years()
    names = list(files)
    random.Random(7).shuffle(names)
    one, other = imported(tmp_path / "one", files), imported(tmp_path / "other", files, *names)
    for name in ceremonies(one):
        texts = [(root / "ceremonies" / name / "plan.toml").read_text() for root in (one, other)]
        assert texts[0].replace("/one/", "/") == texts[1].replace("/other/", "/")


ROOT = made.root("r", "./r", "R", "2020-01-01 00:00:00", "2040-01-01 00:00:00", "P-256")
SUB = made.below("I", "P-256", "2021-01-01 00:00:00", "2026-01-01 00:00:00")


def sub(**paths: str) -> str:
    given = {"issuer": "./r.cert.pem", "key": "./i.key.pem", "out": "./i.cert.pem"} | paths
    return made.certificate("intermediate", given, "r", SUB)


def test_a_public_key_that_lies_there_is_taken_along(tmp_path: Path) -> None:
    (tmp_path / "configs" / "keys").mkdir(parents=True)
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "configs" / "keys" / "partner key.pem").write_bytes(pem)
    root = imported(tmp_path, {"r.yaml": ROOT, "i.yml": sub(key="'./keys/partner key.pem'")})
    operation = next(one for plan in plans(root) for one in plan.operations if isinstance(one, IssueSubordinate))
    assert operation.spki == "i.partner-key.pem"
    rehearse(root, root / "ceremonies" / ceremonies(root)[-1], VERIFIER.read_bytes())
    assert certificate(root, "i.cert.pem").public_key() == public


def test_names_with_dots_spaces_and_more_are_kept_where_a_record_can(tmp_path: Path) -> None:
    files = {"r.yaml": ROOT, "k.yaml": made.key("k", "'./out/key no. 1.pem'"),
             "i.yaml": sub(key="'./out/key no. 1.pem'", out="'./out/int. 1 (2021).pem'")}  # fmt: skip
    root = imported(tmp_path, files)
    names = [one.output for plan in plans(root) for one in plan.operations if hasattr(one, "output")]
    assert names == ["key no. 1.pem", "r.key.pem", "r.cert.pem", "int.-1-2021.pem"]
    assert "int. 1 (2021).pem is int.-1-2021.pem here" in (root / "report.md").read_text()


def test_what_the_rfc_allows_is_rehearsed_however_unwise(tmp_path: Path) -> None:
    """A child before its issuer that outlives it, names and keys used again, a hold to come, two CRLs of one moment."""
    out, short = "/hsm/out", "2021-01-01 00:00:00"
    hold = (f"{out}/i.cert.pem", "2022-05-01 00:00:00", "certificateHold")
    second = made.root("r", f"{out}/r2", "R", "2020-01-01 12:00:00", "2030-01-01 00:00:00", "P-384", country="xx")
    paths = {"issuer": f"{out}/r.cert.pem", "key": f"{out}/i.key.pem", "out": f"{out}/i.cert.pem"}
    odd = made.below("I", "P-256", "2019-01-01 00:00:00", "2045-01-01 00:00:00", usages=["Cert Sign"])
    again = made.below("J", "P-256", "2021-03-01 00:00:00", "2025-01-01 00:00:00", ekus="both")
    late = made.below("R", "P-384", "2031-01-01 00:00:00", "2055-01-01 00:00:00")
    crls = {f"b/{n}.yaml": made.crl("r", paths["issuer"], f"{out}/r.crl.pem", short, "2021-12-01 00:00:00", n, hold)
            for n in (7, 8)}  # fmt: skip
    crossed = {"issuer": f"{out}/r2.cert.pem", "key": f"{out}/r.key.pem", "existing": f"{out}/r.cert.pem",
               "out": f"{out}/x.crt"}  # fmt: skip
    root = imported(tmp_path, crls | {
        "a/r.yaml": ROOT.replace("./r.", f"{out}/r."),
        "a/r2.yaml": second.replace("  organization: Beispiel Vertrauen, Zweigstelle Köln\n", ""),
        "a/k.yaml": made.key("i", paths["key"]),
        "a/i.yaml": made.certificate("intermediate", paths, "r", odd),
        "a/j.yaml": made.certificate("intermediate", paths | {"out": f"{out}/j.cert.pem"}, "r", again),
        "b/x.yaml": made.certificate("cross-certificate", crossed, "r", late),
    })  # fmt: skip
    rehearse(root, root / "ceremonies" / ceremonies(root)[-1], VERIFIER.read_bytes())
    assert {"i.cert.pem", "j.cert.pem", "r.crl.pem", "x.crt", "r2.cert.pem"} <= set(artifacts(root))


def test_what_no_operation_can_do_is_named_with_what_needs_it(tmp_path: Path) -> None:
    other = made.text({"ceremony-type": "ocsp-response", "whatever": "x"})
    files = {"r.yaml": ROOT, "k.yaml": made.key("k", "./i.key.pem", "P-224"), "i.yaml": sub(), "o.yaml": other,
             "x.yaml": "a: 1\n"}  # fmt: skip
    report = (imported(tmp_path, files) / "report.md").read_text()
    for said in ("k.yaml: no key of type p-224", "i.yaml: it needs", "o.yaml: no operation for ocsp-response"):
        assert said in report
    assert re.search(r"## YAML that is no ceremony configuration\n\n- \S+x.yaml", report)


def test_a_second_certificate_of_a_name_and_key_is_a_cross_certificate(history: Path) -> None:
    found = {one.id: one.existing for plan in plans(history) for one in plan.operations if isinstance(one, IssueCross)}
    assert found["int-r3-cross"] == "int-r3"
    assert found["root-x1-cross"] == "root-x1"
    unused = [one for plan in plans(history) for one in plan.operations if isinstance(one, GenerateKey)]
    assert [one.id for one in unused if one.use == "unknown"] == ["key-int-spare"]


def left_behind(root: Path, folder: Path, *years: str) -> None:
    """Put what was made beside the configurations, as their ceremonies would have."""
    for path in artifacts(root).values():
        for year in years:
            (folder / year).mkdir(parents=True, exist_ok=True)
            (folder / year / path.name).write_bytes(path.read_bytes())


def test_what_a_ceremony_left_behind_is_still_made_by_its_configuration(tmp_path: Path, history: Path) -> None:
    """Written on a RAM disk, moved beside the configurations, and named from there."""
    files = {name: text for name, text in made.years().items() if name < "2021"}
    left_behind(history, tmp_path / "configs", "2000", "2015", "2020")
    root = imported(tmp_path, files)
    assert list(root.glob("ceremonies/*/inputs/*")) == []
    assert not any(getattr(one, "spki", "") for plan in plans(root) for one in plan.operations)


def as_the_tool_writes(common_name: str, first: datetime, last: datetime) -> bytes:
    """A self-signed certificate whose name is in PrintableString, as the tool's is where it can be."""
    oids, key = (x509.NameOID.COUNTRY_NAME, x509.NameOID.COMMON_NAME), ec.generate_private_key(ec.SECP256R1())
    kind = x509.name._ASN1Type.PrintableString
    name = x509.Name([x509.NameAttribute(*one, kind) for one in zip(oids, ("DE", common_name), strict=True)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, first, last)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_certificate_of_the_tool_is_known_by_name_and_dates_however_they_are_written(tmp_path: Path) -> None:
    there = as_the_tool_writes("R", datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "r.cert.pem").write_bytes(there)
    made_there = ROOT.replace("./r.", "/hsm/r.").replace("  organization: Beispiel Vertrauen, Zweigstelle Köln\n", "")
    files = {"r.yaml": made_there, "k.yaml": made.key("k", "./i.key.pem"), "i.yaml": sub()}
    assert [one.issuer for plan in plans(imported(tmp_path, files)) for one in plan.operations
            if isinstance(one, IssueSubordinate)] == ["r"]  # fmt: skip


def test_a_file_of_the_same_name_that_is_something_else_comes_along(tmp_path: Path, history: Path) -> None:
    """A partner's key and certificate, called as ours are in another folder."""
    partner = tmp_path / "configs" / "partner"
    partner.mkdir(parents=True)
    for theirs, ours in (("root-x1.key.pem", "i.key.pem"), ("root-x1.cert.pem", "i.cert.pem")):
        (partner / ours).write_bytes(artifacts(history)[theirs].read_bytes())
    paths = {
        "issuer": "./r.cert.pem",
        "key": "./partner/i.key.pem",
        "existing": "./partner/i.cert.pem",
        "out": "./p.pem",
    }
    profile = made.below("Beispiel Root X1", "P-256", "2021-01-01 00:00:00", "2026-01-01 00:00:00")
    files = {"r.yaml": ROOT, "k.yaml": made.key("k", "./i.key.pem"), "i.yaml": sub(),
             "p.yaml": made.certificate("cross-certificate", paths, "r", profile)}  # fmt: skip
    root = imported(tmp_path, files)
    crossed = next(one for plan in plans(root) for one in plan.operations if isinstance(one, IssueCross))
    assert (crossed.existing, crossed.spki) == ("p.i.cert.pem", "p.i.key.pem")
    made.write(tmp_path / "configs", {"p.yaml": files["p.yaml"].replace("Beispiel Root X1", "Beispiel Root X9")})
    command = ("import", "boulder", tmp_path / "configs", "--into", tmp_path / "other", "--rules", "private")
    assert refused(tmp_path, *command) == ["boulder.name_differs"]


# -- what is refused --------------------------------------------------------------------------------------------------


def crl(first: str, number: int, *revoked: tuple[str, str, object], issuer: str = "./r.cert.pem") -> str:
    return made.crl(
        "r", issuer, f"./{number}.crl.pem", f"{first} 00:00:00", f"{first[:3]}9-12-31 00:00:00", number, *revoked
    )


LIST = "key-usages:\n    - Cert Sign\n    - CRL Sign"
BROKEN: dict[str, tuple[dict[str, str], str, str]] = {
    "a second document": ({"r.yaml": ROOT + "---\n" + ROOT}, "document.second_document", "r.yaml:25"),
    "a field twice": ({"r.yaml": ROOT + "key:\n  type: rsa\n"}, "document.key_twice", "r.yaml:25"),
    "an unknown field": ({"r.yaml": ROOT.replace("  country:", "  state: X\n  country:")}, "boulder.field_unknown",
                         "r.yaml:17"),
    "a missing field": ({"r.yaml": ROOT.replace("  common-name: R\n", "")}, "boulder.field_missing", "r.yaml:14"),
    "a list for a word": ({"r.yaml": ROOT.replace("common-name: R", "common-name: [R]")}, "boulder.type_wrong",
                          "r.yaml:15"),
    "a word for a list": ({"r.yaml": ROOT.replace(LIST, "key-usages: Cert Sign")},
                          "boulder.type_wrong", "r.yaml:20"),
    "a date of another form": ({"r.yaml": ROOT.replace("2040-01-01 00", "2040-01-01T00")}, "boulder.type_wrong",
                               "r.yaml:19"),
    "dates in reverse": ({"r.yaml": ROOT.replace("2040-", "2010-")}, "boulder.value_wrong", "r.yaml:19"),
    "an unknown type": ({"r.yaml": ROOT.replace(": root", ": rute", 1)}, "boulder.choice", "r.yaml:1"),
    "purposes that are none": (
        {"r.yaml": ROOT, "k.yaml": made.key("k", "./i.key.pem"),
         "i.yaml": sub().replace("  crl-url", "  ekus: none\n  crl-url")}, "boulder.value_wrong", "i.yaml:22"),
    "no items of a CRL": ({"r.yaml": ROOT, "c.yaml": crl("2020-02-01", 1) + "  revoked-certificates:\n"},
                          "boulder.type_wrong", "c.yaml:15"),
    "a key that nobody makes": ({"r.yaml": ROOT, "i.yaml": sub()}, "boulder.input_missing", "i.yaml:9"),
    "a key of two makers": ({"r.yaml": ROOT, "i.yaml": sub(key="/c/i.key.pem"), "a.yaml": made.key("a", "/a/i.key.pem"),
                             "b.yaml": made.key("b", "/b/i.key.pem")}, "boulder.ambiguous", "i.yaml:9"),
    "a cross-certificate of another key": (
        {"r.yaml": ROOT, "s.yaml": ROOT.replace("./r.", "./s.").replace("common-name: R", "common-name: S"),
         "k.yaml": made.key("k", "./i.key.pem"),
         "x.yaml": made.certificate("cross-certificate", {"issuer": "./r.cert.pem", "key": "./i.key.pem",
                                                          "existing": "./s.cert.pem", "out": "./x.pem"}, "r",
                                    made.below("S", "P-256", "2021-01-01 00:00:00", "2026-01-01 00:00:00"))},
        "boulder.key_differs", "x.yaml:9"),
    "a cross-certificate of another name": (
        {"r.yaml": ROOT, "s.yaml": ROOT.replace("./r.", "./s.").replace("common-name: R", "common-name: S"),
         "x.yaml": made.certificate("cross-certificate", {"issuer": "./r.cert.pem", "key": "./s.key.pem",
                                                          "existing": "./s.cert.pem", "out": "./x.pem"}, "r",
                                    made.below("T", "P-256", "2021-01-01 00:00:00", "2026-01-01 00:00:00"))},
        "boulder.name_differs", "x.yaml:15"),
    "a certificate of another CA in a CRL": (
        {"r.yaml": ROOT, "s.yaml": ROOT.replace("./r.", "./s.").replace("common-name: R", "common-name: S"),
         "c.yaml": crl("2020-02-01", 1, ("./s.cert.pem", "2020-01-02 00:00:00", "superseded"))},
        "boulder.revoked_foreign", "c.yaml:16"),
    "a certificate twice in a CRL": (
        {"r.yaml": ROOT, "k.yaml": made.key("k", "./i.key.pem"), "i.yaml": sub(),
         "c.yaml": crl("2022-02-01", 1, ("./i.cert.pem", "2022-01-02 00:00:00", "superseded"),
                       ("../configs/i.cert.pem", "2022-01-03 00:00:00", "keyCompromise"))},
        "boulder.revoked_twice", "c.yaml:19"),
    "a number that no plan can carry": ({"r.yaml": ROOT, "c.yaml": crl("2022-02-01", 2**53)}, "boulder.value_wrong",
                                        "c.yaml:14"),
    "one file for key and certificate": ({"r.yaml": ROOT.replace("./r.cert.pem", "./r.key.pem")},
                                         "boulder.value_wrong", "r.yaml:12"),
    "no type": ({"r.yaml": ROOT.replace("ceremony-type", "ceremony-typ", 1)}, "boulder.field_missing", "r.yaml:1"),
    "CRL numbers against time": ({"r.yaml": ROOT, "c.yaml": crl("2021-02-01", 1), "d.yaml": crl("2020-02-01", 2)},
                                 "boulder.crl_order", "d.yaml:14"),
    "an algorithm of another key": ({"r.yaml": ROOT.replace("ECDSAWithSHA256", "SHA256WithRSA")}, "boulder.signature",
                                    "r.yaml:14"),
    "a name that cannot be": ({"r.yaml": ROOT.replace("country: DE", "country: Germany")}, "x509.name_unusable",
                              "r.yaml:15"),
    "two that need each other": (
        {"a.yaml": sub(issuer="./b.pem", key="./i.key.pem", out="./a.pem"), "k.yaml": made.key("k", "./i.key.pem"),
         "b.yaml": sub(issuer="./a.pem", key="./i.key.pem", out="./b.pem")}, "boulder.circle", "a.yaml:1"),
    "no configuration": ({"x.yaml": "a: 1\n"}, "boulder.nothing", "configs"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_nothing_is_written_for(tmp_path: Path, what: str) -> None:
    files, code, where = BROKEN[what]
    made.write(tmp_path / "configs", files)
    command = ("import", "boulder", tmp_path / "configs", "--into", tmp_path / "authority", "--rules", "private")
    assert refused(tmp_path, *command) == [code]
    assert f"{where}: " in run(*command).err


def test_an_issuer_whose_key_is_not_made_here_is_refused(tmp_path: Path, history: Path) -> None:
    """Its certificate lies there, and nothing can be signed with it."""
    made.write(tmp_path / "configs", {"k.yaml": made.key("k", "./i.key.pem"), "i.yaml": sub()})
    (tmp_path / "configs" / "r.cert.pem").write_bytes(artifacts(history)["root-x1.cert.pem"].read_bytes())
    command = ("import", "boulder", tmp_path / "configs", "--into", tmp_path / "authority", "--rules", "private")
    assert refused(tmp_path, *command) == ["boulder.key_elsewhere"]


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    made.write(tmp_path / "configs", {"r.yaml": ROOT})
    command = ("import", "boulder", tmp_path / "configs", "--into", tmp_path / "configs", "--rules", "webpki")
    assert refused(tmp_path, *command) == ["outset.not_empty"]
