/*
 * http_stage.h - HTTP sessions with JMAP behind them over the stage of lib/dialogue.h; who logs in is alice.
 */
#ifndef TEST_LIB_HTTP_STAGE_H
#define TEST_LIB_HTTP_STAGE_H

#include "lib/dialogue.h"

extern const struct dialogue_room http_stage_room;

#endif
