#!/bin/sh
# Debian packages for the tests: as root say which are missing and install them; as anyone else print the
# line to type. Always succeeds: the program itself needs none of them, and tests skip what is absent.
set -eu

list="$(dirname "$0")/debian-packages.txt"
packages=$(sed 's/#.*//' "$list" | tr -s '[:space:]' ' ')

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# --simulate knows what this release cannot install, without touching the system.
is_installable() {
    apt-get install --simulate --no-install-recommends "$1" >/dev/null 2>&1
}

missing() {
    for package in $packages; do
        is_installed "$package" || printf ' %s' "$package"
    done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "system: not Debian or Ubuntu, nothing to install; tests skip what they do not find."
    exit 0
fi

wanted=$(missing)
if [ -z "$wanted" ]; then
    echo "system: every Debian package for the tests is installed."
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "system: some tests are skipped without these packages ; to install them:"
    echo "  sudo apt-get install --no-install-recommends$wanted"
    exit 0
fi

echo "system: running as root, so now installing with apt-get, for the tests:$wanted"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || echo "system: apt-get update failed; going on with the package lists that are here." >&2
available=""
for package in $wanted; do
    if is_installable "$package"; then
        available="$available $package"
    else
        echo "system: $package cannot be installed on this release; its tests are skipped." >&2
    fi
done
# Unquoted on purpose: one word a package.
# shellcheck disable=SC2086
[ -z "$available" ] || apt-get install -y -q --no-install-recommends $available ||
    echo "system: apt-get could not install$available; their tests are skipped." >&2
