# message: charset tables and named characters come from the build host's Python.

MESSAGE_GEN := build/gen/message
GENERATED_SOURCES += $(MESSAGE_GEN)/charset_tables.c
GENERATED_HEADERS += $(MESSAGE_GEN)/charset_expect.h

$(MESSAGE_GEN)/charset_tables.c: src/message/charset_tables.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< tables >$@

$(MESSAGE_GEN)/charset_expect.h: src/message/charset_tables.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< expect >$@

GENERATED_SOURCES += $(MESSAGE_GEN)/html_entities.c

$(MESSAGE_GEN)/html_entities.c: src/message/html_entities.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< >$@
