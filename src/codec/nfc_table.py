#!/usr/bin/env python3
"""Write the tables of nfc.c from the build host's Unicode data: canonical decompositions, one step each and ordered by
what decomposes; which of them compose again, ordered by their two halves; combining classes as ranges."""
import unicodedata

pairs = []
for c in range(0x110000):
    parts = unicodedata.decomposition(chr(c)).split()
    if parts and not parts[0].startswith("<"):
        codes = [int(p, 16) for p in parts] + [0]
        pairs.append((c, codes[0], codes[1]))
composing = sorted((a, b, at) for at, (c, a, b) in enumerate(pairs)
                   if b and unicodedata.normalize("NFC", chr(a) + chr(b)) == chr(c))

ranges = []
for c in range(0x110000):
    combining = unicodedata.combining(chr(c))
    if not combining:
        continue
    if ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == combining:
        ranges[-1][1] = c
    else:
        ranges.append([c, c, combining])

print("/* Made by nfc_table.py from Unicode %s. */" % unicodedata.unidata_version)
print("static const struct nfc_pair nfc_pairs[%d] = {" % len(pairs))
for pair in pairs:
    print("\t{ 0x%x, 0x%x, 0x%x }," % pair)
print("};")
print("static const uint16_t nfc_composing[%d] = {" % len(composing))
for a, b, at in composing:
    print("\t%d," % at)
print("};")
print("static const struct nfc_class nfc_classes[%d] = {" % len(ranges))
for start, end, combining in ranges:
    print("\t{ 0x%x, 0x%x, %d }," % (start, end, combining))
print("};")
