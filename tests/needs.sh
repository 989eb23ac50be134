#!/bin/sh
# What the tests need beside Python: SoftHSM 2, openssl, ssh-keygen, ldns, BIND, a C compiler. Installed from Debian when that is allowed.
set -eu
missing=
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
command -v openssl >/dev/null || missing="$missing openssl"
command -v ssh-keygen >/dev/null || missing="$missing openssh-client"
command -v faketime >/dev/null || missing="$missing faketime"
command -v certtool >/dev/null || missing="$missing gnutls-bin"
command -v pdftotext >/dev/null || missing="$missing poppler-utils"
command -v ldns-verify-zone >/dev/null || missing="$missing ldnsutils"
command -v dnssec-verify >/dev/null || missing="$missing bind9-utils"
command -v cc >/dev/null || missing="$missing gcc libc6-dev"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing from Debian:$missing"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "the tests need these packages; install them with: sudo apt-get install$missing" >&2
exit 1
