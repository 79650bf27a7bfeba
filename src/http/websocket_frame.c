#include "http/websocket_frame.h"

enum {
	BIT_FINAL = 0x80,
	BIT_COMPRESSED = 0x40, /* RSV1 */
	BITS_RESERVED = 0x30,  /* RSV2, RSV3: no extension of ours uses them */
	BITS_OPCODE = 0x0f,
	BIT_MASK = 0x80,
	BITS_LENGTH = 0x7f,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	KEY_BYTES = 4,
};

static bool
is_known(unsigned opcode)
{
	return opcode <= WEBSOCKET_OP_BINARY ||
	    (opcode >= WEBSOCKET_OP_CLOSE && opcode <= WEBSOCKET_OP_PONG);
}

/* How many bytes the head has, as far as its first two tell. */
static unsigned
head_bytes(const struct websocket_frame *f)
{
	unsigned length = f->have >= 2 ? f->bytes[1] & BITS_LENGTH : 0;

	return 2 + (length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0) + KEY_BYTES;
}

/* The first two bytes are enough to refuse most of what is wrong. */
static enum websocket_head
check_start(struct websocket_frame *f)
{
	unsigned first = f->bytes[0], second = f->bytes[1];

	f->is_final = (first & BIT_FINAL) != 0;
	f->is_compressed = (first & BIT_COMPRESSED) != 0;
	f->opcode = (enum websocket_opcode)(first & BITS_OPCODE);
	if ((first & BITS_RESERVED) || !is_known(first & BITS_OPCODE) || !(second & BIT_MASK))
		return WEBSOCKET_HEAD_BAD;
	if (websocket_is_control(f->opcode) &&
	    (!f->is_final || f->is_compressed || (second & BITS_LENGTH) > WEBSOCKET_CONTROL_MAX))
		return WEBSOCKET_HEAD_BAD;
	return WEBSOCKET_HEAD_MORE;
}

/* "the minimal number of bytes MUST be used to encode the length", the highest bit is 0. */
static enum websocket_head
take_length(struct websocket_frame *f)
{
	unsigned length = f->bytes[1] & BITS_LENGTH, count = head_bytes(f) - KEY_BYTES;
	uint64_t n = 0;

	for (unsigned i = 2; i < count; i++)
		n = n << 8 | f->bytes[i];
	if ((length == LENGTH_16 && n < LENGTH_16) || (length == LENGTH_64 && n <= UINT16_MAX) ||
	    n > INT64_MAX)
		return WEBSOCKET_HEAD_BAD;
	f->left = length < LENGTH_16 ? length : n;
	return WEBSOCKET_HEAD_DONE;
}

enum websocket_head
websocket_frame_head(struct websocket_frame *f, struct str *cur)
{
	struct str byte;

	while (f->have < head_bytes(f)) {
		if (!str_take(cur, 1, &byte))
			return WEBSOCKET_HEAD_MORE;
		f->bytes[f->have++] = (unsigned char)byte.p[0];
		if (f->have == 2 && check_start(f) == WEBSOCKET_HEAD_BAD)
			return WEBSOCKET_HEAD_BAD;
	}
	return take_length(f);
}

/* What the first byte of the frame under way, or of the next one, says; CONTINUATION: there is none. */
static enum websocket_opcode
opcode_of(const struct websocket_frame *f, struct str next)
{
	unsigned first = f->have > 0 ? f->bytes[0] : next.n > 0 ? (unsigned char)next.p[0] : 0;

	return (enum websocket_opcode)(first & BITS_OPCODE);
}

bool
websocket_frame_is_control(const struct websocket_frame *f, struct str next)
{
	return websocket_is_control(opcode_of(f, next));
}

bool
websocket_frame_is_close(const struct websocket_frame *f, struct str next)
{
	return opcode_of(f, next) == WEBSOCKET_OP_CLOSE;
}

void
websocket_frame_unmask(struct websocket_frame *f, struct str masked, unsigned char *out)
{
	const unsigned char *key = f->bytes + head_bytes(f) - KEY_BYTES;

	for (size_t i = 0; i < masked.n; i++)
		out[i] = (unsigned char)masked.p[i] ^ key[(f->turn + i) % KEY_BYTES];
	f->turn = (unsigned)((f->turn + masked.n) % KEY_BYTES);
	f->left -= masked.n;
}

void
websocket_frame_write(struct buf *out, enum websocket_opcode opcode, bool is_final,
    bool is_compressed, size_t n)
{
	unsigned first =
	    (is_final ? BIT_FINAL : 0u) | (is_compressed ? BIT_COMPRESSED : 0u) | opcode;
	unsigned more = n < LENGTH_16 ? 0 : n <= UINT16_MAX ? 2 : 8;
	uint64_t length = n;

	buf_add_char(out, (char)(unsigned char)first);
	buf_add_char(out, (char)(more == 0 ? n : more == 2 ? LENGTH_16 : LENGTH_64));
	while (more-- > 0)
		buf_add_char(out, (char)(unsigned char)(length >> 8 * more & 0xff));
}
