#!/bin/bash
# src/package/install.sh NAME PROGRAM SPEAKER - lay out one version of the program below $DESTDIR, as `make install` does.
#
# PROGRAM is what is installed as $PREFIX/bin/NAME, SPEAKER the same version for this machine, which writes the manual
# pages, the completion and the example. /etc/staunch/staunch.conf is the owner's and never touched. What versions share
# (staunch.conf(5), the example) is that of the all-in-one where it is installed too.
set -euo pipefail

name=$1 program=$2 speaker=$3
here=$(dirname "$0") top=$(dirname "$0")/../..
root=${DESTDIR:-} prefix=$PREFIX

put() { install -D -m "$1" "$2" "$root$3"; }
fill() { sed "s|@PROGRAM@|$name|g; s|@BIN@|$prefix/bin|g" "$here/$1" | put 644 /dev/stdin "$2"; }
tell() { "$speaker" "$@"; }
page() { tell manual "$1" | gzip -9n | put 644 /dev/stdin "$prefix/share/man/man$1/$2.$1.gz"; }

put 755 "$program" "$prefix/bin/$name"
page 8 "$name"
tell completion bash | put 644 /dev/stdin "$prefix/share/bash-completion/completions/$name"
fill staunch.service "$prefix/lib/systemd/system/$name.service"
fill sysusers.conf "$prefix/lib/sysusers.d/staunch.conf"
fill tmpfiles.conf "$prefix/lib/tmpfiles.d/staunch.conf"
if [ "$name" = staunch ] || [ ! -e "$root$prefix/bin/staunch" ]; then
	page 5 staunch.conf
	tell config example | put 644 /dev/stdin /etc/staunch/staunch.conf.example
fi
for file in README.md src/directory/README.md $(cd "$top" && echo litestream/*); do # what the first sends its readers to, by the same names
	put 644 "$top/$file" "$prefix/share/doc/$name/$file"
done
