#!/bin/sh
# Run a command where pseudo-terminals can be opened: `sh tests/terminals.sh COMMAND ...`. Where /dev/pts is not mounted, as
# in a plain chroot, root mounts one for that command alone.
set -eu
openable() { python3 -c 'import os; os.openpty()' 2>/dev/null; }
openable && exec "$@"
if [ "$(id -u)" = 0 ] && [ -z "${QUORATE_TERMINALS:-}" ]; then
    export QUORATE_TERMINALS=mounted
    exec unshare --mount --propagation unchanged sh -euc '
        mount --make-private /dev
        mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
        exec sh "$0" "$@"' "$0" "$@"
fi
echo "the tests need pseudo-terminals, and none can be opened here; mount them with: mount -t devpts devpts /dev/pts" >&2
exit 1
