#!/bin/bash
# src/package/container.sh PROGRAM OUT - what an image has in it: the program, a user, authorities, two folders of the user.
#
# A tar archive, because folders have owners there whoever makes it. The authorities are those of this machine
# (Debian's ca-certificates), where it has any. All times are SOURCE_DATE_EPOCH.
set -euo pipefail
umask 022

program=$1 out=$(realpath -m "$2")
user=10025 authorities=/etc/ssl/certs/ca-certificates.crt
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

install -D "$program" "$stage/usr/bin/staunch"
mkdir -p "$stage/etc/staunch" "$stage/var/lib/staunch"
echo "staunch:x:$user:$user:Staunch mail server:/var/lib/staunch:/nonexistent" >"$stage/etc/passwd"
echo "staunch:x:$user:" >"$stage/etc/group"
[ ! -e $authorities ] || install -D -m 644 $authorities "$stage$authorities"

pack() { tar --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --sort=name -C "$stage" -f "$out" "$@"; }
mkdir -p "${out%/*}"
pack -c --owner=0 --group=0 --exclude=./etc/staunch --exclude=./var/lib/staunch ./etc ./usr ./var
pack -r --owner=$user --group=$user --mode=700 ./etc/staunch ./var/lib/staunch
