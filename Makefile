# The two commands: make demo, make test. Nothing is needed before them but python3 (3.11 or newer) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
# What the fault in `make demo FAULT=…` may be: rollcall's causes, such as scheduler-stopped.
FAULT ?=

.PHONY: help demo check test quick lint faults bench engines engines-light browser postgres repositories databases clocks ways files places monitoring images clean

help:
	@echo "make demo                          a staged morning of a real scheduler, judged: reports/morning.html"
	@echo "make demo FAULT=scheduler-stopped  the same with that fault in it"
	@echo "make check                         your own jobs.toml, judged"
	@echo "make test                          lint, types and tests"
	@echo "make quick                         lint, types and the fast tests; it leaves out each file of tests that imports"
	@echo "                                   what starts processes, opens sockets, waits or simulates years, and whatever"
	@echo "                                   Hypothesis searches for"
	@echo "make faults                        what is found of each fault, and every cause: docs/"
	@echo "make bench                         how fast it is, as ratios"
	@echo "make engines                       real schedulers, installed, started, broken and judged (an hour; engines-light: minutes)"

demo: $(VENV)/installed-demo
	$(BIN)/pytest checks/ --demo $(FAULT)

check: $(VENV)/installed-demo
	$(BIN)/pytest checks/

test: lint browser postgres repositories clocks files places monitoring
	$(BIN)/pytest tests/ -n 2 --dist loadfile

quick: lint
	$(BIN)/pytest tests/ --quick -n 2 --dist loadfile

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# docs/faults.md and docs/when-a-morning-is-red.md are never typed; a test says where they are no longer true.
faults: $(VENV)/installed-test
	$(BIN)/python -m fixtures.mornings_made
	$(BIN)/python -m fixtures.faults_table > docs/faults.md
	$(BIN)/python -m fixtures.red_page > docs/when-a-morning-is-red.md

bench: $(VENV)/installed-test
	$(BIN)/python -m benchmarks

# Each test of engines/ installs what it needs below .engines/; what takes minutes to install is marked heavy.
engines: $(VENV)/installed-test postgres databases clocks ways images
	$(BIN)/pytest engines/

engines-light: $(VENV)/installed-test postgres databases clocks ways
	$(BIN)/pytest engines/ -m "not heavy"

# The tests of the page look at it in a real browser; without one they are skipped, and in CI that is a failure.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing chromium" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	|| echo "No Chromium: the tests that look at the page will be skipped. Install it: sudo apt-get install chromium"

# The tests of the database look into a real PostgreSQL that they start; Debian keeps its programs out of the PATH.
postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing postgresql" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; } \
	|| echo "No PostgreSQL: the tests that look into it will be skipped. Install it: sudo apt-get install postgresql"

# The tests of what commands list back up into real repositories.
repositories:
	@{ command -v restic && command -v borg && command -v pgbackrest; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing restic, borg and pgBackRest" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq restic borgbackup pgbackrest >/dev/null; } \
	|| echo "No restic, borg or pgBackRest: the tests of them will be skipped. Install them: sudo apt-get install restic borgbackup pgbackrest"

# Engines that live in a database, or beside one: pg_cron for the PostgreSQL that is installed, Redis for Celery.
databases: postgres
	@{ ls /usr/lib/postgresql/*/lib/pg_cron.so && command -v redis-server; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing pg_cron and Redis" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server \
	        "postgresql-$$(ls /usr/lib/postgresql | head -1)-cron" >/dev/null; } \
	|| echo "No pg_cron or no Redis: their engines will be skipped. Install them: sudo apt-get install postgresql-15-cron redis-server"

# The tests of outputs read what these programs write: archives, what is encrypted, databases.
files:
	@{ command -v age && command -v gpg && command -v sqlite3 && command -v zstd && command -v xz && command -v zip; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing age, gpg, sqlite3, zstd, xz and zip" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq age gpg sqlite3 zstd xz-utils zip >/dev/null; } \
	|| echo "No age, gpg, sqlite3, zstd, xz or zip: the tests that read what they write will be skipped. Install them: sudo apt-get install age gpg sqlite3 zstd xz-utils zip"

# The tests of `rollcall install` write a crontab (nobody's) and ask systemd, with the programs themselves.
clocks:
	@{ command -v crontab && command -v pgrep && command -v systemd-analyze; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing cron and systemd" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq cron procps systemd >/dev/null; } \
	|| echo "No crontab or no systemd-analyze: the tests that use them will be skipped. Install them: sudo apt-get install cron procps systemd"

# The engines' tests ask a machine over ssh, with a key that may only look, and start something there as another user.
ways:
	@{ command -v ssh-keygen && command -v sudo && test -x /usr/sbin/sshd; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing openssh and sudo" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-server sudo >/dev/null; } \
	|| echo "No sshd or no sudo: the tests that use them will be skipped. Install them: sudo apt-get install openssh-server sudo"

# Outputs lie behind a real sshd and a real nginx; the two object stores come with the Python packages.
places:
	@{ command -v ssh-keygen && test -x /usr/sbin/sshd && test -x /usr/sbin/nginx \
	   && test -e /usr/lib/nginx/modules/ngx_http_dav_ext_module.so; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing openssh and nginx" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-server nginx-light \
	        libnginx-mod-http-dav-ext >/dev/null; } \
	|| echo "No sshd or no nginx: the tests of places will be skipped. Install them: sudo apt-get install openssh-server nginx-light libnginx-mod-http-dav-ext"

# What is alerted and what is counted is read by the real programs.
monitoring:
	@{ command -v prometheus && command -v prometheus-alertmanager && command -v prometheus-node-exporter \
	   && command -v prometheus-pushgateway && command -v curl && command -v jq; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing Prometheus and its Alertmanager" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus \
	        prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway curl jq >/dev/null; } \
	|| echo "No Prometheus, Alertmanager, node exporter or Pushgateway: the tests that run them will be skipped. Install them: sudo apt-get install prometheus prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway curl jq"

# deploy/Dockerfile is built without a daemon and without a registry, on a Debian that is made for it.
images:
	@{ command -v buildah && command -v debootstrap; } >/dev/null 2>&1 \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing buildah and debootstrap" \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq buildah debootstrap >/dev/null; } \
	|| echo "No buildah or no debootstrap: the test of the image will be skipped. Install them: sudo apt-get install buildah debootstrap"

$(VENV)/installed-test: pyproject.toml constraints.txt $(VENV)/created
	$(PIP) pip  # one that knows dependency groups
	$(PIP) --editable . --group test
	@touch $(VENV)/installed-demo $@

$(VENV)/installed-demo: pyproject.toml constraints.txt $(VENV)/created
	$(PIP) --editable .
	@touch $@

# Anew where PYTHON is given and is another version than it was made with.
VERSION := import sys; print(*sys.version_info[:2], sep=".")
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -c '$(VERSION)'),$(shell $(BIN)/python -c '$(VERSION)' 2>/dev/null))
.PHONY: $(VENV)/created
endif
endif

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Roll call needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@rm -rf $(VENV); $(PYTHON) -m venv $(VENV) \
	|| { rm -rf $(VENV); echo "No virtual environment could be made. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis
