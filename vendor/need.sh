#!/bin/bash
# vendor/need.sh STAMP FILE - see that the Debian packages which FILE lists are there.
#
# One item per line: PACKAGE or PACKAGE|OTHER (the first that this release has), then "# what for".
# Root: says what is missing and why, and installs it. Others: the one line to run as root, exit 1.
# A package that this release does not have at all is named and left out. Where there is no dpkg, or with
# NEED=skip, nothing is checked. STAMP is touched in the end.
set -u

stamp=$1 list=$2
mkdir -p "$(dirname "$stamp")"
if ! command -v dpkg-query >/dev/null || [ "${NEED:-}" = skip ]; then
	touch "$stamp"
	exit 0
fi

# Several targets of one make may come here at once.
exec 9>"$(dirname "$stamp")/lock"
flock 9

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
offered() { apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [0-9]'; }

# Sets missing, why and absent from the list.
look() {
	local line item reason name
	missing=() why=() absent=()
	while read -r line; do
		item=${line%%#*} reason=${line#*#}
		item=${item//[[:space:]]/}
		[ -n "$item" ] || continue
		name=
		for name in ${item//|/ } ''; do
			[ -n "$name" ] || break
			installed "$name" && break
			offered "$name" && break
		done
		if [ -z "$name" ]; then
			absent+=("$item")
		elif ! installed "$name"; then
			missing+=("$name")
			why+=("$name:${reason}")
		fi
	done <"$list"
}

# Package lists count as stale after a day, and when they do not know something.
refresh() {
	find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -1440 2>/dev/null | grep -q . &&
		[ "${1:-}" != always ] && return
	echo "  APT    update"
	apt-get -q -o DPkg::Lock::Timeout=600 update >"$stamp.log" 2>&1 || tail -n 5 "$stamp.log"
}

look
[ ${#missing[@]} -eq 0 ] && [ ${#absent[@]} -eq 0 ] && { touch "$stamp"; exit 0; }
if [ "$(id -u)" != 0 ]; then
	[ ${#missing[@]} -eq 0 ] && { touch "$stamp"; exit 0; }
	echo "Missing Debian packages:" >&2
	printf '  %s\n' "${why[@]}" >&2
	echo "Run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
if [ ${#absent[@]} -gt 0 ] || [ ${#missing[@]} -gt 0 ]; then
	refresh
	look
fi
[ ${#absent[@]} -gt 0 ] && echo "  APT    not in this release: ${absent[*]}"
if [ ${#missing[@]} -gt 0 ]; then
	echo "Installing Debian packages ($list):"
	printf '  %s\n' "${why[@]}"
	# No service starts because of us: what is installed here is only looked at or run by tests.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod +x /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	install() { apt-get -qy -o DPkg::Lock::Timeout=600 install --no-install-recommends "${missing[@]}" </dev/null >"$stamp.log" 2>&1; }
	install || { refresh always; install; } || {
		tail -n 20 "$stamp.log" >&2
		echo "apt-get install failed: ${missing[*]}" >&2
		exit 1
	}
fi
touch "$stamp"
