#!/bin/sh
# Builds the program behind scripts/lesson, scripts/lab, scripts/hub and scripts/test, and runs it.
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1

if ! command -v go >/dev/null 2>&1; then
	echo "scripts/$1 needs Go 1.26.5 or newer, and there is no \"go\" on the PATH. Get it from https://go.dev/dl/" >&2
	exit 1
fi

# No cgo: the program must be able to say that gcc is missing. A name of its own and a rename: another run of
# the scripts may be executing the old file.
mkdir -p "$root/.lesson/bin" || exit 1
bin="$root/.lesson/bin/runner"
if ! CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false go build -C "$root" -o "$bin.$$" ./scripts/internal/runner; then
	rm -f "$bin.$$"
	echo "scripts/$1 could not be built. It needs Go 1.26.5 or newer; this is $(go env GOVERSION)." >&2
	exit 1
fi
mv -f "$bin.$$" "$bin" && exec "$bin" "$root" "$@"
