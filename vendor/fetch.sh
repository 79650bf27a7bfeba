#!/bin/bash
# vendor/fetch.sh OUT - get every file of sources.lock into OUT/dl.
#
# Ways, in this order: the folder $VENDOR_DL that the user gives (a machine without a network), apt's own
# downloader against this machine's mirrors (and VENDOR_MIRROR=), apt-get source with private state, and
# npm pack for what lies in npm. Nothing is installed. A file that does not have its SHA-256 is thrown away,
# however it came. For each name, OUT/dl/NAME.chosen tells "VERSION FILE"; it changes only when they do.
set -u

out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out/dl"
dl=$(cd "$out/dl" && pwd)
helper=/usr/lib/apt/apt-helper
apt_options=(-o APT::Sandbox::User=root -o Acquire::Retries=1 -o Acquire::http::Timeout=20)

lock() { sed 's/#.*//' "$here/sources.lock" | awk 'NF == 6'; }

# good FILE SHA256: is it there, with its hash? A wrong one is removed.
good() {
	[ -f "$1" ] || return 1
	[ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ] && return 0
	echo "vendor: wrong checksum, thrown away: $1" >&2
	rm -f "$1"
	return 1
}

# The archives this machine's apt uses, and VENDOR_MIRROR= last: one that the user names.
mirrors() {
	{
		apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
			grep -E '^https?://.*/debian/?$'
		echo "${VENDOR_MIRROR:-}"
	} | sed 's|/*$||' | awk 'NF && !seen[$0]++'
}

from_folder() {
	[ -n "${VENDOR_DL:-}" ] && [ -f "$VENDOR_DL/$1" ] && cp "$VENDOR_DL/$1" "$dl/$1"
}

# from_pool FILE SHA256 PATH
from_pool() {
	local mirror
	[ -x "$helper" ] || return 1
	for mirror in $(mirrors); do
		"$helper" "${apt_options[@]}" download-file "$mirror/pool/main/$3/$1" "$dl/$1" \
			"SHA256:$2" >/dev/null 2>&1 && return 0
	done
	return 1
}

# A private apt with the source lists of three releases; nothing of the machine's own is touched.
private_apt() {
	local release mirror
	private=$dl/apt
	private_options=(-o Dir::Etc::SourceList="$private/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::State="$private/state" -o Dir::State::status=/dev/null -o Dir::Cache="$private/cache"
		"${apt_options[@]}")
	[ -d "$private" ] && return 0
	mkdir -p "$private/state/lists/partial" "$private/cache/archives/partial"
	mirror=$(mirrors | head -n 1)
	for release in bookworm trixie forky; do
		echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main"
	done >"$private/sources.list"
	apt-get "${private_options[@]}" update >/dev/null 2>&1
}

# from_source FILE PATH: the source package that has this file, at the version that has it
from_source() {
	local package=${2##*/} version
	command -v apt-get >/dev/null || return 1
	private_apt
	for version in $(apt-cache "${private_options[@]}" showsrc "$package" 2>/dev/null |
		awk -v file="$1" '/^Version:/ { v = $2 } $3 == file { print v }' | sort -u); do
		(cd "$dl" && apt-get "${private_options[@]}" source --download-only \
			"$package=$version" >/dev/null 2>&1)
		[ -f "$dl/$1" ] && return 0
	done
	return 1
}

from_npm() {
	command -v npm >/dev/null || return 1
	(cd "$dl" && npm pack --silent "$1" >/dev/null 2>&1)
}

# get FILE SHA256 PLACE
get() {
	local file=$1 sha=$2 place=$3
	case $place in
	pool:*)
		from_pool "$file" "$sha" "${place#pool:}" && good "$dl/$file" "$sha" && return 0
		from_source "$file" "${place#pool:}" && good "$dl/$file" "$sha" && return 0
		;;
	npm:*) from_npm "${place#npm:}" && good "$dl/$file" "$sha" && return 0 ;;
	esac
	return 1
}

# choose NAME: what is here already wins over the network, and earlier candidates over later ones.
choose() {
	local name=$1 n version file sha bytes place
	while read -r n version file sha bytes place; do
		[ "$n" = "$name" ] || continue
		good "$dl/$file" "$sha" || { from_folder "$file" && good "$dl/$file" "$sha"; } || continue
		echo "$version $file"
		return 0
	done < <(lock)
	while read -r n version file sha bytes place; do
		[ "$n" = "$name" ] || continue
		get "$file" "$sha" "$place" || continue
		echo "  FETCH  $file" >&2
		echo "$version $file"
		return 0
	done < <(lock)
	return 1
}

missing=()
for name in $(lock | awk '!seen[$1]++ { print $1 }'); do
	bare=${name//[()]/}
	if chosen=$(choose "$name"); then
		echo "$chosen" | cmp -s - "$dl/$bare.chosen" || echo "$chosen" >"$dl/$bare.chosen"
	elif [ "$bare" != "$name" ]; then
		echo "vendor: $bare cannot be had now; the build goes on without it" >&2
		[ -e "$dl/$bare.chosen" ] || echo none >"$dl/$bare.chosen"
	else
		missing+=("$(lock | awk -v n="$name" '$1 == n { print $3 }' | paste -sd'|')")
	fi
done
rm -rf "$dl/apt"
if [ ${#missing[@]} -gt 0 ]; then
	echo "vendor: cannot get: ${missing[*]}" >&2
	echo "vendor: put them into a folder and run make VENDOR_DL=FOLDER, or use the system's: make SYSTEM_LIBS=1" >&2
	exit 1
fi
touch "$dl/.fetched"
