# src/package/deb_parts.sh - what all packages have; read by deb.sh and deb_directory.sh.
#
# Wants $name, $version, $stage, $MAINTAINER and $SOURCE_DATE_EPOCH. All times in a package are SOURCE_DATE_EPOCH, and
# nothing else in it depends on where and when it is made.

[[ $MAINTAINER =~ ^[^'<>']+' <'[^'<>@ ']+@[^'<>@ ']+'>'$ ]] || {
	echo "MAINTAINER is '$MAINTAINER', and must be like: Ann Example <ann@example.org>" >&2
	exit 1
}

changelog() {
	gzip -9n >"$stage/usr/share/doc/$name/changelog.gz" <<END
$name ($version) unstable; urgency=medium

  * Version $version.

 -- $MAINTAINER  $(LC_ALL=C date -uRd "@$SOURCE_DATE_EPOCH")
END
}

# KB on the disk, without what dpkg keeps for itself
installed_size() { (cd "$stage" && find . -path ./DEBIAN -prune -o -type f -printf '%s\n') | awk '{ n += int(($1 + 1023) / 1024) } END { print n }'; }

pack() {
	(cd "$stage" && find usr -type f | LC_ALL=C sort | xargs md5sum) >"$stage/DEBIAN/md5sums"
	find "$stage" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
	dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$stage" "$1" >/dev/null
}
