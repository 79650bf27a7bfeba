/*
 * test_contains.c - SEARCH finds exact substrings whatever the message is written in (RFC 9051 6.4.4).
 */
#include "message/text.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

struct row {
	const char *name, *header;
	struct str body;
	const char *needle;
	enum text_where where;
	const char *field;
	bool want;
};

static const struct
    row
	rows
	    [] = {
		    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n",
			STR_INIT("\033$B:#F|$OF|K\\8l$N@$3&$G$9\033(B"),
			"\346\227\245\346\234\254\350\252\236", TEXT_BODY, "", true },
		    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n",
			STR_INIT("\033$B:#F|$OF|K\\8l$N@$3&$G$9\033(B"),
			"\346\234\254\350\252\236\343\201\256\344\270\226", TEXT_BODY, "", true },
		    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n",
			STR_INIT("\033$B:#F|$OF|K\\8l$N@$3&$G$9\033(B"),
			"\344\273\212\346\227\245\343\201\257\346\227\245\346\234\254\350\252\236\343\201\256\344\270\226\347\225\214\343\201\247\343\201\231",
			TEXT_BODY, "", true },
		    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n",
			STR_INIT("\033$B:#F|$OF|K\\8l$N@$3&$G$9\033(B"),
			"\346\227\245\346\234\254\344\272\272", TEXT_BODY, "", false },
		    { "iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\r\n",
			STR_INIT("\033$B:#F|$OF|K\\8l$N@$3&$G$9\033(B"), "$BF", TEXT_BODY, "",
			false },
		    { "iso-2022-jp base64",
			"Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n",
			STR_INIT(
			    "GyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxLXDhs\r\nGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxL\r\nXDhsGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQk\r\nRnxLXDhsGyhC\r\n"),
			"\346\227\245\346\234\254\350\252\236\351\225\267\343\201\204", TEXT_BODY,
			"", true },
		    { "iso-2022-jp base64",
			"Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n",
			STR_INIT(
			    "GyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxLXDhs\r\nGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxL\r\nXDhsGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQk\r\nRnxLXDhsGyhC\r\n"),
			"\350\252\236\351\225\267", TEXT_BODY, "", true },
		    { "iso-2022-jp base64",
			"Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n",
			STR_INIT(
			    "GyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxLXDhs\r\nGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQkRnxL\r\nXDhsGyhCGyRCRDkkJEQ5JCRGfEtcOGwbKEIbJEJEOSQkRDkkJEZ8S1w4bBsoQhskQkQ5JCREOSQk\r\nRnxLXDhsGyhC\r\n"),
			"GyRC", TEXT_BODY, "", false },
		    { "gb18030", "Content-Type: text/plain; charset=gb18030\r\n",
			STR_INIT("\274\362\314\345\326\320\316\304\242\343 \2249\3746"),
			"\344\275\223\344\270\255", TEXT_BODY, "", true },
		    { "gb18030", "Content-Type: text/plain; charset=gb18030\r\n",
			STR_INIT("\274\362\314\345\326\320\316\304\242\343 \2249\3746"),
			"\344\270\255\346\226\207\342\202\254", TEXT_BODY, "", true },
		    { "gb18030", "Content-Type: text/plain; charset=gb18030\r\n",
			STR_INIT("\274\362\314\345\326\320\316\304\242\343 \2249\3746"),
			"\360\237\230\200", TEXT_BODY, "", true },
		    { "gb18030", "Content-Type: text/plain; charset=gb18030\r\n",
			STR_INIT("\274\362\314\345\326\320\316\304\242\343 \2249\3746"),
			"\347\271\201", TEXT_BODY, "", false },
		    { "gb2312 qp",
			"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			STR_INIT("=D6=D0=CE=C4=D0=C5=CF=A2"), "\346\226\207\344\277\241", TEXT_BODY,
			"", true },
		    { "gb2312 qp",
			"Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			STR_INIT("=D6=D0=CE=C4=D0=C5=CF=A2"), "=D6", TEXT_BODY, "", false },
		    { "big5", "Content-Type: text/plain; charset=big5\r\n",
			STR_INIT("\301c\305\351\244\244\244\345 \245\\\257\340"),
			"\351\253\224\344\270\255", TEXT_BODY, "", true },
		    { "big5", "Content-Type: text/plain; charset=big5\r\n",
			STR_INIT("\301c\305\351\244\244\244\345 \245\\\257\340"),
			"\345\212\237\350\203\275", TEXT_BODY, "", true },
		    { "big5", "Content-Type: text/plain; charset=big5\r\n",
			STR_INIT("\301c\305\351\244\244\244\345 \245\\\257\340"),
			"\345\212\237\345\212\233", TEXT_BODY, "", false },
		    { "shift_jis", "Content-Type: text/plain; charset=shift_jis\r\n",
			STR_INIT("\225\\\216\246\203\\\201[\203g"), "\347\244\272\343\202\275",
			TEXT_BODY, "", true },
		    { "shift_jis", "Content-Type: text/plain; charset=shift_jis\r\n",
			STR_INIT("\225\\\216\246\203\\\201[\203g"),
			"\343\202\275\343\203\274\343\203\210", TEXT_BODY, "", true },
		    { "shift_jis", "Content-Type: text/plain; charset=shift_jis\r\n",
			STR_INIT("\225\\\216\246\203\\\201[\203g"), "\\", TEXT_BODY, "", false },
		    { "euc-kr", "Content-Type: text/plain; charset=euc-kr\r\n",
			STR_INIT("\307\321\261\271\276\356 \270\336\300\317"),
			"\352\265\255\354\226\264", TEXT_BODY, "", true },
		    { "euc-kr", "Content-Type: text/plain; charset=euc-kr\r\n",
			STR_INIT("\307\321\261\271\276\356 \270\336\300\317"),
			"\354\226\264 \353\251\224", TEXT_BODY, "", true },
		    { "euc-kr", "Content-Type: text/plain; charset=euc-kr\r\n",
			STR_INIT("\307\321\261\271\276\356 \270\336\300\317"),
			"\352\265\255\354\235\274", TEXT_BODY, "", false },
		    { "koi8-r", "Content-Type: text/plain; charset=koi8-r\r\n",
			STR_INIT("\360\322\311\327\305\324, \355\351\362"),
			"\320\277\321\200\320\270\320\262\320\265\321\202", TEXT_BODY, "", true },
		    { "koi8-r", "Content-Type: text/plain; charset=koi8-r\r\n",
			STR_INIT("\360\322\311\327\305\324, \355\351\362"),
			"\320\237\320\240\320\230\320\222\320\225\320\242, \320\274\320\270\321\200",
			TEXT_BODY, "", true },
		    { "koi8-r", "Content-Type: text/plain; charset=koi8-r\r\n",
			STR_INIT("\360\322\311\327\305\324, \355\351\362"),
			"\320\262\320\265\321\202, \320\274", TEXT_BODY, "", true },
		    { "koi8-r", "Content-Type: text/plain; charset=koi8-r\r\n",
			STR_INIT("\360\322\311\327\305\324, \355\351\362"),
			"\320\277\320\276\320\272\320\260", TEXT_BODY, "", false },
		    { "koi8-u", "Content-Type: text/plain; charset=koi8-u\r\n",
			STR_INIT("\267\326\301\313"), "\321\227\320\266\320\260\320\272", TEXT_BODY,
			"", true },
		    { "koi8-u", "Content-Type: text/plain; charset=koi8-u\r\n",
			STR_INIT("\267\326\301\313"), "\320\207\320\226\320\220\320\232", TEXT_BODY,
			"", true },
		    { "windows-1251",
			"Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			STR_INIT("=A8=EB=EA=E0"), "\321\221\320\273\320\272\320\260", TEXT_BODY, "",
			true },
		    { "iso-8859-7", "Content-Type: text/plain; charset=iso-8859-7\r\n",
			STR_INIT("\323\337\363\365\366\357\362"),
			"\316\243\316\212\316\243\316\245\316\246\316\237", TEXT_BODY, "", true },
		    { "iso-8859-7", "Content-Type: text/plain; charset=iso-8859-7\r\n",
			STR_INIT("\323\337\363\365\366\357\362"),
			"\317\203\316\257\317\203\317\205\317\206\316\277", TEXT_BODY, "", true },
		    { "iso-8859-7", "Content-Type: text/plain; charset=iso-8859-7\r\n",
			STR_INIT("\323\337\363\365\366\357\362"), "sisyphos", TEXT_BODY, "",
			false },
		    { "utf-7", "Content-Type: text/plain; charset=utf-7\r\n",
			STR_INIT("Hi Mom -+Jjo--! +AMQ-rger"), "\303\244rger", TEXT_BODY, "",
			true },
		    { "utf-7", "Content-Type: text/plain; charset=utf-7\r\n",
			STR_INIT("Hi Mom -+Jjo--! +AMQ-rger"), "\342\230\272-!", TEXT_BODY, "",
			true },
		    { "utf-7", "Content-Type: text/plain; charset=utf-7\r\n",
			STR_INIT("Hi Mom -+Jjo--! +AMQ-rger"), "mom -\342\230\272", TEXT_BODY, "",
			true },
		    { "utf-7", "Content-Type: text/plain; charset=utf-7\r\n",
			STR_INIT("Hi Mom -+Jjo--! +AMQ-rger"), "+Jjo", TEXT_BODY, "", false },
		    { "utf-16",
			"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n",
			STR_INIT("//5HAHIA/ADfAGUA\r\n"), "gr\303\274\303\237e", TEXT_BODY, "",
			true },
		    { "utf-16",
			"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n",
			STR_INIT("//5HAHIA/ADfAGUA\r\n"), "g r", TEXT_BODY, "", false },
		    { "utf-8 case", "Content-Type: text/plain; charset=utf-8\r\n",
			STR_INIT("\307\204ungla \304\260stanbul \303\205NGSTR\303\226M"),
			"\307\206ungla", TEXT_BODY, "", true },
		    { "utf-8 case", "Content-Type: text/plain; charset=utf-8\r\n",
			STR_INIT("\307\204ungla \304\260stanbul \303\205NGSTR\303\226M"),
			"\303\245ngstr\303\266m", TEXT_BODY, "", true },
		    { "utf-8 case", "Content-Type: text/plain; charset=utf-8\r\n",
			STR_INIT("\307\204ungla \304\260stanbul \303\205NGSTR\303\226M"),
			"A\314\212ngstro\314\210m", TEXT_BODY, "", true },
		    { "utf-8 case", "Content-Type: text/plain; charset=utf-8\r\n",
			STR_INIT("\307\204ungla \304\260stanbul \303\205NGSTR\303\226M"),
			"angstrom", TEXT_BODY, "", false },
		    { "macintosh", "Content-Type: text/plain; charset=macintosh\r\n",
			STR_INIT("na\225ve caf\216"), "NA\303\217VE CAF\303\211", TEXT_BODY, "",
			true },
		    { "ibm850", "Content-Type: text/plain; charset=ibm850\r\n",
			STR_INIT("Gr\224\341e"), "GR\303\226\303\237", TEXT_BODY, "", true },
		    { "line end", "Content-Type: text/plain; charset=us-ascii\r\n",
			STR_INIT("first line\r\nsecond line"), "line\r\nsecond", TEXT_BODY, "",
			true },
		    { "line end", "Content-Type: text/plain; charset=us-ascii\r\n",
			STR_INIT("first line\r\nsecond line"), "line\nsecond", TEXT_BODY, "",
			true },
		    { "line end", "Content-Type: text/plain; charset=us-ascii\r\n",
			STR_INIT("first line\r\nsecond line"), "FIRST LINE", TEXT_BODY, "", true },
		    { "line end", "Content-Type: text/plain; charset=us-ascii\r\n",
			STR_INIT("first line\r\nsecond line"), "line second", TEXT_BODY, "",
			false },
		    { "qp soft break",
			"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			STR_INIT("so=\r\nft caf=C3=\r\n=A9 x"), "soft caf\303\251 x", TEXT_BODY, "",
			true },
		    { "qp soft break",
			"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			STR_INIT("so=\r\nft caf=C3=\r\n=A9 x"), "so ft", TEXT_BODY, "", false },
		    { "base64 cut anywhere", "Content-Transfer-Encoding: base64\r\n",
			STR_INIT("SGVsbG8g\r\nd29\r\nybGQ=\r\n"), "hello world", TEXT_BODY, "",
			true },
		    { "base64 cut anywhere", "Content-Transfer-Encoding: base64\r\n",
			STR_INIT("SGVsbG8g\r\nd29\r\nybGQ=\r\n"), "SGVs", TEXT_BODY, "", false },
		    { "no charset", "", STR_INIT("caf\351 8 bit"), "CAF\303\211", TEXT_BODY, "",
			true },
		    { "html", "Content-Type: text/html; charset=iso-8859-1\r\n",
			STR_INIT("<p>Gr\374\337e &amp; <b>mehr</b></p>"),
			"gr\303\274\303\237e &amp;", TEXT_BODY, "", true },
		    { "html", "Content-Type: text/html; charset=iso-8859-1\r\n",
			STR_INIT("<p>Gr\374\337e &amp; <b>mehr</b></p>"), "<b>mehr", TEXT_BODY, "",
			true },
		    { "html", "Content-Type: text/html; charset=iso-8859-1\r\n",
			STR_INIT("<p>Gr\374\337e &amp; <b>mehr</b></p>"), "mehr", TEXT_BODY, "",
			true },
		    { "html", "Content-Type: text/html; charset=iso-8859-1\r\n",
			STR_INIT("<p>Gr\374\337e &amp; <b>mehr</b></p>"),
			"gr\303\274\303\237e & mehr", TEXT_BODY, "", false },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"\320\277\320\265\321\200\320\262\320\260\321\217", TEXT_BODY, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"\320\262\321\202\320\276\321\200\320\260\321\217", TEXT_BODY, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"\346\227\245\346\234\254\350\252\236", TEXT_BODY, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"TIEFSTES", TEXT_BODY, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n", STR_INIT("--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"b\303\244r.bin", TEXT_BODY, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"attached", TEXT_BODY, "", false },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT("--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"\320\262\321\202\320\276\321\200\320\260\321\217", TEXT_ALL, "", true },
		    { "nested", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"\346\227\245\346\234\254", TEXT_ALL, "", true },
		    { "boundaries are no text", "Content-Type: multipart/mixed; boundary=b\r\n",
			STR_INIT(
			    "--b\r\nContent-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8MXS18HR\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =\?koi8-r\?B\?99TP0sHR\?=\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$BF|K\\8l\033(B\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<i>tiefstes</i>\r\n--c--\r\n--b\r\nContent-Type: application/octet-stream; name=\"=\?utf-8\?Q\?b=C3=A4r.bin\?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYXR0YWNoZWQgd29yZHM=\r\n\r\n--b--\r\n"),
			"--b", TEXT_ALL, "", false },
		    { "words cut inside a character",
			"Subject: =\?utf-8\?B\?5pel5g==\?=\r\n =\?utf-8\?B\?nKzoqp7jgQ==\?=\r\n\011=\?utf-8\?B\?ruS7tuWQjQ==\?= Ende\r\n",
			STR_INIT("x"),
			"\346\227\245\346\234\254\350\252\236\343\201\256\344\273\266\345\220\215",
			TEXT_HEADER, "Subject", true },
		    { "words cut inside a character",
			"Subject: =\?utf-8\?B\?5pel5g==\?=\r\n =\?utf-8\?B\?nKzoqp7jgQ==\?=\r\n\011=\?utf-8\?B\?ruS7tuWQjQ==\?= Ende\r\n",
			STR_INIT("x"), "\346\234\254\350\252\236\343\201\256\344\273\266",
			TEXT_HEADER, "Subject", true },
		    { "words cut inside a character",
			"Subject: =\?utf-8\?B\?5pel5g==\?=\r\n =\?utf-8\?B\?nKzoqp7jgQ==\?=\r\n\011=\?utf-8\?B\?ruS7tuWQjQ==\?= Ende\r\n",
			STR_INIT("x"), "\344\273\266\345\220\215 ende", TEXT_HEADER, "Subject",
			true },
		    { "words cut inside a character",
			"Subject: =\?utf-8\?B\?5pel5g==\?=\r\n =\?utf-8\?B\?nKzoqp7jgQ==\?=\r\n\011=\?utf-8\?B\?ruS7tuWQjQ==\?= Ende\r\n",
			STR_INIT("x"), "\346\227\245 \346\234\254", TEXT_HEADER, "Subject", false },
		    { "words cut inside gb18030",
			"Subject: =\?gb18030\?B\?1tDO\?= =\?gb18030\?B\?xNPKvP4=\?=\r\n",
			STR_INIT(""), "\344\270\255\346\226\207\351\202\256\344\273\266",
			TEXT_HEADER, "subject", true },
		    { "words cut inside gb18030",
			"Subject: =\?gb18030\?B\?1tDO\?= =\?gb18030\?B\?xNPKvP4=\?=\r\n",
			STR_INIT(""), "\?=", TEXT_HEADER, "subject", false },
		    { "iso-2022-jp words",
			"Subject: =\?iso-2022-jp\?B\?GyRCMnE1RCROGyhC\?=\r\n =\?iso-2022-jp\?B\?GyRCJCpDTiRpJDsbKEI=\?=\r\n",
			STR_INIT(""),
			"\344\274\232\350\255\260\343\201\256\343\201\212\347\237\245\343\202\211\343\201\233",
			TEXT_HEADER, "SUBJECT", true },
		    { "q words", "Subject: =\?koi8-r\?Q\?=F0=D2=C9_=D7=C5=D4\?= [x]\r\n",
			STR_INIT(""), "\320\277\321\200\320\270 \320\262\320\265\321\202 [x]",
			TEXT_HEADER, "Subject", true },
		    { "q words", "Subject: =\?koi8-r\?Q\?=F0=D2=C9_=D7=C5=D4\?= [x]\r\n",
			STR_INIT(""), "=F0", TEXT_HEADER, "Subject", false },
		    { "folded", "Subject: first\r\n  second\r\n\011third\r\n", STR_INIT(""),
			"first  second\011third", TEXT_HEADER, "Subject", true },
		    { "folded", "Subject: first\r\n  second\r\n\011third\r\n", STR_INIT(""),
			"firstsecond", TEXT_HEADER, "Subject", false },
		    { "folded", "Subject: first\r\n  second\r\n\011third\r\n", STR_INIT(""), "\r\n",
			TEXT_HEADER, "Subject", false },
		    { "raw utf-8 header", "Subject: \303\234n\303\257code\r\n", STR_INIT(""),
			"\303\234N\303\217CODE", TEXT_HEADER, "Subject", true },
		    { "a field twice", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""), "one",
			TEXT_HEADER, "X-A", true },
		    { "a field twice", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""), "two",
			TEXT_HEADER, "X-A", true },
		    { "a field twice", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""), "x",
			TEXT_HEADER, "X-A", false },
		    { "a field across", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""),
			"x-a: two", TEXT_ALL, "", true },
		    { "a field across", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""),
			"X-B: X", TEXT_ALL, "", true },
		    { "a field across", "X-A: one\r\nX-B: x\r\nx-a: two\r\n", STR_INIT(""), "one x",
			TEXT_ALL, "", false },
		    { "address words", "From: =\?iso-8859-1\?B\?SvZyZyBN/GxsZXI=\?= <j@x.test>\r\n",
			STR_INIT(""), "j\303\266rg m\303\274ller <j@x", TEXT_HEADER, "From", true },
	    };

/* As one piece, and behind so much that pieces of the decoded body end in it. */
static void
look(const struct row *row, size_t before)
{
	struct message m;
	struct arena arena;
	struct buf text;

	buf_init(&text, 1 << 20);
	arena_init(&arena, 1 << 20);
	buf_add_c(&text, row->header);
	buf_add_c(&text, "\r\n");
	for (size_t i = 0; i < before; i++)
		buf_add_c(&text, "....\r\n"); /* in base64, too, it is nothing */
	buf_add(&text, row->body);
	message_parse(&m, buf_str(&text), &arena);
	CHECK(message_contains(&m, str_c(row->needle), row->where, str_c(row->field)) == row->want);
	arena_release(&arena);
	buf_release(&text);
}

/* --- in slices ------------------------------------------------------------------------------------ */

#define PIECES 50

static const struct {
	const char *name, *line, *end; /* pieces of lines, then this */
	const char *needle;
	enum text_where where;
	bool want;
	unsigned min, max; /* steps */
} step_rows[] = {
	{ "a body", "\r\n....\r\n", "needle\r\n", "NEEDLE", TEXT_BODY, true, PIECES, PIECES + 2 },
	{ "not in a body", "\r\n....\r\n", "", "x", TEXT_BODY, false, PIECES, PIECES + 2 },
	{ "at once", "\r\n....\r\n", "", "..", TEXT_BODY, true, 1, 1 },
	{ "fields", "A: x\r\n", "B: y\r\n", "y", TEXT_ALL, true, PIECES, PIECES + 2 },
	{ "fields of other names", "A: x\r\n", "B: y\r\n", "Y", TEXT_HEADER, true, PIECES,
	    PIECES + 2 },
	{ "there is one", "A: x\r\n", "B: y\r\n", "", TEXT_HEADER, true, PIECES, PIECES + 2 },
	{ "there is none", "A: x\r\n", "C: y\r\n", "", TEXT_HEADER, false, PIECES, PIECES + 2 },
};

/* The header, or the body behind an empty one, is as long as many pieces. */
static void
count_steps(size_t i)
{
	struct text_finder *f;
	struct message m;
	struct arena arena;
	struct buf text;
	unsigned steps = 1;
	bool is_found;

	TEST_ROW(step_rows[i].name);
	buf_init(&text, 1 << 20);
	arena_init(&arena, 1 << 20);
	while (text.n < (size_t)PIECES * BODY_PIECE_BYTES)
		buf_add_c(&text, step_rows[i].line);
	buf_add_c(&text, step_rows[i].end);
	message_parse(&m, buf_str(&text), &arena);
	f = text_finder_new(&m, str_c(step_rows[i].needle), step_rows[i].where, STR("b"));
	while (!text_finder_step(f, &is_found))
		steps++;
	CHECK(is_found == step_rows[i].want);
	CHECK(steps >= step_rows[i].min && steps <= step_rows[i].max);
	text_finder_free(&f);
	text_finder_free(&f);
	arena_release(&arena);
	buf_release(&text);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		look(&rows[i], 0);
	}
	for (size_t before = BODY_PIECE_BYTES / 6 - 8; before < BODY_PIECE_BYTES / 6 + 2; before++)
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			TEST_ROW(rows[i].name);
			if (rows[i].want &&
			    str_find(str_c(rows[i].header), STR("utf-16")) == STR_NONE)
				look(&rows[i], before);
		}
	for (size_t i = 0; i < ARRAY_LEN(step_rows); i++)
		count_steps(i);
	return test_end();
}
