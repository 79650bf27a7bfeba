#include "lib/imap_model.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

const char *const model_flag_names[MODEL_FLAGS] = { "\\Seen", "\\Answered", "\\Flagged", "\\Draft",
	"\\Deleted", "work", "home" };

struct model_box model_boxes[MODEL_BOXES];
unsigned model_emails;

struct model_message *
model_find(struct model_box *b, uint32_t uid)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->messages[i].uid == uid)
			return &b->messages[i];
	return NULL;
}

uint32_t
model_add(struct model_box *b, unsigned email, unsigned flags)
{
	invariant(b->count < MODEL_MESSAGES);
	b->messages[b->count++] =
	    (struct model_message){ .uid = b->uid_next, .flags = flags, .email = email };
	return b->uid_next++;
}

void
model_remove(struct model_box *b, uint32_t uid)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (b->messages[i].uid != uid)
			b->messages[kept++] = b->messages[i];
	if (kept < b->count && uid < MODEL_UIDS)
		b->gone[uid] = b->highest;
	b->is_expunged = b->is_expunged || kept < b->count;
	b->count = kept;
}

void
model_flags_set(struct model_box *b, uint32_t uid, unsigned flags)
{
	unsigned email = model_find(b, uid)->email;

	for (size_t k = 0; k < MODEL_BOXES; k++)
		for (size_t i = 0; i < model_boxes[k].count; i++) {
			struct model_message *m = &model_boxes[k].messages[i];

			unsigned now = (flags & ~MODEL_DELETED) | (m->flags & MODEL_DELETED);

			if (m->email != email || m->flags == now)
				continue;
			m->flags = now;
			m->modseq = UINT64_MAX; /* a new one, larger than all known */
		}
	model_find(b, uid)->flags = flags;
}

unsigned
model_flags_parse(struct str text, bool *is_recent)
{
	unsigned flags = 0;
	struct str word;

	*is_recent = false;
	while (str_next_part(&text, ' ', &word)) {
		size_t i = 0;

		if (str_eq(word, STR("\\Recent"))) {
			*is_recent = true;
			continue;
		}
		while (i < MODEL_FLAGS && !str_eq(word, str_c(model_flag_names[i])))
			i++;
		CHECK(i < MODEL_FLAGS || word.n == 0);
		if (i < MODEL_FLAGS)
			flags |= 1u << i;
	}
	return flags;
}

bool
model_range_next(struct str *set, uint32_t *first, uint32_t *last)
{
	if (!str_u32(set, UINT32_MAX, first))
		return false;
	*last = *first;
	if (str_skip_char(set, ':') && !str_u32(set, UINT32_MAX, last))
		return false;
	(void)!str_skip_char(set, ',');
	return true;
}

struct str
model_ask(struct dialogue_peer *p, const char *lines)
{
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, str_c(lines));
	dialogue_settle();
	return buf_str(&p->seen);
}

/* --- learning ------------------------------------------------------------------------------------------ */

/* "* 3 FETCH (UID 7 FLAGS (..) MODSEQ (9))" is message i of the model. */
static void
learn_message(struct model_box *b, size_t i, struct str line)
{
	struct model_message *m = &b->messages[i];
	uint64_t number, modseq = 0;
	struct str flags = { 0 };
	uint32_t uid = 0;
	bool is_recent, is_changed = m->modseq == 0 || m->flags != m->learned_flags;

	CHECK(str_skip(&line, STR("* ")) && str_u64(&line, 1000, &number) && number == i + 1);
	CHECK(str_skip(&line, STR(" FETCH (UID ")) && str_u32(&line, UINT32_MAX, &uid));
	CHECK_NUM(uid, m->uid);
	CHECK(str_skip(&line, STR(" FLAGS (")) && str_take_until(&line, ')', &flags));
	CHECK_NUM(model_flags_parse(flags, &is_recent), m->flags);
	CHECK(str_skip(&line, STR(" MODSEQ (")) && str_u64(&line, INT64_MAX, &modseq));
	if (is_changed)
		CHECK(modseq > b->highest); /* never one that was given before */
	else
		CHECK_NUM(modseq, m->modseq);
	m->modseq = modseq;
	m->learned_flags = m->flags;
}

static uint64_t
code_number(struct str told, struct str code)
{
	size_t at = str_find(told, code);
	uint64_t n = 0;

	told = str_from(told, at == STR_NONE ? told.n : at + code.n);
	CHECK(str_u64(&told, INT64_MAX, &n));
	return n;
}

static void
learn_box(struct dialogue_peer *observer, struct model_box *b)
{
	char lines[200];
	struct str told, line;
	uint64_t highest;
	size_t i = 0;

	snprintf(lines, sizeof(lines),
	    "o EXAMINE %s (CONDSTORE)\r\no UID FETCH 1:* (FLAGS MODSEQ)\r\no UNSELECT\r\n",
	    b->name);
	told = model_ask(observer, lines);
	highest = code_number(told, STR("[HIGHESTMODSEQ "));
	if (b->validity == 0)
		b->validity = (uint32_t)code_number(told, STR("[UIDVALIDITY "));
	CHECK_NUM(code_number(told, STR("[UIDVALIDITY ")), b->validity);
	CHECK_NUM(code_number(told, STR("[UIDNEXT ")), b->uid_next);
	CHECK(b->is_expunged ? highest > b->highest : highest >= b->highest);
	while (str_take_until(&told, '\n', &line))
		if (str_find(line, STR(" FETCH (")) != STR_NONE && i < MODEL_MESSAGES)
			learn_message(b, i++, line);
	CHECK_NUM(i, b->count);
	b->highest = highest;
	b->is_expunged = false;
	for (i = 0; i < b->count; i++)
		CHECK(b->messages[i].modseq <= highest);
	buf_clear(&observer->seen);
}

void
model_learn(struct dialogue_peer *observer)
{
	for (size_t i = 0; i < MODEL_BOXES; i++)
		learn_box(observer, &model_boxes[i]);
}
