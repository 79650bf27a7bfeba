# Staunch. `make help` lists what can be asked for.
#
# One make, not recursive: every target (release, dev, fuzz, arm64, armhf) is one expansion of TARGET_RULES.
# Sources are found by themselves: src/<room>/*.c, test/unit/<room>/test_*.c, test/fuzz/fuzz_*.c.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
SHELL := /bin/bash

# -- what was asked for -----------------------------------------------------------------------------

ifneq ($(origin CC),command line)
CC := gcc
endif
CLANG ?= clang
FUZZ_SECONDS ?= 60
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) '$(2)')
TARGET_NAME := $(if $(DEV),dev,$(or $(TARGET),release))

.PHONY: all
all: $(TARGET_NAME)

# -- sources ----------------------------------------------------------------------------------------

ROOMS := $(shell sed 's/#.*//; s/</ /g' src/LAYERS)
ROOM_SOURCES := $(wildcard $(ROOMS:%=src/%/*.c))
MAIN_PATTERN := ^(int )?main\(
MAIN_SOURCES := $(if $(ROOM_SOURCES),$(shell grep -lE '$(MAIN_PATTERN)' $(ROOM_SOURCES)))
LIB_SOURCES := $(filter-out $(MAIN_SOURCES),$(ROOM_SOURCES))
UNIT_SOURCES := $(wildcard $(ROOMS:%=test/unit/%/test_*.c))
FUZZ_SOURCES := $(wildcard test/fuzz/fuzz_*.c)
FUZZ_NAMES := $(FUZZ_SOURCES:test/fuzz/fuzz_%.c=%)

# A room may bring a fragment src/<room>/room.mk: rules that generate build/gen/<room>/*.c or .h on the
# build host. It adds them to GENERATED_SOURCES or GENERATED_HEADERS.
GENERATED_SOURCES :=
GENERATED_HEADERS :=
-include $(wildcard $(ROOMS:%=src/%/room.mk))

# -- flags ------------------------------------------------------------------------------------------

WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual
BANNED := -include src/base/banned.h
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

release_CC = $(vendor_release_CC)
release_CFLAGS := -O2
release_LDFLAGS :=
release_LIBS := -lm
dev_CC = $(CC)
dev_CFLAGS := -O1 -g $(SANITIZE) -Werror -DDEV=1
dev_LDFLAGS := $(SANITIZE)
dev_LIBS := -lm -lcrypt
fuzz_CC = $(CLANG)
fuzz_CFLAGS := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link -DDEV=1
fuzz_LDFLAGS := $(SANITIZE)
fuzz_LIBS := -lm -lcrypt

release_VENDOR := release
dev_VENDOR := dev
fuzz_VENDOR := dev
include vendor/Makefile

# -- the rules of one target ------------------------------------------------------------------------

# $(1) is the target. Everything it makes lies in build/$(1).
define TARGET_RULES
$(1)_VENDOR_DIR := $(VENDOR_OUT)/$($(1)_VENDOR)
$(1)_ARCHIVES := $(VENDOR_LIBRARIES:%=$(VENDOR_OUT)/$($(1)_VENDOR)/lib/lib%.a)
$(1)_STUB := build/$(1)/obj/vendor/config/getaddrinfo.o
$(1)_INCLUDES = -Isrc -Ibuild/$(1)/gen -Ibuild/gen -isystem $$($(1)_VENDOR_DIR)/include
$(1)_COMPILE = $$($(1)_CC) -D_GNU_SOURCE $(WARNINGS) $$($(1)_CFLAGS) $$($(1)_INCLUDES) -MMD -MP

build/$(1)/command: FORCE
	@mkdir -p $$(@D)
	@echo '$$($(1)_COMPILE) $$($(1)_LDFLAGS)' | cmp -s - $$@ || \
		echo '$$($(1)_COMPILE) $$($(1)_LDFLAGS)' >$$@

build/$(1)/obj/%.o: %.c build/$(1)/command Makefile | $$(GENERATED_HEADERS) $$($(1)_ARCHIVES)
	$$(call say,CC,$$*.c)
	@mkdir -p $$(@D)
	$(Q)$$($(1)_COMPILE) $$(BANNED) -c -o $$@ $$<

build/$(1)/obj/vendor/%: BANNED :=

build/$(1)/libstaunch.a: $(LIB_SOURCES:%.c=build/$(1)/obj/%.o) \
		$(GENERATED_SOURCES:%.c=build/$(1)/obj/%.o)
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcs $$@ $$^

build/$(1)/test/%: build/$(1)/obj/test/unit/%.o build/$(1)/libstaunch.a \
		$$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$(Q)$$($(1)_CC) $$($(1)_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)

build/$(1)/fuzz_%: build/$(1)/obj/test/fuzz/fuzz_%.o build/$(1)/libstaunch.a \
		$$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	$(Q)$$($(1)_CC) $$($(1)_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $$($(1)_LIBS)

-include $$(shell find build/$(1)/obj -name '*.d' 2>/dev/null)
endef

TARGETS := release dev fuzz
$(foreach t,$(TARGETS),$(eval $(call TARGET_RULES,$(t))))

.PHONY: release dev FORCE
release: build/release/libstaunch.a
dev: build/dev/libstaunch.a $(UNIT_SOURCES:test/unit/%.c=build/dev/test/%)

# -- tests ------------------------------------------------------------------------------------------

UNIT_PROGRAMS := $(UNIT_SOURCES:test/unit/%.c=build/dev/test/%)
.PHONY: test-unit $(ROOMS:%=test-unit-%)
test-unit: $(UNIT_PROGRAMS)
	@test/run $^
define ROOM_TEST
test-unit-$(1): $(filter build/dev/test/$(1)/%,$(UNIT_PROGRAMS))
	@test/run $$^
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM_TEST,$(r))))

.PHONY: clean
clean:
	rm -rf build
