/*
 * api.h - the states of one API request (private to the room).
 *
 *     LOGIN --account open--> BODY --all there--> READ --a tree, its envelope good--> RUN --every call answered--> reply
 *       | refused               | too large         | refused: problem details
 *       +-----------------------+-------------------+--> reply
 *
 * A large one waits in READ until it is its turn (large.h).
 */
#ifndef JMAP_API_H
#define JMAP_API_H

enum api_state { API_LOGIN, API_BODY, API_READ, API_RUN };

#endif
