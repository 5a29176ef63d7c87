#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)

gomod=$(go env GOMOD)
case $gomod in
'' | /dev/null) work= ;;
*) work=$(dirname "$gomod") ;;
esac

# bin has a go and a goimports of its own: see scripts/internal/cell. GoNB tells them of an interrupt by its log.
export PATH="$here/bin:$PATH"
if log=$(mktemp "${TMPDIR:-/tmp}/gonb-log-XXXXXX"); then
	export CELL_LOG="$log"
	set -- "$1" "-extra_log=$log" -vmodule=dispatcher=2
fi

exec "$here/bin/gonb" --kernel "$@" "-go_work=$work"
