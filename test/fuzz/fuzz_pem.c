/* PEM texts: every certificate and key in them goes through its parser. */

/* system */
#include <stdint.h>

/* rooms */
#include "tls/key.h"
#include "codec/pem.h"
#include "tls/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size), label, name;
	struct x509_facts facts;
	struct tls_key key;
	struct buf der;

	buf_init(&der, 1 << 20);
	while (pem_next(&text, &label, &der) == FAIL_NONE) {
		if (x509_parse(buf_str(&der), &facts) == FAIL_NONE) {
			while (x509_next_name(&facts.names, &name))
				continue;
		}
		if (tls_key_parse(&key, label, buf_str(&der)) == FAIL_NONE)
			tls_key_release(&key);
	}
	buf_release(&der);
	return 0;
}
