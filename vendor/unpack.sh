#!/bin/bash
# vendor/unpack.sh OUT NAME - unpack OUT/dl's chosen file of NAME into OUT/src/NAME, patched where we patch.
set -eu

out=$1 name=$2
source=$out/src/$name
read -r version file <"$out/dl/$name.chosen"
rm -rf "$source"
mkdir -p "$source"
case $file in
better-sqlite3-*) tar -xf "$out/dl/$file" -C "$source" --strip-components=3 package/deps/sqlite3 ;;
*) tar -xf "$out/dl/$file" -C "$source" --strip-components=1 ;;
esac

# Debian's security fixes for musl, in their order; they touch the C library only.
if [ "$name" = musl ] && read -r _ fixes <"$out/dl/musl-fixes.chosen" && [ -n "$fixes" ]; then
	tar -xf "$out/dl/$fixes" -C "$source" debian/patches
	grep -v '^#' "$source/debian/patches/series" | while read -r patch; do
		patch -s -d "$source" -p1 <"$source/debian/patches/$patch"
	done
fi
echo "$version" >"$source/.unpacked"
