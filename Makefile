# Staunch. `make help` lists what can be asked for.
#
# One make, not recursive: each target (release, dev, fuzz, arm64 ..) is one expansion of TARGET_RULES.
# Sources are found by themselves: src/<room>/*.c (rooms: src/LAYERS), test/unit/<room>/test_*.c,
# test/{dialogue,crash}/test_*.c, test/fuzz/fuzz_*.c, test/bench/*.c. A room may bring src/<room>/room.mk.

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
SHELL := /bin/bash

# -- what was asked for -----------------------------------------------------------------------------

VERSION := 0.1.0
# The day of this version, in manual pages and packages: what is made of the same sources is the same, byte for byte.
RELEASED := 2026-11-26
ifneq ($(origin CC),command line)
CC := gcc
endif
HOST_CC := gcc
CLANG ?= clang
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
FUZZ_SMOKE_SECONDS ?= 1
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) '$(2)')
TARGET_NAME := $(if $(DEV),dev,$(if $(SYSTEM_LIBS),system,$(or $(TARGET),release)))
ifeq ($(filter $(TARGET_NAME),release dev system arm64 armhf),)
$(error TARGET is arm64 or armhf, not $(TARGET))
endif

.PHONY: all FORCE
all: $(TARGET_NAME)

# -- sources ----------------------------------------------------------------------------------------

ROOMS := $(shell sed 's/\#.*//; s/</ /g' src/LAYERS)
ROOM_SOURCES := $(wildcard $(ROOMS:%=src/%/*.c))
MAIN_SOURCE := src/cli/main.c
VERSION_SOURCES := $(wildcard src/server/staunch*.c)
BACKEND_SOURCES := $(wildcard src/backend/*.c)
LIB_SOURCES := $(filter-out $(MAIN_SOURCE) $(VERSION_SOURCES) $(BACKEND_SOURCES),$(ROOM_SOURCES))
UNIT_SOURCES := $(wildcard $(ROOMS:%=test/unit/%/test_*.c))
GROUP_SOURCES := $(wildcard test/dialogue/test_*.c test/crash/test_*.c)
TEST_LIB_SOURCES := $(wildcard test/lib/*.c)
E2E_SOURCES := $(wildcard test/e2e/*.c)
FUZZ_SOURCES := $(wildcard test/fuzz/fuzz_*.c)
FUZZ_NAMES := $(FUZZ_SOURCES:test/fuzz/fuzz_%.c=%)
BENCH_SOURCES := $(wildcard test/bench/*.c)

# Each version is a file that names its rooms: src/server/staunch_imap.c becomes the program staunch-imap.
program = $(subst _,-,$(basename $(notdir $(1))))
PROGRAMS := $(foreach v,$(VERSION_SOURCES),$(call program,$(v)))

# Programs beside it, each of the files that bear an engine's name and those that bear none; dynamic, as the
# databases' client libraries are. `make` alone builds none of them.
BACKENDS := $(foreach e,pgsql mysql ldap,$(if $(wildcard src/backend/$(e).c),$(e)))
BACKEND_PROGRAMS := $(BACKENDS:%=staunch-directory-%)
backend_files = $(filter-out $(foreach e,$(filter-out $(1),$(BACKENDS)),src/backend/$(e).c src/backend/$(e)_%.c),$(BACKEND_SOURCES))

# A room's fragment src/<room>/room.mk gives rules that make build/gen/<room>/*.c or *.h on the build host
# (with $(HOST_CC)), and adds them to one of these two. Headers there are included as "<room>/file.h".
GENERATED_SOURCES :=
GENERATED_HEADERS :=
-include $(wildcard $(ROOMS:%=src/%/room.mk))
$(GENERATED_SOURCES) $(GENERATED_HEADERS): | build/need/build

# -- flags ------------------------------------------------------------------------------------------

WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual
BANNED := -include src/base/banned.h
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Types are not to decide what may be cached: one such place was wrong on arm64 alone, where no sanitizer runs.
HARDEN := -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fno-strict-aliasing
HARDEN_LINK := -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack

# What is shipped: static, position independent, small.
release_CC = $(vendor_release_CC)
# Nothing here unwinds a stack; the tables for it would be a tenth of the program.
NO_UNWIND := -fno-unwind-tables -fno-asynchronous-unwind-tables
# The compiler that we know may complain of nothing; others are not to stop an owner's build.
STRICT := $(if $(filter 12,$(shell gcc -dumpversion 2>/dev/null)),-Werror)
release_CFLAGS := -O2 $(HARDEN) $(NO_UNWIND) $(STRICT)
# Relocations of a position independent program as bits, where the linker can: 120 KB less.
RELATIVE_BITS := $(shell ld --help 2>/dev/null | grep -q pack-relative-relocs && \
	echo -Wl,-z,pack-relative-relocs)
release_LDFLAGS := -static-pie $(HARDEN_LINK) $(RELATIVE_BITS)
release_LIBS := -lm
release_VENDOR := release
arm64_CC = $(vendor_arm64_CC)
arm64_CFLAGS := $(release_CFLAGS) -Werror
arm64_LDFLAGS := -static-pie $(HARDEN_LINK) -s
arm64_NEED := build/need/arm64
arm64_LIBS := $(release_LIBS)
arm64_VENDOR := arm64
armhf_CC = $(vendor_armhf_CC)
armhf_CFLAGS := $(release_CFLAGS) -Werror
armhf_LDFLAGS := $(arm64_LDFLAGS)
armhf_NEED := build/need/armhf
armhf_LIBS := $(release_LIBS)
armhf_VENDOR := armhf

# The distribution's libraries, for packagers.
system_CC = $(CC)
system_PACKAGES := libcurl sqlite3 zlib libsodium
system_CFLAGS = -O2 $(HARDEN) $(CFLAGS) -isystem /usr/include/bearssl $(shell pkg-config --cflags $(system_PACKAGES))
system_LDFLAGS = -pie $(HARDEN_LINK) $(LDFLAGS)
system_LIBS = -lbearssl $(shell pkg-config --libs $(system_PACKAGES)) -lm -lcrypt
system_VENDOR :=
system_NEED := build/need/system

# The programs beside it as they are shipped, and the rooms that they are made of.
backends_CC = $(CC)
backends_ROOMS := base sys codec crypto directory
backends_SOURCES := $(filter-out src/directory/db.c,$(filter $(backends_ROOMS:%=src/%/%),$(LIB_SOURCES)))
backends_CFLAGS = -O2 -D_FORTIFY_SOURCE=2 $(HARDEN) $(STRICT) $(CFLAGS) -isystem /usr/include/bearssl
backends_LDFLAGS = -pie $(HARDEN_LINK) -Wl,--as-needed $(LDFLAGS)
backends_LIBS = -lbearssl -lsodium -lcrypt -lm
backends_NEED := build/need/backends

# Some hundreds of programs are linked for the tests, in half the time by this one.
FAST_LINK := $(if $(shell command -v ld.lld),-fuse-ld=lld)

# Daily work: dynamic, glibc, everything watched. DEV=1 turns on the checks that release leaves out.
dev_CC = $(CC)
dev_CFLAGS := -O1 -g $(SANITIZE) -Werror -DDEV=1
dev_LDFLAGS := $(SANITIZE) $(FAST_LINK)
dev_LIBS := -lm -lcrypt
dev_VENDOR := dev
fuzz_CC = $(CLANG)
fuzz_CFLAGS := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link -DDEV=1
fuzz_LDFLAGS := $(SANITIZE) $(FAST_LINK)
fuzz_LIBS := -lm -lcrypt
fuzz_VENDOR := dev
fuzz_NEED := build/need/test

# Read for their warnings only, by make check.
clang_CC = $(CLANG)
clang_CFLAGS := -DDEV=1
clang_VENDOR := dev
clang_NEED := build/need/test

include vendor/Makefile

# Where the databases' headers lie, and what each program is linked with. MariaDB's has banned words in macros.
BACKEND_HEADERS := -isystem /usr/include/postgresql -isystem /usr/include/mariadb
pgsql_LIBS := -lpq
mysql_LIBS := -lmariadb
ldap_LIBS := -lldap -llber
define BACKEND_HEADERS_RULE
build/$(1)/obj/src/backend/%.o: ROOM_FLAGS := $(BACKEND_HEADERS)
build/$(1)/obj/src/backend/mysql.o: BANNED := $(BACKEND_HEADERS) -include mysql.h $(BANNED)
$(BACKEND_SOURCES:%.c=build/$(1)/obj/%.o): | build/need/backends
endef
$(foreach t,dev backends,$(eval $(call BACKEND_HEADERS_RULE,$(t))))
$(foreach f,build/read/src build/tidy/src,$(eval $(f)/backend/%.ok: ROOM_FLAGS := $(BACKEND_HEADERS)))
build/read/src/backend/mysql.ok build/tidy/src/backend/mysql.ok: BANNED := $(BACKEND_HEADERS) -include mysql.h $(BANNED)
$(BACKEND_SOURCES:%.c=build/read/%.ok): | build/need/backends

# Rooms and files where no time is spent are compiled for size; the last are files of such rooms where it is.
COLD_ROOMS := blob cli delivery directory dns envelope http jmap policy queue s3 server smtp smtpc mailauth tls \
	tlspolicy reports web
COLD_FILES := $(addprefix src/imap/,access.c capability.c cmd_acl.c cmd_cancelupdate.c cmd_compress.c cmd_list.c \
	cmd_login.c cmd_mailbox.c cmd_metadata.c cmd_notify.c cmd_quota.c cmd_starttls.c cmd_status.c context.c \
	context_result.c list_parse.c metadata_parse.c notify.c notify_account.c notify_change.c notify_metadata.c \
	notify_parse.c object_id.c rights.c settings.c url.c) \
	$(addprefix src/mail/,acl.c acl_grant.c acl_log.c annotation.c annotation_changes.c check.c check_box.c \
	check_thing.c email_share.c identity.c identity_record.c mailbox_change.c push.c rebuild.c share_notice.c \
	submission.c submission_record.c submission_tell.c upload.c vacation.c) \
	$(addprefix src/message/,answer.c compose.c compose_trace.c mdn.c report.c seven.c seven_header.c \
	seven_mime.c seven_plan.c) \
	$(addprefix src/codec/,idna.c nfc.c punycode.c) $(addprefix src/store/,lineage.c sqlite_open.c)
HOT_FILES := $(addprefix src/jmap/,candidate.c email_get.c email_list.c email_query.c email_shape.c email_top.c \
	email_value.c email_write.c filter.c query.c sight.c sort.c)
COLD_SOURCES := $(filter-out $(HOT_FILES),$(wildcard $(COLD_ROOMS:%=src/%/*.c)) $(COLD_FILES))
$(foreach t,release arm64 armhf,$(eval $(COLD_SOURCES:%.c=build/$(t)/obj/%.o): $(t)_CFLAGS += -Os))

# -- the rules of one target ------------------------------------------------------------------------

# $(1) is the target. Everything it makes lies in build/$(1).
define TARGET_RULES
$(1)_ARCHIVES := $(if $($(1)_VENDOR),$(VENDOR_LIBRARIES:%=$(VENDOR_OUT)/$($(1)_VENDOR)/lib/lib%.a))
$(1)_STUB := $(patsubst %,build/$(1)/obj/vendor/config/%.o,getaddrinfo $(if $(vendor_$(1)_MUSL),memory))
$(1)_OBJECTS := $(patsubst %.c,build/$(1)/obj/%.o,$(or $($(1)_SOURCES),$(LIB_SOURCES) $(GENERATED_SOURCES)))
$(1)_COMPILE = $$($(1)_CC) -D_GNU_SOURCE $(WARNINGS) $$($(1)_CFLAGS) -Isrc -Itest -Ibuild/$(1)/gen -Ibuild/gen \
	$(if $($(1)_VENDOR),-isystem $(VENDOR_OUT)/$($(1)_VENDOR)/include) -MMD -MP
$(1)_LINK = $$($(1)_CC) $$($(1)_LDFLAGS)

build/$(1)/command: FORCE | build/need/build $($(1)_NEED)
	@mkdir -p $$(@D)
	@echo '$$($(1)_COMPILE) $$($(1)_LDFLAGS)' | cmp -s - $$@ || echo '$$($(1)_COMPILE) $$($(1)_LDFLAGS)' >$$@

build/$(1)/objects: FORCE
	@mkdir -p $$(@D)
	@echo '$$($(1)_OBJECTS)' | cmp -s - $$@ || echo '$$($(1)_OBJECTS)' >$$@

build/$(1)/gen/versions.h: $(if $($(1)_VENDOR),$(VENDOR_OUT)/dl/.fetched) vendor/versions.sh Makefile | build/need/build $($(1)_NEED)
	@mkdir -p $$(@D)
	@vendor/versions.sh $(VERSION) $(RELEASED) $(1) $(VENDOR_OUT) >$$@.new
	@cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

build/$(1)/obj/%.o: %.c build/$(1)/command | $$(GENERATED_HEADERS) build/$(1)/gen/versions.h $$($(1)_ARCHIVES)
	$$(call say,CC,$$*.c)
	@mkdir -p $$(@D)
	$(Q)$$($(1)_COMPILE) $$(BANNED) $$(ROOM_FLAGS) -c -o $$@ $$<

build/$(1)/obj/vendor/%: BANNED :=
build/$(1)/obj/vendor/config/memory.o: ROOM_FLAGS := -fno-builtin -fno-tree-loop-distribute-patterns

build/$(1)/libstaunch.a: $$($(1)_OBJECTS) build/$(1)/objects
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcs $$@ $$($(1)_OBJECTS)

build/$(1)/libtest.a: $(TEST_LIB_SOURCES:%.c=build/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcs $$@ $$^

# Unit tests take the real rooms first; the other programs take the fakes of test/lib first, where there are.
build/$(1)/test/%: build/$(1)/obj/test/unit/%.o build/$(1)/libstaunch.a build/$(1)/libtest.a \
		$$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$(Q)$$($(1)_LINK) -o $$@ $$^ build/$(1)/libstaunch.a $$($(1)_LIBS)

build/$(1)/test/%: build/$(1)/obj/test/%.o build/$(1)/libtest.a build/$(1)/libstaunch.a \
		$$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$(Q)$$($(1)_LINK) -o $$@ $$^ $$($(1)_LIBS)

build/$(1)/fuzz_%: build/$(1)/obj/test/fuzz/fuzz_%.o build/$(1)/libtest.a build/$(1)/libstaunch.a \
		$$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	$(Q)$$($(1)_LINK) -fsanitize=fuzzer -o $$@ $$^ $$($(1)_LIBS)

$(foreach v,$(VERSION_SOURCES),$(call PROGRAM_RULE,$(1),$(v)))
$(foreach e,$(if $(filter dev backends,$(1)),$(BACKENDS)),$(call BACKEND_RULE,$(1),$(e)))
-include $$(shell find build/$(1)/obj -name '*.d' 2>/dev/null)
endef

# $(1) target, $(2) the version's file
define PROGRAM_RULE

build/$(1)/$(call program,$(2)): $(2:%.c=build/$(1)/obj/%.o) $(MAIN_SOURCE:%.c=build/$(1)/obj/%.o) \
		build/$(1)/libstaunch.a $$($(1)_STUB) $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	$(Q)$$($(1)_LINK) -o $$@ $$^ $$($(1)_LIBS)

endef

# $(1) target, $(2) the engine. The distribution's libraries ask for hosts in their own way, so no stub for that.
define BACKEND_RULE

build/$(1)/staunch-directory-$(2): $(patsubst %.c,build/$(1)/obj/%.o,$(call backend_files,$(2))) \
		build/$(1)/libstaunch.a $$($(1)_ARCHIVES)
	$$(call say,LD,$$@)
	$(Q)$$($(1)_LINK) -o $$@ $$^ $($(2)_LIBS) $$($(1)_LIBS)

endef

TARGETS := release arm64 armhf system backends dev fuzz clang
$(foreach t,$(TARGETS),$(eval $(call TARGET_RULES,$(t))))

# The release programs lie stripped in build/; build/release/ keeps their symbols.
$(PROGRAMS:%=build/%): build/%: build/release/%
	$(call say,STRIP,$@)
	$(Q)strip -o $@ $<

$(BACKEND_PROGRAMS:%=build/%): build/%: build/backends/%
	$(call say,STRIP,$@)
	$(Q)strip -o $@ $<

.PHONY: release arm64 armhf system dev backends
backends: $(BACKEND_PROGRAMS:%=build/$(if $(DEV),dev/)%)
release: build/release/libstaunch.a $(PROGRAMS:%=build/%)
arm64 armhf system: %: build/%/libstaunch.a $(foreach p,$(PROGRAMS),build/%/$(p))
dev: build/dev/libstaunch.a $(PROGRAMS:%=build/dev/%) unit-programs

# -- packages of the distribution -------------------------------------------------------------------

# One at a time asks apt; a list that changed is asked again.
build/need/build: vendor/packages
	@vendor/need.sh $@ $<
build/need/arm64 build/need/armhf build/need/system build/need/backends: build/need/%: vendor/packages.% | build/need/build
	@vendor/need.sh $@ $<
build/need/test: test/packages | build/need/build
	@vendor/need.sh $@ $<
build/need/peers: test/bench/packages | build/need/test
	@vendor/need.sh $@ $<

# -- installation and packages ----------------------------------------------------------------------

# What is laid out is said by src/package/install.sh. A program for another processor cannot write its own manual pages:
# the same version for this machine does.
PROGRAM_FOLDER := build/$(if $(filter release,$(TARGET_NAME)),,$(TARGET_NAME)/)
SPEAKER_FOLDER := $(if $(filter arm64 armhf,$(TARGET_NAME)),build/,$(PROGRAM_FOLDER))
PACKAGE_FILES := $(wildcard src/package/* litestream/*) src/directory/README.md README.md LICENSE

.PHONY: install
# Programs of other directories come along when `make backends` made them, for this machine.
BACKENDS_INSTALLED = $(if $(filter arm64 armhf,$(TARGET_NAME)),,$(wildcard $(BACKEND_PROGRAMS:%=build/%)))
install: $(foreach p,$(PROGRAMS),$(PROGRAM_FOLDER)$(p) $(SPEAKER_FOLDER)$(p))
	$(Q)$(foreach p,$(PROGRAMS),DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' \
		src/package/install.sh $(p) $(PROGRAM_FOLDER)$(p) $(SPEAKER_FOLDER)$(p) &&) true
	$(Q)install -D -m 644 LICENSE '$(DESTDIR)$(PREFIX)/share/doc/staunch/LICENSE'
	$(if $(BACKENDS_INSTALLED),$(Q)install -d '$(DESTDIR)$(PREFIX)/lib/staunch')
	$(if $(BACKENDS_INSTALLED),$(Q)install $(BACKENDS_INSTALLED) '$(DESTDIR)$(PREFIX)/lib/staunch/')
	@echo 'Installed below $(DESTDIR)$(PREFIX) and $(DESTDIR)/etc/staunch. Next, as root:'
	@echo '  systemd-sysusers; systemd-tmpfiles --create   # or: useradd --system --home /var/lib/staunch staunch'
	@sed 's/@PROGRAM@/staunch/g; s/^/  /' src/package/next

# build/NAME_VERSION_ARCH.deb and build/container/NAME_ARCH.tar; $(1) is the folder of the programs below build, $(2)
# Debian's name of the processor.
# Who answers for a package: MAINTAINER, or who says so in Debian's own way.
MAINTAINER ?= $(if $(DEBEMAIL),$(or $(DEBFULLNAME),$(DEBEMAIL)) <$(DEBEMAIL)>,Staunch developers <developers@staunch.example>)
export MAINTAINER
build/maintainer: FORCE
	@mkdir -p $(@D)
	@echo "$$MAINTAINER" | cmp -s - $@ || echo "$$MAINTAINER" >$@

SOURCE_DATE_EPOCH ?= $(shell date -ud $(RELEASED) +%s)
CROSS_TARGETS := $(filter-out $(HOST_ARCH),arm64 armhf)
deb_of = build/$(1)_$(VERSION)_$(2).deb
container_of = build/container/$(1)_$(2).tar
define PACKAGE_RULES
$(PROGRAMS:%=$(call deb_of,%,$(2))): $(call deb_of,%,$(2)): build/$(1)% build/% $$(PACKAGE_FILES) build/maintainer
	$$(call say,DEB,$$@)
	$(Q)SOURCE_DATE_EPOCH=$$(SOURCE_DATE_EPOCH) VENDOR_OUT='$(VENDOR_OUT)' \
		src/package/deb.sh $$* $(VERSION) $(2) build/$(1)$$* build/$$* $$@

$(PROGRAMS:%=$(call container_of,%,$(2))): $(call container_of,%,$(2)): build/$(1)% src/package/container.sh
	$$(call say,TAR,$$@)
	$(Q)SOURCE_DATE_EPOCH=$$(SOURCE_DATE_EPOCH) src/package/container.sh $$< $$@
endef
$(eval $(call PACKAGE_RULES,,$(HOST_ARCH)))
$(foreach t,$(CROSS_TARGETS),$(eval $(call PACKAGE_RULES,$(t)/,$(t))))

# Dynamic, so for this machine only.
BACKEND_DEBS := $(foreach p,$(BACKEND_PROGRAMS),$(call deb_of,$(p),$(HOST_ARCH)))
$(BACKEND_DEBS): $(call deb_of,%,$(HOST_ARCH)): build/% $(PACKAGE_FILES) build/maintainer | build/need/backends
	$(call say,DEB,$@)
	$(Q)SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) src/package/deb_directory.sh $* $(VERSION) $(HOST_ARCH) $< $@

.PHONY: deb container
PACKAGE_ARCH := $(or $(TARGET),$(HOST_ARCH))
deb: $(foreach p,$(PROGRAMS),$(call deb_of,$(p),$(PACKAGE_ARCH))) $(if $(BACKENDS_INSTALLED),$(BACKEND_DEBS))
container: $(foreach p,$(PROGRAMS),$(call container_of,$(p),$(PACKAGE_ARCH)))
	@echo 'Next, an image of one of them: $(PROGRAMS)'
	@echo '  podman build --format docker --platform linux/$(patsubst armhf,arm/v7,$(PACKAGE_ARCH)) -f src/package/Dockerfile \'
	@echo '    --build-arg PROGRAM=staunch --build-arg ARCH=$(PACKAGE_ARCH) -t staunch .'
	@echo '(docker build: the same without --format docker). What to do with it stands in src/package/Dockerfile.'

# -- tests ------------------------------------------------------------------------------------------

UNIT_PROGRAMS := $(UNIT_SOURCES:test/unit/%.c=build/dev/test/%)
GROUP_PROGRAMS := $(GROUP_SOURCES:test/%.c=build/dev/test/%)
E2E_PROGRAMS := $(E2E_SOURCES:%.c=build/dev/%)
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=build/fuzz/fuzz_%)
TEST_PACKAGES := $(foreach p,$(PROGRAMS),$(call deb_of,$(p),$(HOST_ARCH)) $(call container_of,$(p),$(HOST_ARCH))) \
	$(foreach t,$(CROSS_TARGETS),$(call deb_of,staunch,$(t))) $(BACKEND_DEBS)
DEV_STAUNCH := $(abspath build/dev/staunch)
RELEASE_STAUNCH := $(abspath build/staunch)
export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= print_stacktrace=1

# What test/run is given: how many run at once (most wait for something now and then), a group's name, its programs.
RUN := test/run -j $(shell expr $$(nproc) \* 2)
scripts = $(sort $(wildcard test/$(1)/test_*.py test/$(1)/test_*.sh))
# Folders of these are on a disk, as an owner's are; and some make a root of their own, which has another /dev.
ON_DISK := TMPDIR=$(or $(TMPDIR),/tmp)
with = $(foreach s,$(2),'STAUNCH=$(1) $(ON_DISK) $(s)')
RUN_UNIT := @unit $(UNIT_PROGRAMS)
RUN_FUZZ_REPLAY := @fuzz-replay $(FUZZ_NAMES:%='test/fuzz/run replay %')
RUN_FUZZ_SMOKE := @fuzz-smoke $(FUZZ_NAMES:%='test/fuzz/run smoke % $(FUZZ_SMOKE_SECONDS)')
RUN_DIALOGUE := @dialogue $(filter build/dev/test/dialogue/%,$(GROUP_PROGRAMS))
RUN_E2E := @e2e $(call with,$(DEV_STAUNCH),$(call scripts,e2e))
# The program that is shipped has other flags and another C library: what could differ by that is tried again.
E2E_AGAIN := start install versions smtp relay_tls load origin imap imap_compress search jmap jmap_push jmap_websocket
RUN_E2E_RELEASE := @e2e-release $(call with,$(RELEASE_STAUNCH),$(E2E_AGAIN:%=test/e2e/test_%.py))
RUN_CRASH := @crash $(filter build/dev/test/crash/%,$(GROUP_PROGRAMS)) \
	$(call with,$(RELEASE_STAUNCH),$(call scripts,crash))
RUN_CROSS := @cross $(foreach t,$(CROSS_TARGETS),'$(ON_DISK) test/cross/run $(t) $(call deb_of,staunch,$(t))')

.PHONY: unit-programs test-unit $(ROOMS:%=test-unit-%)
unit-programs: $(UNIT_PROGRAMS)
test-unit: $(UNIT_PROGRAMS)
	@$(RUN) $(RUN_UNIT)
define ROOM_TEST
test-unit-$(1): $(filter build/dev/test/$(1)/%,$(UNIT_PROGRAMS))
	@$(RUN) $$^
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM_TEST,$(r))))

.PHONY: test-dialogue test-e2e test-crash test-cross fuzz-replay fuzz-smoke $(FUZZ_NAMES:%=fuzz-%) test
test-dialogue: $(GROUP_PROGRAMS)
	@$(RUN) $(RUN_DIALOGUE)
test-e2e: $(PROGRAMS:%=build/dev/%) $(BACKEND_PROGRAMS:%=build/dev/%) $(E2E_PROGRAMS) $(TEST_PACKAGES) build/need/test
	@$(RUN) -t 600 $(RUN_E2E)
test-crash: $(PROGRAMS:%=build/%) $(GROUP_PROGRAMS) build/need/test
	@$(RUN) -t 600 $(RUN_CRASH)
test-cross: $(foreach t,$(CROSS_TARGETS),$(PROGRAMS:%=build/$(t)/%)) $(TEST_PACKAGES) build/need/test
	@$(RUN) $(RUN_CROSS)
fuzz-replay: $(FUZZ_PROGRAMS)
	@$(RUN) $(RUN_FUZZ_REPLAY)
fuzz-smoke: $(FUZZ_PROGRAMS)
	@$(RUN) $(RUN_FUZZ_SMOKE)
$(FUZZ_NAMES:%=fuzz-%): fuzz-%: build/fuzz/fuzz_%
	@test/fuzz/run fuzz $* $(FUZZ_SECONDS)

# Those that wait most come first, and those that only compute fill the gaps.
test: build/need/test release dev $(BACKEND_PROGRAMS:%=build/dev/%) $(E2E_PROGRAMS) $(GROUP_PROGRAMS) $(FUZZ_PROGRAMS) \
		$(foreach t,$(CROSS_TARGETS),$(PROGRAMS:%=build/$(t)/%)) $(TEST_PACKAGES)
	@$(RUN) -t 900 $(RUN_E2E) $(RUN_E2E_RELEASE) $(RUN_CRASH) $(RUN_CROSS) $(RUN_DIALOGUE) $(RUN_UNIT) \
		$(RUN_FUZZ_REPLAY) $(RUN_FUZZ_SMOKE)

# -- checks -----------------------------------------------------------------------------------------

# The two checkers look at one file at a time and again only after a change of it, of a header of it, or of their
# settings: the list of its headers, which is then made anew, stands for "changed". clang-tidy says what clang warns
# of, too. Of cppcheck, the messages are off that tell of headers it did not look for, of branches it did not count
# to the end, and the two that come from misreading compound literals among arguments and in conditional expressions.
CPPCHECK_OFF := missingInclude normalCheckLevelMaxBranches unknownEvaluationOrder internalAstError
CHECKED := $(ROOM_SOURCES) $(UNIT_SOURCES) $(GROUP_SOURCES) $(TEST_LIB_SOURCES) $(E2E_SOURCES) $(FUZZ_SOURCES) $(BENCH_SOURCES)
CLANG_READ = $(filter-out -MMD -MP,$(wordlist 2,99,$(clang_COMPILE))) $(BANNED) $(ROOM_FLAGS)

build/read/%.ok: %.c build/clang/command | $(GENERATED_HEADERS) build/clang/gen/versions.h $(clang_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CLANG_READ) -MM -MP -MT $@ -MF $(@:.ok=.d) $<
	@touch $@
-include $(shell find build/read -name '*.d' 2>/dev/null)

build/tidy/%.ok: build/read/%.ok .clang-tidy
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $*.c -- $(CLANG_READ) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

build/cppcheck/%.ok: build/read/%.ok
	@mkdir -p $(@D)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --std=c11 --max-configs=1 \
		$(CPPCHECK_OFF:%=--suppress=%) -D_GNU_SOURCE -DDEV=1 -Isrc -Itest -Ibuild/gen -Ibuild/clang/gen \
		$*.c >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@

.PHONY: check check-gcc check-tidy check-cppcheck
check: build/need/test
	+@test/check/run
# What is shipped, as it is shipped, and what measures it; tests have gcc's warnings when make DEV=1 compiles them.
check-gcc: $(patsubst %.c,build/release/obj/%.o,$(filter-out $(BACKEND_SOURCES),$(ROOM_SOURCES)) $(BENCH_SOURCES)) \
		$(BACKEND_SOURCES:%.c=build/backends/obj/%.o)
check-tidy: $(CHECKED:%.c=build/tidy/%.ok)
check-cppcheck: $(CHECKED:%.c=build/cppcheck/%.ok)

# -- the rest ---------------------------------------------------------------------------------------

.PHONY: demo bench clean help
demo: $(PROGRAMS:%=build/%)
	@STAUNCH=$(RELEASE_STAUNCH) ONCE=$(ONCE) test/demo/demo.sh

bench: $(if $(PEERS),build/need/peers) $(PROGRAMS:%=build/%) $(BENCH_SOURCES:test/bench/%.c=build/release/test/bench/%)
	@STAUNCH=$(RELEASE_STAUNCH) PEERS=$(PEERS) test/bench/run

# The vendored libraries stay; `rm -rf build` removes them too.
clean:
	rm -rf $(filter-out build/vendor build/need,$(wildcard build/*))

help:
	@echo 'make                    the static release programs: build/staunch ..'
	@echo 'make backends           the programs that ask PostgreSQL, MariaDB or LDAP for accounts'
	@echo 'make demo [ONCE=1]      build, start two private servers, send and read mail, stay up (or end)'
	@echo 'make test               install what the tests need, then run all of them'
	@echo 'make check              format, layers, lengths, banned calls, RFC list, cppcheck, clang-tidy, warnings'
	@echo 'make bench [PEERS=1]    measure; with PEERS=1 also install the peers to compare with'
	@echo 'make DEV=1 [CC=clang]   debug build with sanitizers: build/dev/staunch, and the unit tests'
	@echo 'make TARGET=arm64       cross build (or armhf): build/arm64/staunch'
	@echo 'make SYSTEM_LIBS=1      dynamic build with the libraries of the distribution: build/system/staunch'
	@echo 'make install            programs, manual pages, systemd unit .. to $$(DESTDIR)$$(PREFIX), PREFIX=$(PREFIX)'
	@echo 'make deb                a Debian package of each version: build/*.deb; with TARGET=arm64, armhf for those'
	@echo '                        after make backends, also of those; MAINTAINER="Ann <ann@example.org>" answers for them'
	@echo 'make container          what an image of each version has in it: build/container/*.tar'
	@echo 'make test-unit          the unit tests; one room: make test-unit-ROOM'
	@echo 'make test-dialogue      the protocol dialogues; also test-e2e, test-crash, test-cross'
	@echo 'make fuzz-PARSER        fuzz for FUZZ_SECONDS=$(FUZZ_SECONDS); parsers: $(FUZZ_NAMES)'
	@echo 'make fuzz-replay        run all corpora once; fuzz-smoke: fuzz each $(FUZZ_SMOKE_SECONDS) s'
	@echo 'make clean              remove what was built from our sources'
	@echo 'V=1 shows the commands, VENDOR_DL=FOLDER gives the library sources on a machine without a network.'
