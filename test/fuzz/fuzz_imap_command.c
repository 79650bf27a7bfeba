/* The words of a command, LIST's and METADATA's arguments, names and patterns, on arbitrary bytes. */
#include "imap/token.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/flag.h"
#include "imap/list.h"
#include "imap/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of(data, size), word, path;
	struct imap_literal literal;
	struct imap_flags flags;
	struct imap_list list;
	struct imap_entries entries;
	struct imap_pattern pattern;
	struct imap_notes notes;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	if (imap_literal_suffix(in, &literal))
		invariant(literal.mark <= size && literal.mark >= 3);
	struct imap_cursor c = { in, &arena, false };
	if (imap_tag(&c, &word))
		invariant(word.n > 0 && word.n + c.at.n == size);
	c.at = in;
	while (imap_nstring(&c, &word) || imap_sp(&c) || imap_astring(&c, &word))
		invariant(c.at.n < size);
	c.at = in;
	if (imap_list_parse(&c, &list) &&
	    imap_name_parse(&arena, list.reference, size & 1, &path) == FAIL_NONE) {
		imap_pattern_init(&pattern, list.patterns[0]);
		(void)imap_pattern_matches(&pattern, path);
		imap_pattern_release(&pattern);
	}
	c.at = in;
	if (imap_getmetadata_parse(&c, &word, &entries))
		invariant(entries.count > 0 && entries.count <= IMAP_ENTRIES_MAX);
	c = (struct imap_cursor){ in, &arena, false };
	if (imap_entry_values_parse(&c, &notes))
		invariant(notes.count > 0 && notes.count <= IMAP_ENTRIES_MAX);
	c = (struct imap_cursor){ in, &arena, false };
	if (imap_flag_list(&c, &flags))
		invariant(flags.keyword_count <= size);
	arena_release(&arena);
	return 0;
}
