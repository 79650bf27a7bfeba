/* Answers of S3 on arbitrary bytes. */
#include "s3/answer.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_of(data, size);
	struct s3_page page;
	struct s3_error e;
	struct buf id;

	if (s3_answer_list(body, &page) == FAIL_NONE) {
		invariant(page.count <= S3_PAGE_MAX && (page.count > 0 || !page.has_more));
		for (size_t i = 0; i < page.count; i++)
			invariant(page.objects[i].key.n > 0);
	}
	s3_page_release(&page);
	if (s3_answer_error(body, &e))
		invariant(e.code.n > 0 && e.code.n <= S3_CODE_MAX && e.message.n <= S3_MESSAGE_MAX);
	buf_init(&id, S3_UPLOAD_ID_MAX);
	if (s3_answer_upload(body, &id) == FAIL_NONE)
		invariant(id.n > 0);
	buf_release(&id);
	return 0;
}
