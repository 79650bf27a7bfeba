#include "jmap/blob_id.h"

/* base */
#include "base/test.h"

#define PART(kind_, id_, start_, n_, encoding_) \
	{ \
		.kind = kind_, .id = id_, .is_part = true, .range = { start_, n_ }, \
		.encoding = encoding_ \
	}

static const struct {
	const char *in;
	bool want;
	struct blob_id id;
} rows[] = {
	{ "b12", true, { .kind = ID_BLOB, .id = 12 } },
	{ "u5", true, { .kind = ID_UPLOAD, .id = 5 } },
	{ "b1_0_0_n", true, PART(ID_BLOB, 1, 0, 0, ENCODING_7BIT) },
	{ "b1_34_200_b", true, PART(ID_BLOB, 1, 34, 200, ENCODING_BASE64) },
	{ "b1_34_200_q", true, PART(ID_BLOB, 1, 34, 200, ENCODING_QUOTED_PRINTABLE) },
	{ "u1_3_2_u", true, PART(ID_UPLOAD, 1, 3, 2, ENCODING_UUENCODE) },
	{ "u1_3_2_b_4_5_q", true, PART(ID_UPLOAD, 1, 4, 5, ENCODING_QUOTED_PRINTABLE) },
	{ "b1_1_1_b_2_2_b_3_3_b_4_4_b_5_5_n", true, PART(ID_BLOB, 1, 5, 5, ENCODING_7BIT) },
	{ .in = "b1_1_1_b_2_2_b_3_3_b_4_4_b_5_5_b_6_6_b" },
	{ .in = "b1_3_4_n_1_2_b" },
	{ .in = "b1_3_4_b_" },
	{ .in = "b1_3_4_b_1_2" },
	{ .in = "" },
	{ .in = "b" },
	{ .in = "b0" },
	{ .in = "b01" },
	{ .in = "e1" },
	{ .in = "b1_" },
	{ .in = "b1_3" },
	{ .in = "b1_3_4" },
	{ .in = "b1_3_4_" },
	{ .in = "b1_3_4_x" },
	{ .in = "b1_3_4_bb" },
	{ .in = "b1_03_4_b" },
	{ .in = "b1_-3_4_b" },
	{ .in = "b1_3_99999999999999999999_b" },
};

int
main(void)
{
	struct part part = { .encoding = ENCODING_BASE64, .body = { 7, 9 } };
	struct blob_id id;
	struct buf text;

	buf_init(&text, 256);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEST_ROW(rows[i].in);
		CHECK(blob_id_parse(str_c(rows[i].in), &id) == rows[i].want);
		if (!rows[i].want)
			continue;
		CHECK_NUM(id.kind, rows[i].id.kind);
		CHECK_NUM(id.id, rows[i].id.id);
		CHECK_NUM(id.is_part, rows[i].id.is_part);
		CHECK_NUM(id.range.start, rows[i].id.range.start);
		CHECK_NUM(id.range.n, rows[i].id.range.n);
		CHECK_NUM(id.encoding, rows[i].id.encoding);
		buf_clear(&text);
		blob_id_write(&text, &id);
		CHECK_STR(buf_str(&text), str_c(rows[i].in));
	}
	TEST_ROW("of a part");
	id = blob_id_of_part(3, &part);
	buf_clear(&text);
	blob_id_write(&text, &id);
	CHECK_STR(buf_str(&text), STR("b3_7_9_b"));
	TEST_ROW("of a part of a part");
	CHECK(blob_id_parse(STR("u1_10_90_n"), &id) && blob_id_has_room(&id));
	id = blob_id_within(&id, &part);
	buf_clear(&text);
	blob_id_write(&text, &id);
	CHECK_STR(buf_str(&text), STR("u1_17_9_b"));
	for (unsigned i = 0; i < BLOB_LAYERS_MAX; i++) {
		CHECK(blob_id_has_room(&id));
		id = blob_id_within(&id, &part);
	}
	CHECK(!blob_id_has_room(&id));
	buf_clear(&text);
	blob_id_write(&text, &id);
	CHECK_STR(buf_str(&text), STR("u1_17_9_b_7_9_b_7_9_b_7_9_b_7_9_b"));
	buf_release(&text);
	return test_end();
}
