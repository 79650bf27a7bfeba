/*
 * example.h - configurations that we write: conf.example, and the one of `setup --local`.
 */
#ifndef SERVER_EXAMPLE_H
#define SERVER_EXAMPLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * conf.example: the usual listeners, and every setting of every section with help and default,
 * commented out. A working configuration once the host name and certificate are right.
 */
void example_write(struct buf *out);

/* The part of it that is not commented out: what most hosts have. */
void example_write_usual(struct buf *out);

/* A private installation: everything under one folder, all ports at one address. */
struct setup {
	struct arena arena;          /* paths */
	struct str folder;           /* arena; absolute */
	struct str hostname, domain; /* borrow: the caller's */
	struct str address;          /* borrow; "*" is everywhere */
	bool is_open;                /* others than this host may reach it */
	unsigned port_base; /* ports: +24 LMTP, +25 SMTP, +43 IMAP, +65 submissions, +80 HTTP,
	                         +81 HTTPS, +87 submission, +93 IMAPS */
};

/* Make the folder's name absolute. FAIL_LIMIT: too long; FAIL_TEMP: no current folder. */
MUST_CHECK enum fail setup_init(struct setup *setup, struct str folder);
void setup_release(struct setup *setup);

/* "FOLDER/name" as a C string that lives as long as setup. */
const char *setup_path(struct setup *setup, const char *name);

/* " smtp:21025 submission:21087 ..": what this version will open, for people. */
void setup_write_ports(const struct setup *setup, struct buf *out);

/* Its staunch.conf. */
void setup_write_config(struct setup *setup, struct buf *out);

#endif
