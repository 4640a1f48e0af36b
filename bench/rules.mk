# SPDX-License-Identifier: Apache-2.0
# What measures the module, and the tables that are made.

BENCH_PACKAGES := libapache2-mod-auth-openidc iproute2 wrk gunicorn \
	python3-flask python3-flask-login python3-flask-sqlalchemy

.PHONY: need-bench
need-bench:
	$(call need,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES) $(BENCH_PACKAGES))

## bench: what requests cost; BENCH="--only paths --count 20" for a quick look
.PHONY: bench
bench: need-bench
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench $(BENCH)

## bench-figures: bench/figures.json anew, which t/cost compares with
.PHONY: bench-figures
bench-figures: need-test
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench --figures

## bench-scale: what grows and what does not; as root, for the network
.PHONY: bench-scale
bench-scale: need-bench
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B -m bench.signin
	@$(PYTHON) -B -m bench.many
	@$(PYTHON) -B -m bench.growth
	@$(PYTHON) -B -m bench.start
	@$(PYTHON) -B -m bench.capacity

## docs: the tables of docs/security.md and docs/performance.md anew
.PHONY: docs
docs:
	@$(PYTHON) -B t/guard/security_table.py
	@$(PYTHON) -B -m bench --render
