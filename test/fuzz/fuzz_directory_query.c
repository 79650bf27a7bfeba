/* An owner's SQL on arbitrary bytes; the first byte chooses the dialect. */
#include "directory/query.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is bound stands in it as often as that; all else is as it was. */
static void
check(const struct query *q, struct str text, enum query_dialect dialect)
{
	size_t marks = 0;

	invariant(q->why == NULL && q->value_count <= QUERY_PARAMETERS_MAX);
	invariant(q->value_count > 0 || str_eq(buf_str(&q->sql), text));
	for (size_t i = 0; i < q->sql.n; i++)
		marks += buf_str(&q->sql).p[i] == (dialect == QUERY_PGSQL ? '$' : '?');
	invariant(dialect == QUERY_MYSQL ? marks >= q->value_count
					 : q->value_count <= 3 && marks >= q->value_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum query_dialect dialect = size > 0 ? (enum query_dialect)(data[0] % 3) : QUERY_SQLITE;
	struct str text = str_from(str_of(data, size), 1);
	struct query q;

	if (query_parse(&q, text, dialect, STR("name")) == FAIL_NONE)
		check(&q, text, dialect);
	else
		invariant(q.why != NULL);
	query_release(&q);
	for (int value = QUERY_KEY; value <= QUERY_DOMAIN; value++)
		invariant(query_value((enum query_value)value, text).n <= text.n);
	return 0;
}
