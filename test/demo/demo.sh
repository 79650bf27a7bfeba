#!/usr/bin/env bash
# test/demo/demo.sh - two private servers, mail within and between them, and a table to try it by hand.
set -eu
cd "$(dirname "$0")/../.."
vendor/need.sh build/need/demo test/demo/packages >&2
exec python3 test/demo/demo.py
