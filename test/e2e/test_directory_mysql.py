#!/usr/bin/env python3
"""Accounts in a real MariaDB."""

from databases import MariaDb
from directory_sql import Dialect, main

main(MariaDb, Dialect(
    sleep="sleep(60)",
    series="(SELECT seq AS n FROM seq_1_to_1000000) AS numbers",
    join="concat('x', n, '@far.test')",
    tls="(SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_version')",
    domain_of="concat(local_part, '@', domain)",
    denied="Access denied",
))
