"""Configurations for Boulder's `ceremony`, as an authority of several years would keep them: one folder a year."""

from __future__ import annotations

from pathlib import Path

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "a-secret-pin-90210"


def _lines(rows: dict[str, object], indent: int = 0) -> list[str]:
    """A mapping as YAML; a list of mappings or words below its key."""
    made = []
    for name, value in rows.items():
        if value is None:
            continue
        if isinstance(value, dict):
            made += [" " * indent + f"{name}:", *_lines(value, indent + 2)]
        elif isinstance(value, list):
            made.append(" " * indent + f"{name}:")
            for one in value:
                if isinstance(one, dict):
                    first, *others = _lines(one)
                    made.append(" " * indent + f"  - {first}")
                    made += [" " * indent + f"    {line}" for line in others]
                else:
                    made.append(" " * indent + f"  - {one}")
        else:
            made.append(" " * indent + f"{name}: {value}")
    return made


def text(rows: dict[str, object]) -> str:
    return "\n".join(_lines(rows)) + "\n"


def _key(kind: str) -> dict[str, object]:
    if kind.startswith("rsa"):
        return {"type": "rsa", "rsa-mod-length": int(kind[4:])}
    return {"type": "ecdsa", "ecdsa-curve": kind}


def _signature(issuer: str) -> str:
    return {"rsa": "SHA256WithRSA", "P-256": "ECDSAWithSHA256", "P-384": "ECDSAWithSHA384"}[
        "rsa" if issuer.startswith("rsa") else issuer
    ]


def _profile(name: str, signer: str, first: str, last: str, **more: object) -> dict[str, object]:
    return {
        "signature-algorithm": _signature(signer),
        "common-name": name,
        "organization": more.pop("organization", "Beispiel Vertrauen, Zweigstelle Köln"),
        "country": more.pop("country", "DE"),
        "not-before": first,
        "not-after": last,
        "key-usages": more.pop("usages", ["Cert Sign", "CRL Sign"]),
        **more,
    }


def key(label: str, public_key: str, kind: str = "P-256") -> str:
    """A configuration of type `key`."""
    return text({
        "ceremony-type": "key",
        "pkcs11": {"module": MODULE, "pin": PIN, "store-key-in-slot": 7, "store-key-with-label": label},
        "key": _key(kind),
        "outputs": {"public-key-path": public_key},
    })  # fmt: skip


def root(label: str, stem: str, name: str, first: str, last: str, kind: str = "P-384", **more: object) -> str:
    """A configuration of type `root`."""
    lints = more.pop("lints", ["n_ca_digital_signature_not_set"])
    return text({
        "ceremony-type": "root",
        "pkcs11": {"module": MODULE, "pin": PIN, "store-key-in-slot": 3, "store-key-with-label": label},
        "key": _key(kind),
        "outputs": {"public-key-path": f"{stem}.key.pem", "certificate-path": f"{stem}.cert.pem"},
        "certificate-profile": _profile(name, kind, first, last, **more),
        "skip-lints": lints,
    })  # fmt: skip


def certificate(kind: str, paths: dict[str, str], label: str, profile: dict[str, object], **more: object) -> str:
    """A configuration of type `intermediate` or `cross-certificate`."""
    inputs = {"issuer-certificate-path": paths["issuer"], "public-key-path": paths["key"]}
    if "existing" in paths:
        inputs["certificate-to-cross-sign-path"] = paths["existing"]
    return text({
        "ceremony-type": kind,
        "pkcs11": {"module": MODULE, "pin": PIN, "signing-key-slot": 3, "signing-key-label": label},
        "inputs": inputs,
        "outputs": {"certificate-path": paths["out"]},
        "certificate-profile": profile,
        **more,
    })  # fmt: skip


def below(name: str, signer: str, first: str, last: str, **more: object) -> dict[str, object]:
    """The profile of an intermediate or a cross-certificate."""
    policies = [{"oid": "2.23.140.1.2.1"}]
    given = {
        "crl-url": "http://crl.example.com/1.crl",
        "issuer-url": "http://ca.example.com/1.cer",
        "policies": policies,
    }
    return _profile(name, signer, first, last, **(given | more))


def request(label: str, public_key: str, csr: str, name: str, **more: object) -> str:
    """A configuration of type `cross-csr`."""
    organization = more.pop("organization", "Beispiel Vertrauen, Zweigstelle Köln")
    return text({
        "ceremony-type": "cross-csr",
        "pkcs11": {"module": MODULE, "pin": PIN, "signing-key-slot": 7, "signing-key-label": label},
        "inputs": {"public-key-path": public_key},
        "outputs": {"csr-path": csr},
        "certificate-profile": {"common-name": name, "organization": organization, "country": "DE", **more},
    })  # fmt: skip


def crl(
    label: str, issuer: str, out: str, first: str, last: str, number: int, *revoked: tuple[str, str, object]
) -> str:
    """A configuration of type `crl`; `revoked`: path, date and reason of each entry."""
    names = ("certificate-path", "revocation-date", "revocation-reason")
    rows = [dict(zip(names, one, strict=True)) for one in revoked]
    return text({
        "ceremony-type": "crl",
        "pkcs11": {"module": MODULE, "pin": PIN, "signing-key-slot": 3, "signing-key-label": label},
        "inputs": {"issuer-certificate-path": issuer},
        "outputs": {"crl-path": out},
        "crl-profile": {"this-update": first, "next-update": last, "number": number,
                        "revoked-certificates": rows or None},
    })  # fmt: skip


def write(folder: Path, files: dict[str, str]) -> Path:
    """Put configurations into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


SIGN = ["Cert Sign", "CRL Sign", "Digital Signature"]


def years() -> dict[str, str]:
    """Six years of an authority: relative paths, a RAM disk, intermediates of keys made before, crosses, CRLs."""
    ram = "/run/shm/ceremonies"
    files = {
        # an authority outside, played here too, whose root is near its end
        "2000/root-old.yaml": root("root old", "./root-old", "Old Root", "2000-09-30 21:12:19", "2021-09-30 14:01:15",
                                   "rsa-2048", organization="Old Trust", country="US"),
        "2015/root-x1.yaml": root("root x1", "./root-x1", "Beispiel Root X1", "2015-06-04 11:04:38",
                                  "2035-06-04 11:04:38", "P-256"),
        "2020/root-x2.yaml": root("root x2", f"{ram}/2020/root-x2", "Beispiel Root X2", "2020-09-04 00:00:00",
                                  "2040-09-17 16:00:00"),
        "2020/root-x2-by-x1.yaml": certificate(
            "cross-certificate",
            {"issuer": f"{ram}/2015/root-x1.cert.pem", "key": f"{ram}/2020/root-x2.key.pem",
             "out": f"{ram}/2020/root-x2-by-x1.cert.pem"},
            "root x1",
            below("Beispiel Root X2", "P-256", "2020-09-04 00:00:00", "2025-09-15 16:00:00",
                  policies=[{"oid": "2.23.140.1.2.1"}, {"oid": "1.3.6.1.4.1.44947.1.1.1", "cps-uri": "http://cps.example"}]),
            **{"skip-lints": ["n_mp_allowed_eku", "n_sub_ca_eku_missing"]},
        ),
        "2020/root-x1.crl.yaml": crl("root x1", "../2015/root-x1.cert.pem", "./root-x1.crl.pem",
                                     "2020-09-04 00:00:00", "2021-08-04 00:00:00", 100),
        "2020/root-x2.crl.yaml": crl("root x2", "./root-x2.cert.pem", "./root-x2.crl.pem",
                                     "2020-09-04 00:00:00", "2021-08-04 00:00:00", 100),
        "2021/root-x1-cross-csr.yaml": request("root x1", "../2015/root-x1.key.pem", "../2021/root-x1-cross.csr.pem",
                                               "Beispiel Root X1", **{"key-usages": SIGN}),
        "2021/root-x1-cross.yaml": certificate(
            "cross-certificate",
            {"issuer": "../2000/root-old.cert.pem", "key": "../2015/root-x1.key.pem",
             "out": "./root-x1-cross.cert.pem"},
            "root old",
            below("Beispiel Root X1", "rsa-2048", "2021-01-20 19:14:03", "2024-09-30 18:14:03"),
        ),
    }  # fmt: skip
    for name in ("e1", "e2", "r3", "r4"):
        issuer = "x2" if name.startswith("e") else "x1"
        signer = "P-384" if issuer == "x2" else "P-256"
        files[f"2020/{name}-key.yaml"] = key(f"int {name}", f"./int-{name}.key.pem", "P-256")
        files[f"2020/{name}-cert.yaml"] = certificate(
            "intermediate",
            {"issuer": "./root-x2.cert.pem" if issuer == "x2" else "../2015/root-x1.cert.pem",
             "key": f"./int-{name}.key.pem", "out": f"./int-{name}.cert.pem"},
            f"root {issuer}",
            below(f"Beispiel {name.upper()}", signer, "2020-09-04 00:00:00", "2025-09-15 16:00:00", usages=SIGN),
        )  # fmt: skip
    # the outside authority certifies two of them once more, as its own intermediates
    for name in ("r3", "r4"):
        files[f"2020/{name}-cross-csr.yaml"] = request(
            f"int {name}", f"./int-{name}.key.pem", f"./int-{name}.cross-csr.pem", f"Beispiel {name.upper()}"
        )
        files[f"2020/{name}-cross-cert.yaml"] = certificate(
            "intermediate",
            {"issuer": "../2000/root-old.cert.pem", "key": f"./int-{name}.key.pem",
             "out": f"./int-{name}-cross.cert.pem"},
            "root old",
            below(f"Beispiel {name.upper()}", "rsa-2048", "2020-10-07 19:21:40", "2022-09-29 19:21:40", usages=SIGN),
        )  # fmt: skip
    # a later year: keys in one folder, certificates with a named certificate to cross-sign, one of them revoked
    for name in ("e5", "e6"):
        files[f"2024/{name}-key.yaml"] = key(f"int {name}", f"./int-{name}.key.pem")
        files[f"2024/{name}-cert.yaml"] = certificate(
            "intermediate",
            {"issuer": "../2020/root-x2.cert.pem", "key": f"./int-{name}.key.pem", "out": f"./int-{name}.cert.pem"},
            "root x2",
            below(f"Beispiel {name.upper()}", "P-384", "2024-03-13 00:00:00", "2027-03-12 23:59:59", usages=SIGN),
        )  # fmt: skip
        files[f"2024/{name}-cross.yaml"] = certificate(
            "cross-certificate",
            {"issuer": "../2015/root-x1.cert.pem", "key": f"./int-{name}.key.pem", "existing": f"./int-{name}.cert.pem",
             "out": f"./int-{name}-cross.cert.pem"},
            "root x1",
            below(f"Beispiel {name.upper()}", "P-256", "2024-03-13 00:00:00", "2027-03-12 23:59:59", usages=SIGN),
        )  # fmt: skip
    files["2024/spare-key.yaml"] = key("spare", "./int-spare.key.pem")
    revoked = ("./int-e6.cert.pem", "2024-09-25 00:00:00", "5 # cessationOfOperation")
    files["2024/root-x2.crl.yaml"] = crl(
        *("root x2", "../2020/root-x2.cert.pem", "./root-x2.crl.pem", "2024-09-25 00:00:00", "2025-08-04 00:00:00"),
        111,
        revoked,
    )
    files |= {
        "2025/root-y.yaml": root("root y", "./root-y", "Root Y", "2025-09-03 00:00:00", "2045-09-02 23:59:59"),
        "2025/root-y-by-x2.yaml": certificate(
            "cross-certificate",
            {"issuer": "../2020/root-x2.cert.pem", "key": "./root-y.key.pem", "existing": "./root-y.cert.pem",
             "out": "./root-y-by-x2.cert.pem"},
            "root x2",
            below("Root Y", "P-384", "2025-09-03 00:00:00", "2042-09-02 23:59:59"),
        ),
        "2025/int-y1.key.yaml": key("Y1", "./int-y1.key.pem", "P-384"),
        "2025/int-y1.cert.yaml": certificate(
            "intermediate",
            {"issuer": "./root-y-by-x2.cert.pem", "key": "./int-y1.key.pem", "out": "./int-y1.cert.pem"},
            "root y",
            below("Y1", "P-384", "2025-09-03 00:00:00", "2028-09-02 23:59:59", usages=SIGN),
        ),
        "2025/root-y.crl.yaml": crl("root y", "./root-y.cert.pem", "./root-y.crl.pem", "2025-09-03 00:00:00",
                                    "2026-08-02 23:59:59", 1),
        "2025/root-x2.crl.yaml": crl("root x2", "../2020/root-x2.cert.pem", "./root-x2.crl.pem", "2025-09-03 00:00:00",
                                     "2026-08-02 23:59:59", 112,
                                     ("../2024/int-e6.cert.pem", "2024-09-25 00:00:00", "cessationOfOperation")),
        "2026/root-y-by-x2.yaml": certificate(
            "cross-certificate",
            {"issuer": "../2020/root-x2.cert.pem", "key": "../2025/root-y.key.pem",
             "existing": "../2025/root-y.cert.pem", "out": "./root-y-by-x2.cert.pem"},
            "root x2",
            below("Root Y", "P-384", "2026-05-13 00:00:00", "2032-09-02 23:59:59", ekus="server"),
        ),
        "2026/root-x2.crl.yaml": crl("root x2", "../2020/root-x2.cert.pem", "./root-x2.crl.pem", "2026-05-13 00:00:00",
                                     "2027-05-11 23:59:59", 113,
                                     ("../2024/int-e6.cert.pem", "2024-09-25 00:00:00", "cessationOfOperation"),
                                     ("../2025/root-y-by-x2.cert.pem", "2026-05-12 00:00:00", "superseded")),
    }  # fmt: skip
    return files
