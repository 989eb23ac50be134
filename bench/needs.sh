#!/bin/sh
# The engine by which openssl reaches a PKCS#11 module. Without it that comparison is left out.
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0
dpkg -s libengine-pkcs11-openssl >/dev/null 2>&1 && exit 0
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libengine-pkcs11-openssl >/dev/null 2>&1 ||
    echo "libengine-pkcs11-openssl cannot be installed: nothing is compared with openssl's pkcs11 engine" >&2
