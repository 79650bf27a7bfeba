/*
 * charset_tables.h - the tables that charset_tables.py generates. Private.
 *
 * Code points; 0xfffd where nothing is assigned.
 */
#ifndef MESSAGE_CHARSET_TABLES_H
#define MESSAGE_CHARSET_TABLES_H

#include <stddef.h>
#include <stdint.h>

#define JIS0208_ROWS 100 /* rows 1-94, then 115-120: the IBM extensions of Shift_JIS */
#define JIS0212_ROWS 76  /* rows 2-77 */
#define BIG5_ROWS    120 /* leads 0x87-0xfe, Hong Kong's supplement included */

/* Single-byte sets: what the bytes 128 .. 255 are. */
extern const uint16_t charset_iso8859_2[128], charset_iso8859_3[128], charset_iso8859_4[128],
    charset_iso8859_5[128], charset_iso8859_6[128], charset_iso8859_7[128], charset_iso8859_8[128],
    charset_iso8859_10[128], charset_iso8859_13[128], charset_iso8859_14[128],
    charset_iso8859_15[128], charset_iso8859_16[128], charset_windows_874[128],
    charset_windows_1250[128], charset_windows_1251[128], charset_windows_1252[128],
    charset_windows_1253[128], charset_windows_1254[128], charset_windows_1255[128],
    charset_windows_1256[128], charset_windows_1257[128], charset_windows_1258[128],
    charset_koi8_r[128], charset_koi8_u[128], charset_macintosh[128], charset_mac_cyrillic[128],
    charset_ibm437[128], charset_ibm850[128], charset_ibm852[128], charset_ibm855[128],
    charset_ibm866[128];

/* Double-byte sets, row after row. */
extern const uint16_t charset_jis0208[JIS0208_ROWS * 94];
extern const uint16_t charset_jis0212[JIS0212_ROWS * 94];
extern const uint16_t charset_ksx1001[94 * 94];
extern const uint16_t charset_gbk[126 * 190];
extern const uint16_t charset_big5[BIG5_ROWS * 157];
extern const uint8_t charset_big5_plane2[(BIG5_ROWS * 157 + 7) / 8]; /* bit: add 0x20000 */

/* GB18030's four-byte codes of the BMP, by their linear number: runs of successive code points. */
struct gb18030_run {
	uint16_t linear, code_point;
};
extern const struct gb18030_run charset_gb18030_runs[];
extern const size_t charset_gb18030_run_count;

#endif
