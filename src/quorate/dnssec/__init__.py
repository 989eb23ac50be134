"""DNSSEC: zones' keys, the signing of DNSKEY RRsets, key signing requests (KSR) and signed key responses (SKR).

Floor 2: pure. `name`, `dnskey`, `rrsig` and `ksr` hold values and wire forms, `verify` checks signatures. No module
here imports `cryptography` when it is loaded: a KSR of RSA keys is judged with integers and `hashlib` alone.
"""
