#include "sys/birth.h"

/* system */
#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

#define BIRTH_MASK 0x800u /* STATX_BTIME */

/* statx(2), as the kernel fills it in: the library of the static build has no name for it. */
struct statx_answer {
	uint32_t mask;
	unsigned char before[76];
	int64_t made_s;
	uint32_t made_ns;
	unsigned char after[164];
};
static_assert(offsetof(struct statx_answer, made_s) == 80 && sizeof(struct statx_answer) == 256,
    "the kernel's layout");

bool
sys_birth(const char *path, struct birth *out)
{
	struct statx_answer answer = { .mask = 0 };
	struct stat st;

	*out = (struct birth){ 0 };
	if (sys.stat(path, &st) != 0)
		return false;
	out->inode = st.st_ino;
	if (syscall(SYS_statx, AT_FDCWD, path, 0, BIRTH_MASK, &answer) == 0 &&
	    answer.mask & BIRTH_MASK && answer.made_s > 0)
		out->made_ns = (uint64_t)answer.made_s * 1000000000u + answer.made_ns;
	return true;
}
