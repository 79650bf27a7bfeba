#!/bin/bash
# vendor/archive.sh LIBRARY SOURCE-FOLDER COMPILER-AND-FLAGS... <FILES - compile the C files that standard
# input names, below SOURCE-FOLDER, and put the objects into LIBRARY. $AR is the archiver.
set -eu

library=$1 source=$2
shift 2
objects=${library%.a}.objects
rm -rf "$objects" "$library"
mkdir -p "$objects"
sort | xargs -P "$(nproc)" -I{} bash -c '
	file=$1 source=$2 object=$3/${1//\//_}.o
	shift 3
	exec "$@" -c -o "$object" "$source/$file"' compile {} "$source" "$objects" "$@"
"${AR:-ar}" rcs "$library" "$objects"/*.o
rm -rf "$objects"
