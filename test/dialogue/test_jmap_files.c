/*
 * test_jmap_files.c - play the dialogues of test/dialogue/jmap against HTTP sessions (lib/dialogue.h): upload and
 * download, in which the client's lines are those of HTTP.
 */

/* base */
#include "base/test.h"

/* rooms */
#include "lib/http_stage.h"

int
main(int argc, char **argv)
{
	dialogue_play(&http_stage_room, argc - 1, argv + 1);
	return test_end();
}
