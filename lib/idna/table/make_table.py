#!/usr/bin/env python3
"""Makes src/main/resources/carteiro/idna/uts46.txt from Unicode's data files; see docs/decisions/idna.md.

    apt-get install unicode-idna unicode-data
    python3 lib/idna/table/make_table.py > lib/idna/src/main/resources/carteiro/idna/uts46.txt
"""
import sys

FOLDER = sys.argv[1] if len(sys.argv) > 1 else '/usr/share/unicode'

# Since Unicode 15.1, UTS 46 keeps the capital sharp s apart from "ss", as it keeps the small one.
LATER = {0x1E9E: ('mapped', [0xDF])}


def fields(name):
    with open(f'{FOLDER}/{name}', encoding='utf-8') as lines:
        for line in lines:
            parts = [part.strip() for part in line.split('#')[0].split(';')]
            if parts[0]:
                yield parts


def span(text):
    ends = text.split('..')
    return int(ends[0], 16), int(ends[-1], 16)


def merged(ranges):
    last = None
    for start, end in sorted(ranges):
        if last and last[1] + 1 == start:
            last = (last[0], end)
        else:
            if last:
                yield last
            last = (start, end)
    if last:
        yield last


def shown(start, end):
    return f'{start:x}' if start == end else f'{start:x}-{end:x}'


def main():
    version = open(f'{FOLDER}/idna/IdnaMappingTable.txt', encoding='utf-8').read().split('# Version: ')[1].split()[0]
    valid, ignored, mapped = [], [], {}
    for parts in fields('idna/IdnaMappingTable.txt'):
        start, end = span(parts[0])
        status, to = parts[1], [int(point, 16) for point in parts[2].split()] if len(parts) > 2 else []
        if start in LATER:
            assert start == end
            status, to = LATER[start]
        if status in ('valid', 'deviation'):
            valid.append((start, end))
        elif status == 'ignored':
            ignored.append((start, end))
        elif status == 'mapped':
            for point in range(start, end + 1):
                mapped[point] = to
        else:
            assert status.startswith('disallowed'), status
    joining = {}
    for start, end, kind in ((*span(parts[0]), parts[1]) for parts in fields('extracted/DerivedJoiningType.txt')):
        if kind in 'LRDT':
            joining.setdefault(kind, []).append((start, end))
    viramas = [(int(parts[0], 16),) * 2 for parts in fields('UnicodeData.txt') if parts[3] == '9']

    print(f'# Made by lib/idna/table/make_table.py from the data files of Unicode {version}. Do not edit.')
    print('# Copyright (C) 1991-2022 Unicode, Inc.; licence: lib/idna/UNICODE-LICENSE.txt')
    print('# V valid, I ignored, M mapped (from, to...); all else is disallowed.')
    print('# L R D T joining types; K virama (canonical combining class 9). Numbers are hexadecimal.')
    for kind, ranges in [('V', valid), ('I', ignored), ('K', viramas), *sorted(joining.items())]:
        for start, end in merged(ranges):
            print(kind, shown(start, end))
    for point, to in sorted(mapped.items()):
        print('M', f'{point:x}', *(f'{other:x}' for other in to))


main()
