#include "store/sqlite_memory.h"

/* system */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#define CHUNK_BYTES 1024 /* SQLite's MEMJOURNAL_DFLT_FILECHUNKSIZE */
#define SPARE_MAX   256  /* chunks kept: the journals of some sixty pages */

struct spare {
	struct spare *next;
};

static sqlite3_mem_methods plain; /* what SQLite has by itself */
static struct spare *spares;
static size_t spare_count;

static void *
take(int n)
{
	struct spare *s = spares;

	if (n != CHUNK_BYTES || s == NULL)
		return plain.xMalloc(n);
	spares = s->next;
	spare_count--;
	return s;
}

static void
give_back(void *p)
{
	struct spare *s = p;
	int n = p ? plain.xSize(p) : 0;

	/* It may tell what the block can hold, which is a little more than what was asked for. */
	if (n < CHUNK_BYTES || n > CHUNK_BYTES + CHUNK_BYTES / 8 || spare_count == SPARE_MAX) {
		plain.xFree(p);
		return;
	}
	s->next = spares;
	spares = s;
	spare_count++;
}

enum fail
sqlite_memory_init(void)
{
	static bool is_done;
	sqlite3_mem_methods ours;

	/* Without it, it works too. */
	if (!is_done && sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) == SQLITE_OK) {
		ours = plain;
		ours.xMalloc = take;
		ours.xFree = give_back;
		sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
	}
	is_done = true;
	return sqlite3_initialize() == SQLITE_OK ? FAIL_NONE : FAIL_PERM;
}
