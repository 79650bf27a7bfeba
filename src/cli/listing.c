#include "cli/listing.h"

void
listing_begin(struct listing *l, bool is_json, unsigned columns)
{
	*l = (struct listing){ .is_json = is_json, .columns = columns };
	buf_init(&l->out, LISTING_MAX);
	l->json.out = &l->out;
	if (is_json)
		json_array_begin(&l->json);
}

static void
add_json(struct listing *l, const struct admin_row *row)
{
	json_object_begin(&l->json);
	json_name_string(&l->json, STR("name"), row->name);
	if (l->columns & LISTING_USER) {
		json_name_string(&l->json, STR("fullName"), row->display_name);
		json_name_int(&l->json, STR("quotaBytes"), row->quota_bytes);
		json_name_int(&l->json, STR("quotaMessages"), row->quota_messages);
		json_name_bool(&l->json, STR("isEnabled"), row->is_enabled);
	}
	if (l->columns & LISTING_TARGET)
		json_name_string(&l->json, STR("target"), row->target);
	if (l->columns & LISTING_CREATED)
		json_name_string(&l->json, STR("created"), row->target);
	json_object_end(&l->json);
}

static void
add_line(struct listing *l, const struct admin_row *row)
{
	buf_add(&l->out, row->name);
	if (l->columns & LISTING_TARGET) {
		buf_add(&l->out, STR(" -> "));
		buf_add(&l->out, row->target);
	}
	if ((l->columns & LISTING_USER) && row->display_name.n > 0) {
		buf_add(&l->out, STR("  "));
		buf_add(&l->out, row->display_name);
	}
	if ((l->columns & LISTING_USER) && row->quota_bytes > 0) {
		buf_add(&l->out, STR("  quota "));
		buf_add_i64(&l->out, row->quota_bytes);
	}
	if ((l->columns & LISTING_USER) && !row->is_enabled)
		buf_add(&l->out, STR("  disabled"));
	if (l->columns & LISTING_CREATED) {
		buf_add(&l->out, STR("  since "));
		buf_add(&l->out, row->target);
	}
	buf_add_char(&l->out, '\n');
}

void
listing_row(const struct admin_row *row, void *listing)
{
	struct listing *l = listing;

	if (l->is_json)
		add_json(l, row);
	else
		add_line(l, row);
}

enum cli_status
listing_print(struct listing *l)
{
	if (l->is_json) {
		json_array_end(&l->json);
		buf_add_char(&l->out, '\n');
	}
	return cli_print(&l->out);
}

void
listing_release(struct listing *l)
{
	buf_release(&l->out);
}
