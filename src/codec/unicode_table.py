#!/usr/bin/env python3
"""Write the tables of casemap.c from the build host's Unicode data.

casemap: for each code point the UTF-8 of its titlecase form, fully decomposed (RFC 5051 section 2),
found through pages of PAGE. lower: Unicode's simple lower-case mapping as ranges. Hangul syllables are
decomposed by arithmetic in casemap.c.
"""
import sys
import unicodedata

SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)
PAGE = 64  # the tables together are smallest so, as long as a page's number is a byte


def casemap(c):
    title = chr(c).title()
    if len(title) != 1:  # a special casing of several characters, which RFC 5051 does not use
        title = chr(c)
    return unicodedata.normalize("NFKD", title)


def lower(c):
    if c == 0x130:
        return 0x69
    form = chr(c).lower()
    return ord(form) if len(form) == 1 else c


def numbers(values):
    line, lines = "\t", []
    for v in values:
        text = "%d," % v
        if len(line) + len(text) > 98:
            lines.append(line)
            line = "\t"
        line += text
    lines.append(line)
    return "\n".join(lines)


pool, places = bytearray(b"\0"), {}
pages, page_numbers, index = [[0] * PAGE], {tuple([0] * PAGE): 0}, []
for page in range(0x110000 // PAGE):
    entries = []
    for c in range(page * PAGE, (page + 1) * PAGE):
        form = None if c in SURROGATES or c in HANGUL or c < 0x80 else casemap(c)
        if form is None or form == chr(c):
            entries.append(0)
            continue
        if form not in places:
            places[form] = len(pool)
            data = form.encode()
            pool += bytes([len(data)]) + data
        entries.append(places[form])
    key = tuple(entries)
    if key not in page_numbers:
        page_numbers[key] = len(pages)
        pages.append(entries)
    index.append(page_numbers[key])
while index[-1] == 0:
    index.pop()
assert len(pool) < 65536 and len(pages) < 256

ranges = []
for c in range(0x80, 0x110000):
    if c in SURROGATES or lower(c) == c:
        continue
    delta = lower(c) - c
    if ranges:
        start, end, step, d = ranges[-1]
        if d == delta and c - end in (1, 2) and (start == end or c - end == step):
            ranges[-1] = (start, c, c - end, d)
            continue
    ranges.append((c, c, 1, delta))

print("/* Made by unicode_table.py from Unicode %s. */" % unicodedata.unidata_version)
print("static const unsigned char casemap_index[%d] = {\n%s\n};" % (len(index), numbers(index)))
print("enum { CASEMAP_PAGE = %d };" % PAGE)
print("static const uint16_t casemap_pages[%d][CASEMAP_PAGE] = {" % len(pages))
for entries in pages:
    print("\t{\n%s\n\t}," % numbers(entries))
print("};")
print("static const unsigned char casemap_pool[%d] = {\n%s\n};" % (len(pool), numbers(pool)))
print("static const struct lower_range lower_ranges[%d] = {" % len(ranges))
for r in ranges:
    print("\t{ %d, %d, %d, %d }," % r)
print("};")
