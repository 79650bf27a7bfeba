# The tables of casemap.c, from the build host's Unicode data.
GENERATED_HEADERS += build/gen/codec/unicode_table.h

build/gen/codec/unicode_table.h: src/codec/unicode_table.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< >$@

# The tables of nfc.c, likewise.
GENERATED_HEADERS += build/gen/codec/nfc_table.h

build/gen/codec/nfc_table.h: src/codec/nfc_table.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< >$@
