/*
 * value_name.h - values that name hosts: one name, patterns of domains, an address (base/setting.h).
 *
 * Each appends a sentence without the key to `why` when it fails: FAIL_SYNTAX, or FAIL_LIMIT when the arena
 * is full. Names are kept as DNS has them: in ASCII, lower case.
 */
#ifndef SERVER_VALUE_NAME_H
#define SERVER_VALUE_NAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

/* SETTING_HOST */
MUST_CHECK enum fail value_host(const struct setting *row, struct str text, struct arena *arena,
    struct str *out, struct buf *why);

/* SETTING_DOMAINS */
MUST_CHECK enum fail value_domains(struct str text, struct arena *arena, struct str *out,
    struct buf *why);

/* SETTING_IPV4, SETTING_IPV6 */
MUST_CHECK enum fail value_address(const struct setting *row, struct str text, struct arena *arena,
    struct str *out, struct buf *why);

#endif
