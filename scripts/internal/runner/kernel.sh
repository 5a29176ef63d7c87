#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here/bin:$PATH"

gomod=$(go env GOMOD)
case $gomod in
'' | /dev/null) work= ;;
*) work=$(dirname "$gomod") ;;
esac

exec "$here/bin/gonb" --kernel "$1" "-go_work=$work"
