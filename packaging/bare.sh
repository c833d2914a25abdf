#!/bin/sh
# Install the Debian package in an empty Debian, and try the app there: no Python, no libraries but its own.
#
#   sh packaging/bare.sh dist/nast-fx_VERSION_amd64.deb FOLDER
#
# FOLDER is made by debootstrap, or used again; needs root, and Debian's packages.
set -eu

package=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
plugin=/usr/lib/vst3/ZamComp.vst3

if [ ! -d "$folder/usr" ]; then
    debootstrap --variant=minbase "${SUITE:-bookworm}" "$folder"
fi
cp /etc/resolv.conf "$folder/etc/"
cp "$package" "$folder/nast-fx.deb"
chroot "$folder" apt-get update -qq
chroot "$folder" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends --reinstall /nast-fx.deb
rm "$folder/nast-fx.deb"
if [ -d "$plugin" ] && [ ! -d "$folder$plugin" ]; then
    mkdir -p "$folder/usr/lib/vst3"
    cp -a "$plugin" "$folder/usr/lib/vst3/"
    # What the plugin itself needs; the app needs none of it.
    chroot "$folder" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends libgl1 libx11-6 libstdc++6
fi
if chroot "$folder" sh -c 'command -v python3 python'; then
    echo "error: there is a Python in $folder" >&2
    exit 1
fi
mount -t proc proc "$folder/proc"
trap 'umount "$folder/proc"' EXIT
python3 "$here/smoke.py" /usr/lib/nast-fx --root "$folder"
