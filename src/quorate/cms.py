"""A detached CMS signature by a certificate's key, as trust anchors are published with (RFC 9718 2.2). Floor 3.

An online act: the key is an ordinary file, and the signature says when it was made.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from quorate.dnssec.keyfile import read_key
from quorate.findings import Refusal


def sign_detached(data: bytes, certificates: bytes, key: bytes, passphrase: bytes | None) -> bytes:
    """CMS SignedData (DER) over `data`, without it. `certificates`: PEM, the signer's first, then those above it.

    Raises `cms.certificate`, `cms.key_other`, `cms.key_kind`, `keyfile.*`.
    """
    try:
        signer, *others = x509.load_pem_x509_certificates(certificates)
    except ValueError:
        raise Refusal("cms.certificate") from None
    private = read_key(key, passphrase, "the signing key")
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refusal("cms.key_kind")
    if private.public_key() != signer.public_key():
        raise Refusal("cms.key_other")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(signer, private, hashes.SHA256())
    for one in others:
        builder = builder.add_certificate(one)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
