#!/usr/bin/env python3
"""Writes src/main/resources/carteiro/password/saslprep.txt from Python's stringprep module, which has the tables of RFC 3454.

    lib/password/table/make_table.py >lib/password/src/main/resources/carteiro/password/saslprep.txt
"""
import stringprep as s

TABLES = {
    "unassigned": s.in_table_a1,
    "nothing": s.in_table_b1,
    "space": s.in_table_c12,
    "prohibited": lambda c: s.in_table_c12(c) or s.in_table_c21(c) or s.in_table_c22(c) or s.in_table_c3(c) or s.in_table_c4(c)
    or s.in_table_c5(c) or s.in_table_c6(c) or s.in_table_c7(c) or s.in_table_c8(c) or s.in_table_c9(c),
    "right": s.in_table_d1,
    "left": s.in_table_d2,
}

print("# The tables of RFC 3454 that RFC 4013 names: a table, then its ranges. Made by table/make_table.py.")
for name, holds in TABLES.items():
    print(name)
    start = None
    for point in range(0x110001):
        inside = point < 0x110000 and bool(holds(chr(point)))
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            print(f"{start:X}" if point - 1 == start else f"{start:X}-{point - 1:X}")
            start = None
