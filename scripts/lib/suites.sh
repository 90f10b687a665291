# The suites of scripts/test and their reports; sourced after common.sh and build.sh.
#
# A suite is a function suite_NAME. It prints nothing on the terminal, leaves its output in
# $LOGS/NAME.log, adds to `passed` and `failed`, and sets `again` to the command that repeats it.
# shellcheck shell=bash

LOGS=$LOWBAND_ROOT/build/logs
STAMPS=$LOWBAND_ROOT/build/passed
total_passed=0
total_failed=0
failed_suites=
passed=0
failed=0
again=

# How long each suite took when it last passed, in any checkout.
DURATIONS=$LOWBAND_CACHE/durations

# announce SUITE: shows on a terminal the running suite and its expected time; report() replaces it.
announce() {
  [ -t 1 ] || return 0
  local last=
  [ -f "$DURATIONS/$1" ] && last=", took $(cat "$DURATIONS/$1") s when it last passed"
  printf '%-8s running since %s%s\r' "$1" "$(date +%H:%M:%S)" "$last"
}

# report SUITE RESULT SECONDS DETAIL
report() {
  [ ! -t 1 ] || printf '\033[K'
   printf '%-8s %-7s %5s s  %s\n' "$@"
}

# All inputs of a suite's result: the sources and the compilers.
run_key() {
  {
    git -C "$LOWBAND_ROOT" ls-files -z -co --exclude-standard -- . ':!*.md' |
      (cd "$LOWBAND_ROOT" && xargs -0 sha256sum 2>/dev/null)
    for tool in g++ clang++ cmake go "$(venv_interpreter)"; do
      "$tool" --version 2>/dev/null || "$tool" version 2>/dev/null
    done
    dpkg-query -W 2>/dev/null
    ls "$LOWBAND_CACHE/mbedtls" 2>/dev/null
    helm_tools_dir
    images_tools_dir
  } | sha256sum | cut -c1-32
}

# run_suite NAME FORCE
run_suite() {
  local name=$1 force=$2 started=$SECONDS stamp=$STAMPS/$1 key
  key=$(run_key)
  if [ -z "$force" ] && [ -f "$stamp" ] && [ "$(cut -d' ' -f1 "$stamp")" = "$key" ]; then
    passed=$(cut -d' ' -f2 "$stamp")
    total_passed=$((total_passed + passed))
    report "$name" "ok" 0 "$passed passed before on these sources (--force runs them again)"
    return
  fi
  passed=0 failed=0 again="scripts/test --suite $name"
  rm -f "$stamp"
  announce "$name"
  "suite_$name" >"$LOGS/$name.log" 2>&1 || [ "$failed" -gt 0 ] || failed=1
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  if [ "$failed" -eq 0 ]; then
    report "$name" ok $((SECONDS - started)) "$passed passed"
    printf '%s %s\n' "$key" "$passed" >"$stamp"
    mkdir -p "$DURATIONS" && echo $((SECONDS - started)) >"$DURATIONS/$name"
  else
    report "$name" FAILED $((SECONDS - started)) "$passed passed, $failed failed"
    failed_suites+=" $name"
    tail -n "${LOWBAND_TAIL_LINES:-80}" "$LOGS/$name.log" | sed 's/^/  | /'
    say "  whole output: build/logs/$name.log"
    say "  run again:    $again"
  fi
}

# configure_and_build PRESET [TARGET…]: waits for a build of the same preset that is under way.
configure_and_build() {
  local preset=$1
  shift
  mkdir -p "$LOWBAND_ROOT/build/locks"
  (
    flock 9
    cmake --preset "$preset" </dev/null &&
      cmake --build --preset "$preset" --parallel "$(build_jobs)" ${1:+--target "$@"} </dev/null
  ) 9>"$LOWBAND_ROOT/build/locks/$preset"
}

# build_ahead SUITE…: builds what these suites will need, in their order, while the end-to-end tests
# leave the processors idle, at the lowest priority. A suite then finds it built, or waits for it;
# one whose build failed builds again, and reports that.
build_ahead() {
  renice -n 19 -p "$BASHPID" >/dev/null
  local suite
  for suite in "$@"; do
    case $suite in
      asan | tsan) configure_and_build "$suite" lowband_tests ;;
      fuzz) configure_and_build fuzz lowband_fuzzers ;;
    esac
  done >"$LOGS/build-ahead.log" 2>&1
}

# run_ctest PRESET JOBS CTEST-ARGUMENT…: runs and counts. It fails if there is no test.
run_ctest() {
  local preset=$1 jobs=$2 output status summary bad all
  shift 2
  output=$(mktemp)
  ctest --preset "$preset" --parallel "$jobs" "$@" </dev/null 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  again="ctest --preset $preset --rerun-failed $*"
  # "97% tests passed, 2 tests failed out of 66"
  summary=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests* failed out of \([0-9]*\).*/\1 \2/p' \
    "$output")
  rm -f "$output"
  read -r bad all <<<"${summary:-1 1}"
  failed=$((failed + bad))
  passed=$((passed + all - bad))
  return "$status"
}

# Sockets, timers and processes of the integration tests need some processor time of their own.
test_jobs() { nproc; }

suite_quick() {
  configure_and_build dev lowband_tests && run_ctest dev "$(test_jobs)" -L '^(unit|lockstep|tidy)$'
}

suite_release() {
  configure_and_build release && run_ctest release "$(test_jobs)" -LE '^e2e$'
}

# run_pytest PYTHON SECONDS RESULTS ARGUMENT…: runs on the release build, and counts.
run_pytest() {
  local python=$1 seconds=$2 results=$3 status
  shift 3
  rm -f "$results"
  LOWBAND_BIN_DIR=$LOWBAND_ROOT/build/release/bin PYTHONDONTWRITEBYTECODE=1 \
    PATH=$PATH:$PROMETHEUS_BIN \
    timeout --kill-after=30 "$seconds" "$python" -m pytest -q --junit-xml="$results" "$@" </dev/null
  status=$?
  count_junit "$results" || return
  return "$status"
}

# run_e2e ARGUMENT…
run_e2e() {
  configure_and_build release &&
    run_pytest "$(venv_dir)/bin/python" "${LOWBAND_E2E_SECONDS:-1200}" \
      "$LOWBAND_ROOT/build/e2e.xml" -p no:cacheprovider "$@" tests/e2e
}

suite_e2e() { run_e2e; }

suite_smoke() { run_e2e -m smoke; }

suite_helm() {
  local tools
  tools=$(helm_tools_dir)
  configure_and_build release lowband-edge lowband-translator lb-proxy lowband || return
  LOWBAND_HELM_TOOLS=$tools run_pytest "$tools/venv/bin/python" 600 \
    "$LOWBAND_ROOT/build/helm.xml" tests/helm
}

suite_images() {
  images_build || return
  LOWBAND_IMAGES=$LOWBAND_ROOT/build/images PATH=$(images_tools_dir)/bin:$PATH \
    run_pytest "$(images_tools_dir)/bin/python" 600 "$LOWBAND_ROOT/build/images.xml" tests/images
}

# Counts the cases of a JUnit file. A skipped one counts as failed, since it proves nothing.
count_junit() {
  local counts bad all
  counts=$("$(venv_interpreter)" - "$1" <<'END'
import sys
from xml.etree import ElementTree
cases = list(ElementTree.parse(sys.argv[1]).getroot().iter('testcase'))
print(sum(1 for case in cases if len(case.findall('failure') + case.findall('error') +
                                     case.findall('skipped'))), len(cases))
END
  ) || return
  read -r bad all <<<"$counts"
  failed=$((failed + bad))
  passed=$((passed + all - bad))
}

suite_asan() {
  configure_and_build asan lowband_tests && run_ctest asan "$(test_jobs)" -LE '^e2e$'
}

suite_tsan() {
  configure_and_build tsan lowband_tests && run_ctest tsan "$(test_jobs)" -LE '^e2e$'
}

suite_fuzz() {
  configure_and_build fuzz lowband_fuzzers && run_ctest fuzz "$(nproc)" -L '^fuzz$'
}

suite_lint() {
  again=scripts/lint
  if [ ! -f build/release/compile_commands.json ]; then
    cmake --preset release || return
  fi
  # clang-tidy reads the headers that the build generates.
  cmake --build build/release --target lowband_proto_grpc --parallel "$(build_jobs)" || return
  scripts/lint || return
  passed=1
}

# The names of the test programs of a preset's build.
test_programs() { ctest --preset "$1" -N | sed -n 's/^ *Test *#[0-9]*: //p'; }

# run_named NAME: one test by its name, on the terminal. NAME is a test program (lockstep_test), one
# with a filter of its cases (lockstep_test:Window.*), or a test of tests/e2e (its file, its
# function, or a part of that).
run_named() {
  local program=${1%%:*} filter='*'
  [ "$program" = "$1" ] || filter=${1#*:}
  cmake --preset release >/dev/null || return
  if cmake --build --preset release --target help | grep -q "^$program: "; then
    cmake --build --preset release --parallel "$(build_jobs)" --target "$program" || return
    "build/release/bin/$program" --gtest_filter="$filter"
  elif test_programs release | grep -qx "$1"; then
    ctest --preset release -R "^$1\$"
  elif grep -rqE "def test_\w*${1#test_}|^$1" tests/e2e --include='test_*.py' ||
    [ -f "tests/e2e/${1%.py}.py" ]; then
    run_e2e -k "${1%.py}"
  else
    die "no test is called $1: see scripts/test --list"
  fi
}

# Every test by name.
list_tests() {
  cmake --preset release >/dev/null || return
  test_programs release
  (cd tests/e2e && sed -n 's/^def \(test_[a-z0-9_]*\).*/\1/p' test_*.py)
}
