#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here/bin:$PATH"

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

exec "$here/bin/gonb" --kernel "$1" "-go_work=$work"
