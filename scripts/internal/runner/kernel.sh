#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)

gomod=$(go env GOMOD)
case $gomod in
'' | /dev/null) work= ;;
*) work=$(dirname "$gomod") ;;
esac

# In a class, cells of a student whose library is the server's are built from that one: it is compiled already.
same() { diff -rq --exclude=testdata "$LESSON_SHARED/$1" "$work/$1" >/dev/null 2>&1; }
if [ -n "$LESSON_SHARED" ] && [ -n "$work" ] && same lib && same go.mod && same go.sum; then
	work=$LESSON_SHARED
fi

# What --data and --weights named, for kernels that no script of the clone starts, as those of VS Code.
if [ -n "$work" ] && [ -r "$work/.lesson/environment" ]; then
	. "$work/.lesson/environment"
fi

# bin has a go and a goimports of its own: see scripts/internal/cell.
export PATH="$here/bin:$PATH"

if [ -z "$work" ] || ! grep -q transfer-learning-go/defects "$gomod"; then
	# Three levels of share/jupyter/kernels, the kernel's own and .venv lie between it and its clone.
	clone=$(cd "$here/../../../../.." && pwd)
	export LESSON_OUTSIDE="This notebook lies in $PWD, outside of the lesson, whose library, images and runs it cannot find: move it to $clone/notebooks and open it there."
	export PATH="$here/outside:$PATH"
fi

# GoNB tells those in bin of an interrupt by its log.
set -- "$1" "$work" "$here/bin/gonb" "-go_work=$work" -raw_error
if log=$(mktemp "${TMPDIR:-/tmp}/gonb-log-XXXXXX"); then
	export CELL_LOG="$log"
	set -- "$@" "-extra_log=$log" -vmodule=dispatcher=2
fi

# relay says in a student's words what goes wrong in a cell.
exec "$here/bin/relay" "$@"
