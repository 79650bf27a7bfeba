#!/usr/bin/env python3
"""Write the table of public_suffix.c from Debian's copy of the public suffix list.

Every rule becomes its name, without "*." and "!", labels turned round ("jp.kawasaki"), and an end that says which rules
there are. Rules of one label without "*." are left out: the list's default rule says the same. The names are sorted and
front-coded: each begins with how many bytes it shares with the one before, nothing every BLOCK names. Numbers and bytes
are written in two Huffman codes; blocks begin at whole bytes."""
import heapq
import sys
from collections import Counter

LIST = "/usr/share/publicsuffix/public_suffix_list.dat"
BLOCK = 32
PLAIN, WILD, EXCEPTION = 1, 2, 4  # the ends of names, together as bytes


def a_label(label):
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def read_rules():
    """Name with labels turned round -> its rules."""
    rules = {}
    with open(LIST, encoding="utf-8") as file:
        for line in file:
            word = (line.split() or ["//"])[0].lower()
            if word.startswith("//"):
                continue
            kind = EXCEPTION if word.startswith("!") else WILD if word.startswith("*.") else PLAIN
            labels = [a_label(label) for label in word.lstrip("!*").lstrip(".").split(".")]
            if kind == PLAIN and len(labels) == 1:
                continue
            name = ".".join(reversed(labels)).encode("ascii")
            if not all(c in b"abcdefghijklmnopqrstuvwxyz0123456789-." for c in name):
                sys.exit(f"{LIST}: a rule that cannot be: {line}")
            rules[name] = rules.get(name, 0) | kind
    return rules


def lengths_of(counts):
    """The bits of each symbol in a Huffman code."""
    heap = [(n, i, [symbol]) for i, (symbol, n) in enumerate(sorted(counts.items()))]
    lengths = Counter()
    heapq.heapify(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in a[2] + b[2]:
            lengths[symbol] += 1
        heapq.heappush(heap, (a[0] + b[0], a[1], a[2] + b[2]))
    return lengths


def canonical(counts):
    """Symbols in the order of their codes, how many there are of each length, and the codes as texts of bits."""
    lengths = lengths_of(counts)
    symbols = sorted(lengths, key=lambda symbol: (lengths[symbol], symbol))
    codes, code, bits = {}, 0, 0
    for symbol in symbols:
        code <<= lengths[symbol] - bits
        bits = lengths[symbol]
        codes[symbol] = format(code, f"0{bits}b")
        code += 1
    per_length = [sum(1 for s in symbols if lengths[s] == n) for n in range(1, bits + 1)]
    return symbols, per_length, codes


def front_code(rules):
    """Blocks of (shared, the rest of the name and its end)."""
    names, blocks, before = sorted(rules), [], b""
    for i, name in enumerate(names):
        shared = 0
        if i % BLOCK == 0:
            blocks.append([])
        else:
            while shared < len(before) and before[shared:shared + 1] == name[shared:shared + 1]:
                shared += 1
        blocks[-1].append((shared, name[shared:] + bytes([rules[name]])))
        before = name
    return blocks


def main():
    rules = read_rules()
    blocks = front_code(rules)
    shared = canonical(Counter(n for block in blocks for n, _ in block))
    letters = canonical(Counter(c for block in blocks for _, rest in block for c in rest))
    packed, starts = bytearray(), []
    for block in blocks:
        bits = "".join(shared[2][n] + "".join(letters[2][c] for c in rest) for n, rest in block)
        bits += "0" * (-len(bits) % 8)
        starts.append(len(packed))
        packed += int(bits, 2).to_bytes(len(bits) // 8, "big")
    if len(packed) > 0xFFFF:
        sys.exit(f"{LIST}: the table is too large for 16 bits")
    print("/* Made by public_suffix_table.py. */")
    print(f"#define SUFFIX_COUNT {len(rules)}")
    print(f"#define SUFFIX_BLOCK {BLOCK}")
    print(f"#define SUFFIX_NAME_MAX {max(map(len, rules))}")
    tables = [("uint8_t", "suffix_bits", packed), ("uint16_t", "suffix_starts", starts)]
    for name, code in (("shared", shared), ("letter", letters)):
        tables += [("uint8_t", f"{name}_symbols", code[0]), ("uint8_t", f"{name}_counts", code[1])]
    for kind, name, values in tables:
        print(f"static const {kind} {name}[{len(values)}] = {{")
        for i in range(0, len(values), 16):
            print("\t" + " ".join(f"{v}," for v in values[i:i + 16]))
        print("};")


main()
