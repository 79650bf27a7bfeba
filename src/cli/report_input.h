/*
 * report_input.h - the reports that others send, from a file: as they are, compressed, or in the mail they came with.
 */
#ifndef CLI_REPORT_INPUT_H
#define CLI_REPORT_INPUT_H

#include "cli/cli.h"
#include "mailauth/report_file.h"

/*
 * Append the text of the report in a file: XML or JSON, in gzip or zip, or the first such part of a message. False: said
 * why not.
 */
bool cli_report_read(struct str path, struct buf *out);

#endif
