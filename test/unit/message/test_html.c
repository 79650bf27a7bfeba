#include "message/html.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "text", "hello", "hello" },
	{ "blanks", "  a \r\n b  ", "a b" },
	{ "tags", "<b>a</b><i class=\"x>y\">b</i>", "ab" },
	{ "break", "a<br>b<BR/>c", "a\nb\nc" },
	{ "paragraphs", "<p>a</p><p>b</p>", "a\n\nb" },
	{ "divs", "<div><div>a</div></div><div>b</div>", "a\nb" },
	{ "list", "<ul><li>a<li>b</ul>c", "- a\n- b\nc" },
	{ "table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
	{ "script", "a<script>if (x<y) \"</p>\";</script>b", "ab" },
	{ "style with a comment", "<style><!-- p > a {} --></style>b", "b" },
	{ "title", "<head><title>x</title></head>b", "b" },
	{ "comment", "a<!-- <b> -- > - -->b", "ab" },
	{ "empty comment", "a<!---->b", "ab" },
	{ "doctype", "<!DOCTYPE html>a", "a" },
	{ "conditional", "<!--[if mso]>x<![endif]-->a<![if !mso]>b<![endif]>", "ab" },
	{ "entities", "&lt;&amp;&eacute;&#65;&#x41;&nbsp;b&apos;",
	    "<&\xc3\xa9"
	    "AA b'" },
	{ "no entity", "a&b &nope; &", "a&b &nope; &" },
	{ "entity without end", "&lt b", "< b" },
	{ "windows entity", "&#150;", "\xe2\x80\x93" },
	{ "bad entity", "&#x110000;&#0;a", "&#x110000; a" },
	{ "less than", "a < b <3", "a < b <3" },
	{ "pre", "<pre>a  b\n c</pre>d", "a  b\n c\nd" },
	{ "rule", "a<hr>b", "a\n---\nb" },
	{ "fillers",
	    "a&zwnj;\xe2\x80\x8b"
	    "b",
	    "ab" },
	{ "utf-8", "\xc3\xa9<b>\xe2\x82\xac</b>", "\xc3\xa9\xe2\x82\xac" },
	{ "open tag", "a<b", "a" },
	{ "open quote", "a<b x=\"y", "a" },
	{ "open at the end", "a<", "a<" },
	{ "empty", "", "" },
};

int
main(void)
{
	struct buf b;

	buf_init(&b, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i].in);

		TEST_ROW(rows[i].name);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct html_text h;

			/* Pieces never cut a character. */
			if (cut < in.n && ((unsigned char)in.p[cut] & 0xc0) == 0x80)
				continue;
			buf_clear(&b);
			html_text_init(&h);
			html_text_read(&h, str_head(in, cut), &b);
			html_text_read(&h, str_from(in, cut), &b);
			html_text_end(&h, &b);
			CHECK_STR(buf_str(&b), str_c(rows[i].want));
		}
	}
	buf_release(&b);
	return test_end();
}
