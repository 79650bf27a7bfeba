#include "message/charset.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/charset_private.h"
#include "message/charset_tables.h"

#define NAME_MAX_BYTES 48 /* longer names are none of ours */
#define SINGLE(label, table) \
	{ \
		.name = (label), .take = charset_take_single, .upper = (table) \
	}
#define STATELESS(label, fn) \
	{ \
		.name = (label), .take = (fn) \
	}

enum {
	US_ASCII,
	UTF_8,
	GUESS,
	UTF_7,
	UTF_16,
	UTF_16LE,
	UTF_16BE,
	EUC_JP,
	SHIFT_JIS,
	ISO_2022_JP,
	EUC_KR,
	GBK,
	GB18030,
	BIG5,
	LATIN_1,
	ISO_2,
	ISO_3,
	ISO_4,
	ISO_5,
	ISO_6,
	ISO_7,
	ISO_8,
	ISO_10,
	ISO_13,
	ISO_14,
	ISO_15,
	ISO_16,
	WIN_874,
	WIN_1250,
	WIN_1251,
	WIN_1252,
	WIN_1253,
	WIN_1254,
	WIN_1255,
	WIN_1256,
	WIN_1257,
	WIN_1258,
	KOI8_R,
	KOI8_U,
	MACINTOSH,
	MAC_CYRILLIC,
	IBM437,
	IBM850,
	IBM852,
	IBM855,
	IBM866,
};

static const struct charset charsets[] = {
	[US_ASCII] = { "US-ASCII", charset_take_utf8, .is_guess = true, .is_ascii = true },
	[UTF_8] = STATELESS("UTF-8", charset_take_utf8),
	[GUESS] = { "UTF-8", charset_take_utf8, .is_guess = true },
	[UTF_7] = { "UTF-7", charset_take_utf7, .shift = '+' },
	[UTF_16] = { "UTF-16", charset_take_utf16, .is_wide = true },
	[UTF_16LE] = { "UTF-16LE", charset_take_utf16le, .is_wide = true },
	[UTF_16BE] = { "UTF-16BE", charset_take_utf16be, .is_wide = true },
	[EUC_JP] = STATELESS("EUC-JP", charset_take_euc_jp),
	[SHIFT_JIS] = STATELESS("Shift_JIS", charset_take_shift_jis),
	[ISO_2022_JP] = { "ISO-2022-JP", charset_take_iso2022_jp, .shift = 0x1b },
	[EUC_KR] = STATELESS("EUC-KR", charset_take_euc_kr),
	[GBK] = STATELESS("GBK", charset_take_gb18030),
	[GB18030] = STATELESS("GB18030", charset_take_gb18030),
	[BIG5] = STATELESS("Big5", charset_take_big5),
	/* Liberal: ISO-8859-1 and -9 are read as the windows sets that people mean by them. */
	[LATIN_1] = SINGLE("ISO-8859-1", charset_windows_1252),
	[ISO_2] = SINGLE("ISO-8859-2", charset_iso8859_2),
	[ISO_3] = SINGLE("ISO-8859-3", charset_iso8859_3),
	[ISO_4] = SINGLE("ISO-8859-4", charset_iso8859_4),
	[ISO_5] = SINGLE("ISO-8859-5", charset_iso8859_5),
	[ISO_6] = SINGLE("ISO-8859-6", charset_iso8859_6),
	[ISO_7] = SINGLE("ISO-8859-7", charset_iso8859_7),
	[ISO_8] = SINGLE("ISO-8859-8", charset_iso8859_8),
	[ISO_10] = SINGLE("ISO-8859-10", charset_iso8859_10),
	[ISO_13] = SINGLE("ISO-8859-13", charset_iso8859_13),
	[ISO_14] = SINGLE("ISO-8859-14", charset_iso8859_14),
	[ISO_15] = SINGLE("ISO-8859-15", charset_iso8859_15),
	[ISO_16] = SINGLE("ISO-8859-16", charset_iso8859_16),
	[WIN_874] = SINGLE("windows-874", charset_windows_874),
	[WIN_1250] = SINGLE("windows-1250", charset_windows_1250),
	[WIN_1251] = SINGLE("windows-1251", charset_windows_1251),
	[WIN_1252] = SINGLE("windows-1252", charset_windows_1252),
	[WIN_1253] = SINGLE("windows-1253", charset_windows_1253),
	[WIN_1254] = SINGLE("windows-1254", charset_windows_1254),
	[WIN_1255] = SINGLE("windows-1255", charset_windows_1255),
	[WIN_1256] = SINGLE("windows-1256", charset_windows_1256),
	[WIN_1257] = SINGLE("windows-1257", charset_windows_1257),
	[WIN_1258] = SINGLE("windows-1258", charset_windows_1258),
	[KOI8_R] = SINGLE("KOI8-R", charset_koi8_r),
	[KOI8_U] = SINGLE("KOI8-U", charset_koi8_u),
	[MACINTOSH] = SINGLE("macintosh", charset_macintosh),
	[MAC_CYRILLIC] = SINGLE("x-mac-cyrillic", charset_mac_cyrillic),
	[IBM437] = SINGLE("IBM437", charset_ibm437),
	[IBM850] = SINGLE("IBM850", charset_ibm850),
	[IBM852] = SINGLE("IBM852", charset_ibm852),
	[IBM855] = SINGLE("IBM855", charset_ibm855),
	[IBM866] = SINGLE("IBM866", charset_ibm866),
};

/* Names in lower case without anything but letters and digits, in order. */
static const struct {
	const char *name;
	unsigned char charset;
} aliases[] = {
	/* clang-format off */
	{ "437", IBM437 }, { "646", US_ASCII }, { "850", IBM850 }, { "852", IBM852 },
	{ "855", IBM855 }, { "866", IBM866 }, { "88591", LATIN_1 }, { "88592", ISO_2 },
	{ "8bit", GUESS }, { "ansi", WIN_1252 }, { "ansi1251", WIN_1251 },
	{ "ansix341968", US_ASCII }, { "ansix341986", US_ASCII }, { "arabic", ISO_6 },
	{ "ascii", US_ASCII }, { "asmo708", ISO_6 }, { "big5", BIG5 }, { "big5eten", BIG5 },
	{ "big5hkscs", BIG5 }, { "big5hkscs2004", BIG5 }, { "chinese", GBK }, { "cnbig5", BIG5 },
	{ "cp1250", WIN_1250 }, { "cp1251", WIN_1251 }, { "cp1252", WIN_1252 },
	{ "cp1253", WIN_1253 }, { "cp1254", WIN_1254 }, { "cp1255", WIN_1255 },
	{ "cp1256", WIN_1256 }, { "cp1257", WIN_1257 }, { "cp1258", WIN_1258 },
	{ "cp367", US_ASCII }, { "cp437", IBM437 }, { "cp50220", ISO_2022_JP },
	{ "cp50221", ISO_2022_JP }, { "cp50222", ISO_2022_JP }, { "cp51932", EUC_JP },
	{ "cp54936", GB18030 }, { "cp65000", UTF_7 }, { "cp65001", UTF_8 }, { "cp819", LATIN_1 },
	{ "cp850", IBM850 }, { "cp852", IBM852 }, { "cp855", IBM855 }, { "cp866", IBM866 },
	{ "cp874", WIN_874 }, { "cp932", SHIFT_JIS }, { "cp936", GBK }, { "cp949", EUC_KR },
	{ "cp950", BIG5 }, { "csascii", US_ASCII }, { "csbig5", BIG5 }, { "cseucjp", EUC_JP },
	{ "cseuckr", EUC_KR }, { "cseucpkdfmtjapanese", EUC_JP }, { "csgb18030", GB18030 },
	{ "csgb2312", GBK }, { "csgbk", GBK }, { "csibm866", IBM866 },
	{ "csiso2022jp", ISO_2022_JP }, { "csiso58gb231280", GBK }, { "csisolatin1", LATIN_1 },
	{ "csisolatin2", ISO_2 }, { "csisolatin3", ISO_3 }, { "csisolatin4", ISO_4 },
	{ "csisolatin5", WIN_1254 }, { "csisolatin6", ISO_10 }, { "csisolatinarabic", ISO_6 },
	{ "csisolatincyrillic", ISO_5 }, { "csisolatingreek", ISO_7 },
	{ "csisolatinhebrew", ISO_8 }, { "cskoi8r", KOI8_R }, { "cskoi8u", KOI8_U },
	{ "csksc56011987", EUC_KR }, { "csmacintosh", MACINTOSH },
	{ "cspc8codepage437", IBM437 }, { "csshiftjis", SHIFT_JIS }, { "csutf16", UTF_16 },
	{ "csutf16be", UTF_16BE }, { "csutf16le", UTF_16LE }, { "csutf7", UTF_7 },
	{ "csutf8", UTF_8 }, { "cswindows31j", SHIFT_JIS }, { "cyrillic", ISO_5 },
	{ "default", GUESS }, { "defaultcharset", GUESS }, { "dos874", WIN_874 },
	{ "ecma114", ISO_6 }, { "ecma118", ISO_7 }, { "elot928", ISO_7 }, { "euccn", GBK },
	{ "eucjp", EUC_JP }, { "eucjpms", EUC_JP }, { "euckr", EUC_KR },
	{ "extendedunixcodepackedformatforjapanese", EUC_JP }, { "gb", GBK },
	{ "gb18030", GB18030 }, { "gb2312", GBK }, { "gb231280", GBK }, { "gbk", GBK },
	{ "greek", ISO_7 }, { "greek8", ISO_7 }, { "hebrew", ISO_8 }, { "ibm367", US_ASCII },
	{ "ibm437", IBM437 }, { "ibm819", LATIN_1 }, { "ibm850", IBM850 }, { "ibm852", IBM852 },
	{ "ibm855", IBM855 }, { "ibm866", IBM866 }, { "iso10646ucs2", UTF_16 },
	{ "iso2022jp", ISO_2022_JP }, { "iso2022jp1", ISO_2022_JP },
	{ "iso2022jp2", ISO_2022_JP }, { "iso2022jpms", ISO_2022_JP },
	{ "iso646irv1991", US_ASCII }, { "iso646us", US_ASCII }, { "iso8859", LATIN_1 },
	{ "iso88591", LATIN_1 }, { "iso885910", ISO_10 }, { "iso885911", WIN_874 },
	{ "iso885911987", LATIN_1 }, { "iso885913", ISO_13 }, { "iso885914", ISO_14 },
	{ "iso885915", ISO_15 }, { "iso8859151998", ISO_15 }, { "iso885916", ISO_16 },
	{ "iso88592", ISO_2 }, { "iso885921987", ISO_2 }, { "iso88593", ISO_3 },
	{ "iso885931988", ISO_3 }, { "iso88594", ISO_4 }, { "iso885941988", ISO_4 },
	{ "iso88595", ISO_5 }, { "iso885951988", ISO_5 }, { "iso88596", ISO_6 },
	{ "iso885961987", ISO_6 }, { "iso88596e", ISO_6 }, { "iso88596i", ISO_6 },
	{ "iso88597", ISO_7 }, { "iso885971987", ISO_7 }, { "iso88598", ISO_8 },
	{ "iso885981988", ISO_8 }, { "iso88598e", ISO_8 }, { "iso88598i", ISO_8 },
	{ "iso88599", WIN_1254 }, { "iso885991989", WIN_1254 }, { "isoir100", LATIN_1 },
	{ "isoir101", ISO_2 }, { "isoir109", ISO_3 }, { "isoir110", ISO_4 },
	{ "isoir126", ISO_7 }, { "isoir127", ISO_6 }, { "isoir138", ISO_8 },
	{ "isoir144", ISO_5 }, { "isoir148", WIN_1254 }, { "isoir149", EUC_KR },
	{ "isoir157", ISO_10 }, { "isoir199", ISO_14 }, { "isoir58", GBK },
	{ "isoir6", US_ASCII }, { "jis", ISO_2022_JP }, { "koi", KOI8_R }, { "koi8", KOI8_R },
	{ "koi8r", KOI8_R }, { "koi8ru", KOI8_U }, { "koi8u", KOI8_U }, { "korean", EUC_KR },
	{ "ksc5601", EUC_KR }, { "ksc56011987", EUC_KR }, { "ksc56011989", EUC_KR },
	{ "kscs5601", EUC_KR }, { "ksx1001", EUC_KR }, { "l1", LATIN_1 }, { "l10", ISO_16 },
	{ "l2", ISO_2 }, { "l3", ISO_3 }, { "l4", ISO_4 }, { "l5", WIN_1254 }, { "l6", ISO_10 },
	{ "l7", ISO_13 }, { "l8", ISO_14 }, { "l9", ISO_15 }, { "latin0", ISO_15 },
	{ "latin1", LATIN_1 }, { "latin10", ISO_16 }, { "latin2", ISO_2 }, { "latin3", ISO_3 },
	{ "latin4", ISO_4 }, { "latin5", WIN_1254 }, { "latin6", ISO_10 }, { "latin7", ISO_13 },
	{ "latin8", ISO_14 }, { "latin9", ISO_15 }, { "logical", ISO_8 }, { "mac", MACINTOSH },
	{ "maccyrillic", MAC_CYRILLIC }, { "macintosh", MACINTOSH }, { "macroman", MACINTOSH },
	{ "ms1252", WIN_1252 }, { "ms932", SHIFT_JIS }, { "ms936", GBK }, { "ms949", EUC_KR },
	{ "ms950", BIG5 }, { "mskanji", SHIFT_JIS }, { "shiftjis", SHIFT_JIS },
	{ "shiftjisx0213", SHIFT_JIS }, { "sjis", SHIFT_JIS }, { "tis620", WIN_874 },
	{ "tis6200", WIN_874 }, { "tis62025330", WIN_874 }, { "tis62025331", WIN_874 },
	{ "ucs2", UTF_16 }, { "ucs2be", UTF_16BE }, { "ucs2le", UTF_16LE }, { "uhc", EUC_KR },
	{ "ujis", EUC_JP }, { "unicode", UTF_16 }, { "unicode11utf7", UTF_7 },
	{ "unicode11utf8", UTF_8 }, { "unicode20utf8", UTF_8 }, { "unknown", GUESS },
	{ "unknown8bit", GUESS }, { "us", US_ASCII }, { "usascii", US_ASCII },
	{ "utf16", UTF_16 }, { "utf16be", UTF_16BE }, { "utf16le", UTF_16LE }, { "utf7", UTF_7 },
	{ "utf8", UTF_8 }, { "utf8mb4", UTF_8 }, { "visual", ISO_8 }, { "win1250", WIN_1250 },
	{ "win1251", WIN_1251 }, { "win1252", WIN_1252 }, { "windows1250", WIN_1250 },
	{ "windows1251", WIN_1251 }, { "windows1252", WIN_1252 }, { "windows1253", WIN_1253 },
	{ "windows1254", WIN_1254 }, { "windows1255", WIN_1255 }, { "windows1256", WIN_1256 },
	{ "windows1257", WIN_1257 }, { "windows1258", WIN_1258 }, { "windows31j", SHIFT_JIS },
	{ "windows874", WIN_874 }, { "windows932", SHIFT_JIS }, { "windows936", GBK },
	{ "windows949", EUC_KR }, { "windows950", BIG5 }, { "xbig5", BIG5 },
	{ "xcp1250", WIN_1250 }, { "xcp1251", WIN_1251 }, { "xcp1252", WIN_1252 },
	{ "xcp1253", WIN_1253 }, { "xcp1254", WIN_1254 }, { "xcp1255", WIN_1255 },
	{ "xcp1256", WIN_1256 }, { "xcp1257", WIN_1257 }, { "xcp1258", WIN_1258 },
	{ "xeuc", EUC_JP }, { "xeuccn", GBK }, { "xeucjp", EUC_JP }, { "xgbk", GBK },
	{ "xmaccyrillic", MAC_CYRILLIC }, { "xmacroman", MACINTOSH },
	{ "xmacukrainian", MAC_CYRILLIC }, { "xmscp932", SHIFT_JIS }, { "xsjis", SHIFT_JIS },
	{ "xunknown", GUESS }, { "xuserdefined", GUESS }, { "xutf8", UTF_8 },
	{ "xwindows874", WIN_874 }, { "xwindows949", EUC_KR }, { "xxbig5", BIG5 },
	/* clang-format on */
};

const struct charset *
charset_find(struct str name)
{
	char key[NAME_MAX_BYTES];
	size_t n = 0, low = 0, high = ARRAY_LEN(aliases);

	for (size_t i = 0; i < name.n; i++) {
		char c = char_lower(name.p[i]);

		if (!char_is_alpha(c) && !char_is_digit(c))
			continue;
		if (n == sizeof key)
			return NULL;
		key[n++] = c;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(str_of(key, n), str_c(aliases[middle].name));

		if (order == 0)
			return &charsets[aliases[middle].charset];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct str
charset_name(const struct charset *charset)
{
	return str_c(charset->name);
}

const struct charset *
charset_guess(void)
{
	return &charsets[GUESS];
}
