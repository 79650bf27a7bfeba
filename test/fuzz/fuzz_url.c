/* URLs on arbitrary bytes. */
#include "http/url.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_url url;

	if (http_url_parse(str_of(data, size), &url) != FAIL_NONE)
		return 0;
	invariant(url.host.n > 0 && url.host.n <= HTTP_HOST_MAX && url.port != 0);
	invariant(str_find_char(url.host, '@') == STR_NONE);
	invariant(str_empty(url.target) || url.target.p[0] == '/' || url.target.p[0] == '?');
	invariant(url.is_address == (url.address.family != NET_ADDRESS_NONE));
	return 0;
}
