/*
 * open_line.h - the first line to a program that answers, and its answer. Private to the room and the programs; pure.
 *
 * {"id":0,"ask":"open","settings":{..}} carries the settings of the engine's section, so that secrets are in no
 * argument and no environment, and no program needs a reader of configurations. Durations are in ms, amounts in bytes.
 * The answer is {"id":0,"result":"ok"}, or temp or perm with a sentence in "why".
 */
#ifndef DIRECTORY_OPEN_LINE_H
#define DIRECTORY_OPEN_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"
#include "directory/settings.h"

/* Append the line, without its end. */
void open_line_write(struct buf *out, const struct directory_settings *settings);

/* Is the line one that opens? */
MUST_CHECK bool open_line_is_one(struct str line);

/*
 * Fill in the engine's values, and what answers need of `common`, by their rows; texts live in the arena. FAIL_PERM: a
 * setting is missing or of another kind (said in `why`): the program and the server are of different versions.
 */
MUST_CHECK enum fail open_line_read(struct str line, const struct setting_section *section,
    void *values, struct directory_settings *common, struct arena *a, struct buf *why);

/* The answer: `fail` is FAIL_NONE, FAIL_TEMP or FAIL_PERM. */
void open_answer_write(struct buf *out, enum fail fail, struct str why);

/* False: it is no such answer. `why_out` (empty before) gets its sentence. */
MUST_CHECK bool open_answer_read(struct str line, enum fail *fail_out, struct buf *why_out);

#endif
