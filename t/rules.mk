# SPDX-License-Identifier: Apache-2.0
# What proves the module: the programs of t/unit and t/fuzz, and the runs that
# take more than `make test`.  t/README.md says what each is for.

TEST_PACKAGES := apparmor debhelper gdb iproute2 python3-yaml libaprutil1-dbd-pgsql postgresql pgbouncer libcmocka-dev clang \
	python3-pytest python3-pytest-xdist python3-psycopg2 python3-selenium \
	python3-h2 libnet-oauth-perl \
	chromium chromium-driver faketime valgrind curl git procps wrk locales nginx-light caddy \
	python3-flask python3-django gunicorn
# what docs/support.md names, and few sites have; and what is large
TEST_FULL_PACKAGES := libapache2-mod-wsgi-py3 php-fpm firefox-esr webkit2gtk-driver xvfb \
	subversion libapache2-mod-svn libcgi-pm-perl liblua5.1-0 nodejs node-express node-ws \
	uwsgi-core uwsgi-plugin-python3 python3-sphinx \
	default-jre-headless tomcat10-common
LINT_PACKAGES := cppcheck clang-tidy shellcheck
FUZZ_PACKAGES := clang libclang-rt-dev
COVERAGE_PACKAGES := $(FUZZ_PACKAGES) llvm
# of these only the files are taken; and what DokuWiki, MediaWiki and WordPress need
TEST_APPLICATIONS := dokuwiki mediawiki mediawiki-classes wordpress cgit prometheus
TEST_FULL_PACKAGES += php-xml php-mbstring php-intl php-curl php-gd php-sqlite3 php-mysql \
	php-geshi libphp-simplepie php-phpseclib mariadb-server-core mariadb-client-core

.PHONY: need-test need-lint need-fuzz
# the files of a package of Debian's in FOLDER/files; it is not installed, for that may
# start a server, change httpd's configuration, and add jobs: $(call fetch,PACKAGE,FOLDER)
fetch = echo "  fetching $(1)" && rm -rf $(2) && mkdir -p $(2) && ( cd $(2) && \
	if [ "$$(id -u)" = 0 ]; then as=; else as="sudo -n"; fi && \
	{ apt-get download -qq $(1) 2>/dev/null || \
	  { $$as apt-get update -qq && apt-get download -qq $(1); }; } && \
	dpkg-deb -x *.deb files )
# the judge of metrics and of rules for alerts; where it cannot be fetched, its tests
# are skipped
$(BUILD)/promtool:
	@mkdir -p $(@D)
	@if found=$$(command -v promtool); then ln -sf "$$found" $@; else \
		{ $(call fetch,prometheus,$@.deb) && mv $@.deb/files/usr/bin/promtool $@; } || \
		echo "  promtool cannot be had: its tests are skipped"; \
	fi; rm -rf $@.deb
$(BUILD)/apps/%:
	@$(call fetch,$*,$@.deb) && mv $@.deb/files $@ && rm -rf $@.deb
need-test: $(BUILD)/promtool
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES))
need-lint:
	$(call need,$(BUILD_PACKAGES) $(LINT_PACKAGES))
need-fuzz:
	$(call need,$(BUILD_PACKAGES) $(FUZZ_PACKAGES))

# ---- programs --------------------------------------------------------------

UNIT_TESTS := $(patsubst t/unit/%.c,$(BUILD)/t/%,$(wildcard t/unit/*/test_*.c)) \
	$(BUILD)/t/targets
FUZZ_TESTS := $(patsubst t/fuzz/%.c,$(BUILD)/t/%,$(wildcard t/fuzz/fuzz_*.c))

## tests: build the unit tests and the fuzz targets
.PHONY: tests
tests: $(UNIT_TESTS) $(FUZZ_TESTS)

$(UNIT_TESTS): $(BUILD)/t/%: t/unit/%.c $(CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -Wno-format-nonliteral -It/unit -o $@ $< $(CORE_LIB) \
		$(LDFLAGS) $(LIBS) $(APR_LIBS) -lcmocka

# the glue's targets: with all of it but admin/, the directives, and what t/fuzz
# stands in for: what is below a statement of the database, and a start
FUZZ_ROOMS := request login auth store config
FUZZ_WITHOUT := auth/authz auth/sign_answer auth/sign_call auth/sign_form \
	config/directives config/exposed config/notices config/protocols \
	config/setters config/start store/alive store/db store/gate \
	store/link store/outage store/rights store/session_list store/version
FUZZ_GLUE := $(patsubst %.c,$(BUILD)/%.o,$(filter-out \
	$(FUZZ_WITHOUT:%=src/%.c),$(sort $(wildcard $(FUZZ_ROOMS:%=src/%/*.c)))))
FUZZ_GLUE_TESTS := $(BUILD)/t/fuzz_cookie $(BUILD)/t/fuzz_request
FUZZ_GLUE_PARTS := t/fuzz/server.c t/fuzz/httpd.c t/fuzz/database.c \
	$(FUZZ_GLUE)
$(FUZZ_GLUE_TESTS): FUZZ_PARTS = -I$(shell $(APXS) -q INCLUDEDIR) \
	$(FUZZ_GLUE_PARTS)
$(FUZZ_GLUE_TESTS): $(FUZZ_GLUE_PARTS) t/fuzz/server.h t/fuzz/parts.h
# a main() that replays; `make fuzz` puts libFuzzer's in its place
FUZZ_MAIN := t/fuzz/replay.c

$(FUZZ_TESTS): $(BUILD)/t/%: t/fuzz/%.c t/fuzz/pool.c t/fuzz/fuzz.h \
		$(FUZZ_MAIN) $(CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CFLAGS) $(CORE_FLAGS) -o $@ $< t/fuzz/pool.c $(FUZZ_MAIN) \
		$(FUZZ_PARTS) $(CORE_LIB) $(LDFLAGS) $(LIBS) $(APR_LIBS)

-include $(UNIT_TESTS:=.d) $(FUZZ_TESTS:=.d)

# ---- runs ------------------------------------------------------------------

PYTEST := $(PYTHON) -B -m pytest -q -p no:cacheprovider -c t/pytest.ini

## test-full: make test at the sizes that docs/security.md speaks of, the package, the RPM: an hour
.PHONY: test-full
test-full: need-test $(TEST_APPLICATIONS:%=$(BUILD)/apps/%)
	$(call need,$(TEST_FULL_PACKAGES))
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@TWAUTH_BUILD=$(BUILD) $(PYTEST) -n 2 --dist loadfile --full t $(TESTS)
	@$(MAKE) --no-print-directory test-package rpm

## snapshots: keep what DUMP_TWAUTH says of t/live/admin/snapshots, where it was meant to change
.PHONY: snapshots
snapshots: need-test
	@$(MAKE) --no-print-directory all
	@TWAUTH_SNAPSHOTS=renew $(PYTEST) t/live/admin/test_config_snapshots.py
	@git --no-pager diff --stat -- t/live/admin/snapshots

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
## test-asan: unit and live tests with AddressSanitizer and UBSan
# use_sigaltstack: else ASan now and then finds fault with its own end of a thread
.PHONY: test-asan
test-asan: need-test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror $(SANITIZE)" FORTIFY=0 all tests
	@TWAUTH_BUILD=$(BUILD)/asan TWAUTH_MODULE=$(BUILD)/asan/mod_twauth.so \
	 TWAUTH_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	 ASAN_OPTIONS=use_sigaltstack=0 \
		$(PYTEST) -n 2 --dist loadfile t/unit t/live t/soak $(TESTS)

## coverage: which lines of src/ unit and live tests run, by room; below 95 % it fails
# The counters are in files that all processes of httpd have in common, so that
# also those count that are killed.  What is not run: build/coverage/missed.
# COVER=t/live/x: only those tests, added to what was run before.
COVERAGE := $(BUILD)/coverage
COVERAGE_FLAGS = -fcoverage-mapping -mllvm -runtime-counter-relocation \
	-fprofile-instr-generate=$(abspath $(COVERAGE))/%c%m.profraw
COVERAGE_LEAST := 95
# what looks at a process's mappings would find those files
COVERAGE_NOT := faults/test_fault_httpd.py::test_nothing_has_a_name_that_could_be_left \
	config/test_httpd_restarts.py::test_CF_2_fifty_graceful_restarts_under_load
.PHONY: coverage need-coverage
need-coverage: need-test
	$(call need,$(COVERAGE_PACKAGES))
	@$(MAKE) --no-print-directory BUILD=$(COVERAGE) CC=clang CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="$(COVERAGE_FLAGS)" FORTIFY=0 all tests
coverage: need-coverage
	$(if $(COVER),,@rm -f $(COVERAGE)/*.profraw)
	@# the module's file is there, for whoever runs httpd to write
	@umask 0; $$($(APXS) -q SBINDIR)/$$($(APXS) -q PROGNAME) -f /dev/null -t \
		-C "LoadModule twauth_module $(abspath $(COVERAGE))/mod_twauth.so" \
		> /dev/null 2>&1 || true
	@TWAUTH_BUILD=$(COVERAGE) TWAUTH_MODULE=$(COVERAGE)/mod_twauth.so $(PYTEST) \
		-n 2 --dist loadfile $(COVERAGE_NOT:%=--deselect live/%) \
		$(or $(COVER),t/unit t/live) $(TESTS); failed=$$?; \
	llvm-profdata merge -o $(COVERAGE)/profile $(COVERAGE)/*.profraw; \
	llvm-cov show -instr-profile=$(COVERAGE)/profile $(COVERAGE)/mod_twauth.so | \
		awk '/^\//{ f = $$0; ours = sub(".*/src/", "src/", f) } \
			ours && /^ +[0-9]+\| +0\|/{ print f $$0 }' > $(COVERAGE)/missed; \
	$(PYTHON) -B t/coverage.py lines $(COVERAGE)/profile $(COVERAGE_LEAST) \
		$(COVERAGE)/mod_twauth.so && exit $$failed

## fuzz-coverage: the functions of the core that the corpora of the fuzz targets do not reach
.PHONY: fuzz-coverage
fuzz-coverage: need-coverage
	@rm -rf $(COVERAGE)/fuzz
	@for t in $(FUZZ); do \
		LLVM_PROFILE_FILE=$(COVERAGE)/fuzz/%m.profraw \
		$(COVERAGE)/t/$$t t/fuzz/corpus/$${t#fuzz_} > $(COVERAGE)/fuzz.log || \
			{ tail $(COVERAGE)/fuzz.log; exit 1; }; \
	done
	@llvm-profdata merge -o $(COVERAGE)/fuzz/profile $(COVERAGE)/fuzz/*.profraw
	@$(PYTHON) -B t/coverage.py functions $(COVERAGE)/fuzz/profile \
		"$(CORE_ROOMS)" $(COVERAGE)/mod_twauth.so $(FUZZ:%=$(COVERAGE)/t/%)

## test-valgrind: unit tests, corpora, and a minute of the soak under memcheck
MEMCHECK := valgrind -q --vgdb=no
.PHONY: test-valgrind
test-valgrind: need-test
	@$(MAKE) --no-print-directory EXTRA_CFLAGS="-Werror $(EXTRA_CFLAGS)" all tests
	@for t in $(UNIT_TESTS); do echo "  MEMCHECK $$t"; \
		TWAUTH_VECTORS=t/unit/oauth1-vectors.json \
		$(MEMCHECK) --error-exitcode=9 $$t > $$t.memcheck 2>&1 || \
			{ cat $$t.memcheck; exit 1; }; done
	@for t in $(FUZZ_TESTS); do echo "  MEMCHECK $$t"; \
		$(MEMCHECK) --error-exitcode=9 $$t t/fuzz/corpus/$${t##*/fuzz_} \
			> $$t.memcheck 2>&1 || { cat $$t.memcheck; exit 1; }; done
	@SOAK_SECONDS=60 TWAUTH_UNDER="$(MEMCHECK) --log-file={folder}/under.%p" \
		$(PYTEST) -s t/soak $(TESTS)

## test-tsan: many sign-ins at once, and HTTP/2, under ThreadSanitizer
# ThreadSanitizer looks at the module alone; httpd, APR and the libraries are as
# they are.  Prefork has no threads.
.PHONY: test-tsan
test-tsan: need-test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror -fsanitize=thread -fno-omit-frame-pointer" \
		FORTIFY=0 all
	@TWAUTH_MODULE=$(BUILD)/tsan/mod_twauth.so \
	 TWAUTH_PRELOAD="$$($(CC) -print-file-name=libtsan.so)" \
	 TSAN_OPTIONS="ignore_noninstrumented_modules=1:history_size=5" \
		$(PYTEST) --full --protocol=oauth1,oauth2 -k "(CF_3 or HT_2) and not prefork and not chromium" \
		t/live/config/test_httpd_restarts.py t/live/request/test_http2.py $(TESTS)

## fuzz: libFuzzer, ten minutes a target; FUZZ=fuzz_json FUZZ_SECONDS=60 for less
# What it learns stays below the build folder; an input that
# breaks something is named, and belongs into t/fuzz/corpus with the mending.
FUZZ = $(notdir $(FUZZ_TESTS))
FUZZ_SECONDS ?= 600
FUZZ_BUILD := $(BUILD)/fuzz
.PHONY: fuzz
fuzz: need-fuzz
	@$(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="$(SANITIZE) -fsanitize=fuzzer-no-link" FORTIFY=0 \
		LDFLAGS=-fsanitize=fuzzer FUZZ_MAIN= $(FUZZ:%=$(FUZZ_BUILD)/t/%)
	@for t in $(FUZZ); do \
		mkdir -p $(FUZZ_BUILD)/corpus/$$t $(FUZZ_BUILD)/found && \
		$(FUZZ_BUILD)/t/$$t -max_total_time=$(FUZZ_SECONDS) -max_len=10000 \
			-dict=t/fuzz/words -timeout=5 -print_final_stats=1 \
			-artifact_prefix=$(FUZZ_BUILD)/found/ \
			$(FUZZ_BUILD)/corpus/$$t t/fuzz/corpus/$${t#fuzz_} \
			> $(FUZZ_BUILD)/$$t.log 2>&1 || \
			{ tail -40 $(FUZZ_BUILD)/$$t.log; exit 1; }; \
		echo "  $$t: $$(grep -a 'DONE' $(FUZZ_BUILD)/$$t.log)"; \
	done

## soak: ten minutes of everything at once; SOAK_SEED repeats a run's chances
.PHONY: soak
soak: need-test
	@$(MAKE) --no-print-directory all
	@SOAK_SECONDS=$${SOAK_SECONDS:-600} $(PYTEST) -s t/soak --db pgsql $(TESTS)

## growth: steady traffic for an hour, and half of one on SQLite: does anything grow?
.PHONY: growth
growth: need-test
	@$(MAKE) --no-print-directory all
	@SOAK_STEADY=1 SOAK_SECONDS=$${SOAK_SECONDS:-3600} $(PYTEST) -s t/soak --db pgsql $(TESTS)
	@SOAK_STEADY=1 SOAK_SECONDS=$$(($${SOAK_SECONDS:-3600} / 2)) $(PYTEST) -s t/soak --db sqlite $(TESTS)

## mutate: small faults in the core, one at a time: which of them no test of t/unit or t/fuzz notices
# MUTANTS=50 SEED=7 for others; t/mutate/__main__.py says what else it takes
MUTANTS ?= 400
SEED ?= 1
.PHONY: mutate
mutate: need-test
	@TWAUTH_BUILD=$(BUILD) $(PYTHON) -B t/mutate --mutants $(MUTANTS) --seed $(SEED) $(MUTATE)

## analyse: Frama-C over the core: no input of a stated length does what C does not define
.PHONY: analyse
analyse:
	$(call need,$(BUILD_PACKAGES) frama-c-base)
	@TWAUTH_BUILD=$(BUILD) t/analysis/run

## lint: clang's warnings, gcc's analyzer, cppcheck, clang-tidy, shellcheck
.PHONY: lint
lint: need-lint $(CONTROL)
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang \
		EXTRA_CFLAGS="-Werror -Wconversion -Wno-sign-conversion" all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/analyzer CFLAGS="-O1 -g" \
		EXTRA_CFLAGS="-Werror -fanalyzer" all
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
		--inline-suppr --std=c11 -Isrc $(ALL_SRCS)
	clang-tidy --quiet $(ALL_SRCS) -- -std=gnu11 -include stddef.h -I. -Isrc $(APR_FLAGS) \
		$(LIB_FLAGS) -I$(shell $(APXS) -q INCLUDEDIR)
	shellcheck $(CONTROL)

## check-portability: every compiler that is here, -O3, LTO, strict C11, 32 bits
# Each without a warning, and with the tables of the shared memory tried.  What
# cannot be checked here is said.
# $(1): its name; $(2): the program that it needs; $(3): arguments for make
PORT = $(BUILD)/port/$(1)
define port
	@if ! command -v $(2) > /dev/null; then \
		echo "  $(1): NOT checked, there is no $(2)"; exit; \
	fi; \
	mkdir -p $(PORT); \
	$(MAKE) -j2 --no-print-directory BUILD=$(PORT) CC=$(2) $(3) all tests \
		> $(PORT)/log 2>&1 || { tail -30 $(PORT)/log; exit 1; }; \
	for t in $(patsubst $(BUILD)/%,$(PORT)/%,$(filter $(BUILD)/t/shared/%,$(UNIT_TESTS))); do \
		$$t > $(PORT)/log 2>&1 || { tail -30 $(PORT)/log; exit 1; }; \
	done; \
	echo "  $(1): good"

endef
PORT_OTHERS := $(wildcard /usr/bin/gcc-[0-9][0-9] /usr/bin/clang-[0-9][0-9])
PORT_COMPILERS = gcc clang $(foreach cc,$(PORT_OTHERS),$(if $(filter \
	$(realpath $(cc)),$(realpath /usr/bin/gcc /usr/bin/clang)),,$(cc)))
PORT_I386 := $(wildcard /usr/lib/i386-linux-gnu/libapr-1.so)
.PHONY: check-portability
check-portability: need-test
	$(foreach cc,$(PORT_COMPILERS),$(call port,$(notdir $(cc)),$(cc),EXTRA_CFLAGS=-Werror))
	$(call port,O3,gcc,CFLAGS="-O3 -g" EXTRA_CFLAGS=-Werror)
	$(call port,lto,gcc,CFLAGS="-O2 -g -flto=2" AR=gcc-ar EXTRA_CFLAGS=-Werror)
	$(call port,fortify-3,gcc,FORTIFY=3 EXTRA_CFLAGS=-Werror)
	$(call port,c11,gcc,EXTRA_CFLAGS="-std=c11 -pedantic -Werror")
	@$(if $(PORT_I386),,echo "  i386: NOT checked, there is no 32-bit APR \
	(dpkg --add-architecture i386; libapr1-dev:i386 and the others)")
	$(if $(PORT_I386),$(call port,i386,gcc,EXTRA_CFLAGS="-m32 -Werror" LDFLAGS=-m32 PKG_CONFIG=false))
