"""What Headway is measured beside: other ways to the same numbers, and floors, the least that any way would take.

Each takes the Parquet file that Headway reads, and the first and last day that count, both inclusive. `plain` is no
rival: it counts without any cleverness, so that answers can be compared with it.
"""
