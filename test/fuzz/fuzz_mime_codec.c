/* The stream decoders: pieces of any size give the same; what the encoders make comes back. */
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/uu.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(struct str in, size_t step, struct buf out[3])
{
	struct base64_decoder base64 = { 0 };
	struct qp_decoder qp = { 0 };
	struct uu_decoder uu = { 0 };

	for (; in.n > 0; in = str_from(in, step)) {
		base64_decoder_feed(&base64, str_head(in, step), &out[0]);
		qp_decoder_feed(&qp, str_head(in, step), &out[1]);
		uu_decoder_feed(&uu, str_head(in, step), &out[2]);
	}
	base64_decoder_end(&base64, &out[0]);
	qp_decoder_end(&qp, &out[1]);
	uu_decoder_end(&uu, &out[2]);
}

static void
encode_and_back(struct str in)
{
	struct base64_encoder base64 = { 0 };
	struct qp_encoder qp = { .is_binary = true };
	struct buf text[3], back[3];

	for (int i = 0; i < 3; i++) {
		buf_init(&text[i], 1 << 24);
		buf_init(&back[i], 1 << 24);
	}
	base64_encoder_feed(&base64, in, &text[0]);
	base64_encoder_end(&base64, &text[0]);
	qp_encoder_feed(&qp, in, &text[1]);
	qp_encoder_end(&qp, &text[1]);
	decode(buf_str(&text[0]), 1000, back);
	invariant(str_eq(buf_str(&back[0]), in));
	buf_clear(&back[1]);
	decode(buf_str(&text[1]), 1000, back);
	invariant(str_eq(buf_str(&back[1]), in));
	for (int i = 0; i < 3; i++) {
		buf_release(&text[i]);
		buf_release(&back[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole[3], pieces[3];

	for (int i = 0; i < 3; i++) {
		buf_init(&whole[i], 1 << 24);
		buf_init(&pieces[i], 1 << 24);
	}
	decode(str_of(data, size), size + 1, whole);
	decode(str_of(data, size), size % 5 + 1, pieces);
	for (int i = 0; i < 3; i++) {
		invariant(str_eq(buf_str(&whole[i]), buf_str(&pieces[i])));
		buf_release(&whole[i]);
		buf_release(&pieces[i]);
	}
	encode_and_back(str_of(data, size));
	return 0;
}
