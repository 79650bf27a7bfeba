#!/bin/bash
# src/package/deb_directory.sh NAME VERSION ARCH PROGRAM OUT - a Debian package of a program that asks another directory.
#
# PROGRAM is built for this machine: what it depends on is looked up among the packages that are installed here. Needs
# dpkg-deb, dpkg-shlibdeps (dpkg-dev) and no right of root. It goes with a server of the same version, which starts it
# anew when it is upgraded.
set -euo pipefail
umask 022

name=$1 version=$2 arch=$3 program=$4 out=$5
here=$(dirname "$0") top=$(dirname "$0")/../..
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
. "$here/deb_parts.sh"

about() {
	case $name in
	*-pgsql) echo 'accounts of Staunch in PostgreSQL' ;;
	*-mysql) echo 'accounts of Staunch in MariaDB or MySQL' ;;
	*-ldap) echo 'accounts of Staunch in LDAP' ;;
	esac
}

# The packages of its libraries, in the versions that have what it uses.
libraries() {
	local folder place
	folder=$(mktemp -d -p "$stage") place=debian/$name/usr/lib/staunch
	install -D -m 755 "$program" "$folder/$place/$name"
	mkdir "$folder/debian/$name/DEBIAN" # so it knows the package's folder
	printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$name" "$name" >"$folder/debian/control"
	(cd "$folder" && dpkg-shlibdeps --warnings=1 -O "$place/$name") | sed 's/^shlibs:Depends=//'
	rm -r "$folder"
}

servers() { printf "%s (= $version) | " staunch staunch-smtp staunch-imap staunch-jmap | sed 's/ | $//'; }

install -D -m 755 "$program" "$stage/usr/lib/staunch/$name"
install -D -m 644 "$top/LICENSE" "$stage/usr/share/doc/$name/copyright"
changelog
depends=$(libraries)
mkdir "$stage/DEBIAN"
cat >"$stage/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $arch
Maintainer: $MAINTAINER
Installed-Size: $(installed_size)
Depends: $(servers), $depends
Section: mail
Priority: optional
Description: $(about)
 The mail server Staunch starts this program when its configuration says so
 with [directory] engine, and asks it who has mail here.
END
pack "$out"
