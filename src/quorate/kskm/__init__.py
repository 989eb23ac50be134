"""What IANA's signer reads, `ksrsigner.yaml`, as the folder of a zone. Floor 4."""
