/* Every charset on arbitrary bytes, whole and in two pieces; HTML on what comes out. */
#include "message/charset.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/html.h"

static const char *const names[] = { "us-ascii", "utf-8", "utf-7", "utf-16", "utf-16le", "euc-jp",
	"shift_jis", "iso-2022-jp", "euc-kr", "gb18030", "big5", "koi8-r", "windows-1252",
	"macintosh", "unknown-8bit" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(const struct charset *charset, struct str in, size_t cut, struct buf *out)
{
	struct charset_decoder d;

	buf_clear(out);
	charset_decoder_init(&d, charset);
	charset_decode(&d, str_head(in, cut), out);
	charset_decode(&d, str_from(in, cut), out);
	charset_decode_end(&d, out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct charset *charset;
	struct buf whole, pieces;
	struct html_text html;

	if (size < 2)
		return 0;
	charset = charset_find(str_c(names[data[0] % ARRAY_LEN(names)]));
	invariant(charset != NULL);
	buf_init(&whole, 16 << 20);
	buf_init(&pieces, 16 << 20);
	decode(charset, str_of(data + 2, size - 2), 0, &whole);
	decode(charset, str_of(data + 2, size - 2), data[1], &pieces);
	invariant(str_eq(buf_str(&whole), buf_str(&pieces)));
	invariant(utf8_is_valid(buf_str(&whole)));
	invariant(str_find_char(buf_str(&whole), '\0') == STR_NONE);
	buf_clear(&pieces);
	html_text_init(&html);
	html_text_read(&html, buf_str(&whole), &pieces);
	html_text_end(&html, &pieces);
	invariant(utf8_is_valid(buf_str(&pieces)));
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
