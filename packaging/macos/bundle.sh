#!/bin/sh
# Sign the bundle that PyInstaller has made, and put it into a disk image. Untested: needs a Mac.
#
#   sh packaging/macos/bundle.sh VERSION
#
# IDENTITY names a Developer ID; without it the signature is ad hoc, which runs on this Mac only. With PROFILE, a
# keychain profile of notarytool, Apple is asked to notarize; nothing else here uses the network.
set -eu

version=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
app="$root/build/package/app/nast-fx.app"
image="$root/dist/nast-fx-$version-macos.dmg"

sign() {
    codesign --force --options runtime --timestamp="${TIMESTAMP:-none}" --sign "${IDENTITY:--}" "$@"
}

# From the inside out: a signature covers what is within.
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' \) | while IFS= read -r library; do
    sign "$library"
done
# Of both programs the second hosts plugins too: it starts itself for each.
for program in nast-fx nast-fx-gui; do
    sign --entitlements "$here/entitlements.plist" "$app/Contents/MacOS/$program"
done
sign --entitlements "$here/entitlements.plist" "$app"
codesign --verify --deep --strict "$app"

rm -f "$image"
hdiutil create -volname nast-fx -srcfolder "$app" -format UDZO "$image"
if [ -n "${PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$PROFILE" --wait
    xcrun stapler staple "$image"
fi
