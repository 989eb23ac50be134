"""Files that are not as the format has them, and requests for another zone or that are none anew."""

from __future__ import annotations

import re

from msgspec.structs import replace

from ksr_cases import (
    AT,
    ROOT,
    TLD,
    Case,
    Cases,
    Edit,
    first_signature,
    of_bundle,
    tld_before,
    tld_plan,
    tld_policy,
)
from ksr_making import (
    make_request,
)
from quorate.dnssec.ksr_layout import write_skr


def written_cases(made: Cases) -> None:
    made.tld(
        "written-stated-twice",
        "a comment that names a document type, and an algorithm that is stated twice",
        edit=lambda text: re.sub(
            r"(<SignatureAlgorithm.*?</SignatureAlgorithm>)",
            r"<!-- <!DOCTYPE <!ENTITY -->\1\1",
            text,
            count=1,
            flags=re.DOTALL,
        ),
    )
    tag = tld_plan()[0][0].dnskey.key_tag
    hostile: dict[str, tuple[str, Edit]] = {
        "leading-zero": ("ksr.number_spelled", lambda text: text.replace(f'keyTag="{tag}"', f'keyTag="0{tag}"', 1)),
        "leading-zero-flags": ("ksr.number_spelled", lambda text: text.replace("<Flags>256", "<Flags>0256", 1)),
        "doctype": ("ksr.forbidden", lambda text: text.replace("<KSR", "<!DOCTYPE KSR><KSR", 1)),
        "entity": (
            "ksr.forbidden",
            lambda text: text.replace("<KSR", '<!DOCTYPE KSR [<!ENTITY t "172800">]><KSR', 1).replace(
                ">172800<", ">&t;<"
            ),
        ),
        "instruction": ("ksr.forbidden", lambda text: text.replace("<Request>", "<?a b?><Request>", 1)),
        "latin-1": ("ksr.forbidden", lambda text: text.replace("UTF-8", "ISO-8859-1", 1)),
        "nul": ("ksr.forbidden", lambda text: text.replace("<Request>", "<Request>\0", 1)),
        "cut-short": ("ksr.not_xml", lambda text: text[: len(text) // 2]),
        "attribute-twice": ("ksr.not_xml", lambda text: text.replace(' serial="2"', ' serial="2" serial="2"')),
        "open-quotation": ("ksr.not_xml", lambda text: text.replace(' serial="2"', " serial='2\"")),
        "text-before": ("ksr.not_xml", lambda text: "KSR follows\n" + text),
        "two-requests": (
            "ksr.structure",
            lambda text: re.sub(r"(<Request>.*</Request>)", r"\1\1", text, flags=re.DOTALL),
        ),
        "unknown-element": ("ksr.structure", lambda text: text.replace("<TTL>", "<Note/><TTL>", 1)),
        "unknown-attribute": ("ksr.structure", lambda text: text.replace("<Key ", '<Key note="" ', 1)),
        "element-twice": ("ksr.structure", lambda text: text.replace("<TTL>", "<TTL>1</TTL><TTL>", 1)),
        "order": (
            "ksr.structure",
            lambda text: re.sub(r"(<Inception>\S*)(\s*)(<Expiration>\S*)", r"\3\2\1", text, count=1),
        ),
        "namespace": ("ksr.structure", lambda text: text.replace("<KSR ", '<KSR xmlns="urn:ksr" ', 1)),
        "no-proof": ("ksr.structure", lambda text: re.sub(r"<Signature .*?</Signature>", "", text, flags=re.DOTALL)),
        "markup-in-base64": ("ksr.structure", lambda text: text.replace("<PublicKey>", "<PublicKey><b/>", 1)),
        "reference-in-base64": ("ksr.value", lambda text: text.replace("<PublicKey>", "<PublicKey>&lt;b&gt;", 1)),
        "base64-padding": ("ksr.value", lambda text: text.replace("==</PublicKey>", "</PublicKey>", 1)),
        "base64-stray-bits": ("ksr.value", lambda text: re.sub(r".==</PublicKey>", "Z==</PublicKey>", text, count=1)),
        "base64-other-alphabet": ("ksr.value", lambda text: re.sub(r"<PublicKey>..", "<PublicKey>-_", text, count=1)),
        "zone-of-two-hours": ("ksr.value", lambda text: text.replace("+00:00", "+02:00", 1)),
        "fraction": ("ksr.value", lambda text: text.replace("00:00:00+", "00:00:00.5+", 1)),
        "month": ("ksr.value", lambda text: text.replace("P21D", "P1M", 1)),
        "negative-ttl": ("ksr.value", lambda text: text.replace(">172800<", ">-172800<", 1)),
        "huge-ttl": ("ksr.value", lambda text: text.replace(">172800<", f">{'9' * 400}<", 1)),
        "another-type": ("ksr.value", lambda text: text.replace(">DNSKEY<", ">SOA<", 1)),
        "markup-in-id": ("ksr.value", lambda text: re.sub(r'<KSR id="', '<KSR id="&lt;', text)),
        "no-name": ("ksr.value", lambda text: text.replace('domain="example."', 'domain="exa..mple."')),
        "deep": ("ksr.bounds", lambda text: text.replace("<Request>", "<Request>" * 20)),
        "many": ("ksr.bounds", lambda text: text.replace("<Request>", "<Request>" + "<a/>" * 10_001)),
    }
    for name, (code, edit) in hostile.items():
        made.tld(f"file-{name}", "the file is not as the format has it", code, edit=edit)
    made.add(
        Case(
            "tld-file-response",
            "a response for a request",
            write_skr(tld_before()),
            None,
            tld_policy(),
            AT,
            ("ksr.other_kind",),
        )
    )


def header_cases(made: Cases) -> None:
    other = replace(TLD.next, zone="other.")
    made.tld("domain", "a request for another zone", "ksr.domain", "ksr.signers_name", cycle=other)
    made.root(
        "zone-other",
        "a good request for another zone in the root's shape",
        "ksr.domain",
        "ksr.signers_name",
        cycle=replace(ROOT.next, zone="example."),
    )
    made.tld(
        "id-of-the-one-before",
        "the id of the request before",
        "ksr.id",
        after=lambda one: replace(one, id=tld_before().id),
    )
    seen = make_request(TLD.next, tld_plan()).id
    made.tld("id-of-an-old-one", "the id of a request long ago", "ksr.id", seen=(seen,))
    rising = tld_policy(serial="rising")
    for name, serial in (("same", 1), ("falls", 0)):
        made.tld(
            f"serial-{name}",
            "a serial number that does not rise where it has to",
            "ksr.serial",
            held=rising,
            after=lambda one, serial=serial: replace(one, serial=serial),
        )
    made.tld(
        "signers-name",
        "a signature over another name",
        "ksr.signers_name",
        "ksr.bundle_pop",
        after=of_bundle(2, first_signature(signer="other.")),
    )
    made.tld(
        "signers-name-above",
        "a signature that names the root",
        "ksr.signers_name",
        "ksr.bundle_pop",
        after=of_bundle(2, first_signature(signer=".")),
    )
