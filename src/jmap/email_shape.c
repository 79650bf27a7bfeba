/* The tree of an Email's parts: from its summary, or parsed from its file in slices. */
#include "jmap/email.h"

bool
email_parse_on(struct jmap_call *c, struct message_parser *parser)
{
	while (!message_parse_step(parser, MESSAGE_PARSE_PIECE))
		if (jmap_slice_over(c))
			return false;
	return true;
}

/* False: v->fail. */
static bool
map_file(struct email_view *v)
{
	v->fail = email_map_wait(v->account, v->id, v->wait, v->call->run->host.task, &v->map);
	if (jmap_waits(v->call, v->wait))
		v->fail = FAIL_TEMP;
	if (v->fail == FAIL_MISSING)
		v->fail = FAIL_PERM; /* the Email is there, its file is lost */
	return !v->fail;
}

static bool
parse_begin(struct email_view *v)
{
	if (!map_file(v))
		return false;
	v->parsed = arena_alloc(v->a, 1, sizeof(*v->parsed));
	if (v->parsed)
		v->parser = message_parse_begin(v->parsed, v->map.bytes, v->a);
	if (!v->parser)
		v->fail = FAIL_LIMIT;
	return !v->fail;
}

bool
email_shape_parse(struct email_view *v)
{
	if ((!v->parser && !parse_begin(v)) || !email_parse_on(v->call, v->parser))
		return false;
	v->full = v->parsed;
	return true;
}

/* The summary's tree has the places of all parts: with the bytes it is what parsing them gives. */
static struct message *
with_bytes(struct email_view *v)
{
	struct message *m = v->summary;

	if (m && m->size == v->map.bytes.n) {
		m->bytes = v->map.bytes;
		return m;
	}
	m = arena_alloc(v->a, 1, sizeof(*m));
	if (m)
		message_parse(m, v->map.bytes, v->a);
	else
		v->fail = FAIL_LIMIT;
	return m;
}

const struct message *
email_full(struct email_view *v)
{
	if (!v->full && !v->fail && map_file(v))
		v->full = with_bytes(v);
	return v->full;
}

const struct message *
email_shape(struct email_view *v)
{
	return v->full ? v->full : v->summary;
}
