#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here/bin:$PATH"

gomod=$(go env GOMOD)
case $gomod in
'' | /dev/null) work= ;;
*) work=$(dirname "$gomod") ;;
esac

# relay says in a student's words what goes wrong in a cell.
exec "$here/bin/relay" "$1" "$work" "$here/bin/gonb" "-go_work=$work" -raw_error
