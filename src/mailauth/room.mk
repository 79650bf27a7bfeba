# The table of public_suffix.c, from the build host's public suffix list.
GENERATED_HEADERS += build/gen/mailauth/public_suffix_table.h

build/gen/mailauth/public_suffix_table.h: src/mailauth/public_suffix_table.py $(wildcard /usr/share/publicsuffix/public_suffix_list.dat)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)python3 $< >$@
