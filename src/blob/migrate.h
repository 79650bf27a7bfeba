/*
 * migrate.h - bring all messages from the Maildir to S3, or back, while no server runs.
 *
 * What is there already, with the size that its name says, is passed over; so a run that was killed is simply
 * run again. Each message is verified: up, the server's checksum is that of the bytes; down, the length is that of
 * the name, and the checksum that of the put where the object has one. Nothing is deleted where it came from. The
 * account `local` of blob.h stays.
 */
#ifndef BLOB_MIGRATE_H
#define BLOB_MIGRATE_H

#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

struct loop;
struct s3;

struct blob_migrate {      /* zeroed but for the first group */
	struct s3 *s3;     /* borrow */
	struct str folder; /* of the Maildirs */
	struct str local;  /* the account that stays */
	void (*failed)(struct blob_migrate *m, struct str folder, struct str name, const char *why);

	/* afterwards */
	uint64_t seen, copied, were_there, failures;
	uint64_t bytes; /* of those that were copied */
};

/* FAIL_NONE also when some failed: `failures` counts them. FAIL_TEMP: it could not go on (logged). */
MUST_CHECK enum fail blob_migrate_up(struct blob_migrate *m);
MUST_CHECK enum fail blob_migrate_down(struct blob_migrate *m);

#endif
