#!/usr/bin/env python3
"""Accounts in a real PostgreSQL."""

from databases import Postgres
from directory_sql import Dialect, main

main(Postgres, Dialect(
    sleep="pg_sleep(60)::text",
    series="generate_series(1, 1000000) AS n",
    join="'x' || n || '@far.test'",
    tls="(SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid())",
    own="CREATE TABLE mailbox (local_part text, domain text, full_name text, crypt text);",
    domain_of="local_part || '@' || domain",
    denied="authentication failed",
))
