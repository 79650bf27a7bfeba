/*
 * config.h - read the owner's one text file by the rooms' tables.
 *
 *     # comment
 *     [section]            or  [section NAME] where a section may repeat
 *     key = value
 *
 * Every mistake is reported with file, line, what is wrong and, for unknown names, the nearest
 * known one; reading goes on, so that the owner sees all of them at once. A key stands once per
 * section. Values follow base/setting.h, and go to the end of the line: a text may have a # in it.
 *
 * Ownership: a struct config owns everything in it until config_release(); texts and instances lie
 * in its arena. The values of a section are found with config_values().
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"
#include "base/str.h"

#define CONFIG_FILE_MAX   (1024 * 1024) /* bytes: far more than anyone writes by hand */
#define CONFIG_ERRORS_MAX (64 * 1024)   /* bytes of messages; after that reading stops */

/* One occurrence of a section: the values by the section's rows. */
struct config_instance {
	const struct setting_section *section;
	struct str name; /* arena; NAME of a repeatable section, else empty */
	void *values;    /* arena; the room's struct */
	unsigned *lines; /* arena; line where each row was set, 0 for the default */
	unsigned line;   /* where it begins; 0 when only defaults */
	bool is_foreign; /* of other versions: read, and then passed over */
	struct config_instance *next;
};

struct config { /* fields: read only */
	struct arena arena;
	const struct setting_section *const *sections; /* borrow; NULL-terminated */
	const struct setting_section *const
	    *foreign;                      /* the same: those of other versions; or NULL */
	struct config_instance *instances; /* in the order of the file */
};

/*
 * Begin with every non-repeatable section at its defaults. `foreign` (or NULL) are sections that other versions of the
 * program know: they may stand in the file, which several versions share, are read as strictly, and then passed over.
 */
void config_init(struct config *c, const struct setting_section *const *sections,
    const struct setting_section *const *foreign);
void config_release(struct config *c);

/*
 * Read `text` of the file `path`. Messages, one line each, are appended to `errors`:
 *   FAIL_NONE    nothing is wrong
 *   FAIL_SYNTAX  something is; `errors` says what
 */
MUST_CHECK enum fail config_parse(struct config *c, struct str path, struct str text,
    struct buf *errors);

/* The same from the disk; FAIL_MISSING when the file cannot be read (said in `errors`). */
MUST_CHECK enum fail config_read(struct config *c, struct str path, struct buf *errors);

/* The room's struct of a non-repeatable section; never NULL for a known section. */
void *config_values(const struct config *c, const struct setting_section *section);

/* The instances of a section, one after the other: start with NULL. None of a foreign section. */
const struct config_instance *config_next(const struct config *c,
    const struct setting_section *section, const struct config_instance *after);

/* The next section of the file that is passed over: start with NULL. */
const struct config_instance *config_next_foreign(const struct config *c,
    const struct config_instance *after);

/* All values as a configuration file (secrets as `(hidden)`), for `config show`. */
void config_write(const struct config *c, struct buf *out);

/* Every key with its help, type and default: the body of conf.example for one section. */
void config_write_help(const struct setting_section *section, struct buf *out);

#endif
