"""Certificates and revocation lists: drafted, finished and read. Floor 2: no I/O, no clock, no randomness.

`draft` makes the exact bytes that a token is to sign, and an object that can never validate; `finish` joins them with
the signature. `facts` and `csr` read outside data strictly; `template` compares a draft with what was frozen before.
"""
