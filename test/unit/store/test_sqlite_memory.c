#include "store/sqlite_memory.h"

/* system */
#include <sqlite3.h>
#include <string.h>

/* base */
#include "base/test.h"

#define BLOCKS 300 /* more than are kept */

static void
take_all(void *blocks[BLOCKS], int size, int fill)
{
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = sqlite3_malloc(size);
		if (CHECK(blocks[i] != NULL))
			memset(blocks[i], fill + i, (size_t)size);
	}
}

/* Each still has what was written to it: none was given out twice. */
static void
free_all(void *blocks[BLOCKS], int size, int fill)
{
	unsigned char want[2048];

	for (int i = 0; i < BLOCKS; i++) {
		memset(want, fill + i, sizeof want);
		CHECK(memcmp(blocks[i], want, (size_t)size) == 0);
		sqlite3_free(blocks[i]);
	}
}

static void
test_blocks(void)
{
	static const int sizes[] = { 1, 1023, 1024, 1025, 1200, 2048 };
	void *blocks[BLOCKS], *block, *again;

	TEST_ROW("a chunk is used again");
	block = sqlite3_malloc(1024);
	sqlite3_free(block);
	again = sqlite3_malloc(1024);
	CHECK(again == block);
	TEST_ROW("and may grow");
	memset(again, 7, 1024);
	again = sqlite3_realloc(again, 5000);
	CHECK(again != NULL && ((unsigned char *)again)[1023] == 7);
	sqlite3_free(again);
	sqlite3_free(NULL);

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		TEST_ROW("many blocks");
		take_all(blocks, sizes[i], 1);
		free_all(blocks, sizes[i], 1);
		take_all(blocks, sizes[i], 2);
		free_all(blocks, sizes[i], 2);
	}
}

int
main(void)
{
	CHECK(sqlite_memory_init() == FAIL_NONE);
	CHECK(sqlite_memory_init() == FAIL_NONE);
	test_blocks();
	return test_end();
}
