"""Run by test_database in a process that is killed: import tables one after another, saying when each is kept."""

import sys

import pandas as pd

from xhcp_eval.database import Database

database, first, rows = Database(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
table = pd.read_parquet(sys.argv[4]).head(rows)
print("ready", flush=True)
for number in range(first, first + 1000):
    database.add(table, file=f"{number}.csv", sha256=f"hash {number}", plan="p")
    print(number, flush=True)
