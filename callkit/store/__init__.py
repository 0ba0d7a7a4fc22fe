"""The store: a ledger that one process writes, and the snapshot `calls.duckdb` that everybody reads.

The only package that imports duckdb.
"""
