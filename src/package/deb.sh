#!/bin/bash
# src/package/deb.sh NAME VERSION ARCH PROGRAM SPEAKER OUT - a Debian package of one version of the program.
#
# PROGRAM and SPEAKER as install.sh has them. Needs dpkg-deb and no right of root.
set -euo pipefail
umask 022

name=$1 version=$2 arch=$3 program=$4 speaker=$5 out=$6
here=$(dirname "$0") libraries=${VENDOR_OUT:-build/vendor}/src
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
. "$here/deb_parts.sh"
doc=$stage/usr/share/doc/$name

DESTDIR=$stage PREFIX=/usr "$here/install.sh" "$name" "$program" "$speaker"

others() { printf '%s\n' staunch staunch-smtp staunch-imap staunch-jmap | grep -vx "$name" | paste -sd, | sed 's/,/, /g'; }

about() {
	case $name in
	staunch) echo 'SMTP, submission, LMTP, IMAP4rev2 and JMAP in one process with one folder.' ;;
	staunch-smtp) echo 'SMTP and submission alone: takes mail, checks, queues and hands it on.' ;;
	staunch-imap) echo 'IMAP4rev2 alone: mailboxes behind a mail server that speaks LMTP.' ;;
	staunch-jmap) echo 'JMAP alone: mailboxes behind a mail server that speaks LMTP.' ;;
	esac
}

keeps() {
	case $name in
	staunch-smtp) echo 'It keeps nothing but its queue and its accounts, in SQLite; nothing is' ;;
	*) echo 'Metadata lies in SQLite, messages are files in a Maildir, and nothing is' ;;
	esac
}

# Our licence, and those of what is linked in, as each library brings it.
copyright() {
	cat "$here/../../LICENSE"
	printf '\nThe program has these libraries in it. SQLite is in the public domain.\n'
	printf 'Its table of public suffixes is made from the list of publicsuffix.org, under the Mozilla Public License 2.0.\n'
	local file
	for file in musl/COPYRIGHT bearssl/LICENSE.txt curl/COPYING zlib/LICENSE libsodium/LICENSE; do
		printf '\n---- %s ----\n\n' "${file%/*}"
		cat "$libraries/$file"
	done
}

copyright >"$doc/copyright"
changelog

mkdir "$stage/DEBIAN"
cat >"$stage/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $arch
Maintainer: $MAINTAINER
Installed-Size: $(installed_size)
Conflicts: $(others)
Suggests: ca-certificates
Section: mail
Priority: optional
Description: small mail server in one static program
 $(about)
 $(keeps)
 reported as done before it is on the disk.
END
echo /etc/staunch/staunch.conf.example >"$stage/DEBIAN/conffiles"
for script in postinst prerm postrm; do
	sed -e "/@NEXT@/{r $here/next" -e 'd}' "$here/$script" | sed "s/@PROGRAM@/$name/g" >"$stage/DEBIAN/$script"
	chmod 755 "$stage/DEBIAN/$script"
done

pack "$out"
