#!/bin/sh
# Starts GoNB for one notebook, with the Go module around the notebook as its workspace.
here=$(cd "$(dirname "$0")" && pwd)
export PATH="$here/bin:$PATH"

gomod=$(go env GOMOD)
case $gomod in
'' | /dev/null) work= ;;
*) work=$(dirname "$gomod") ;;
esac

# What --data and --weights named, for kernels that no script of the clone starts, as those of VS Code.
if [ -n "$work" ] && [ -r "$work/.lesson/environment" ]; then
	. "$work/.lesson/environment"
fi

if [ -z "$work" ] || ! grep -q transfer-learning-go/defects "$gomod"; then
	# Three levels of share/jupyter/kernels, the kernel's own and .venv lie between it and its clone.
	clone=$(cd "$here/../../../../.." && pwd)
	export LESSON_OUTSIDE="This notebook lies in $PWD, outside of the lesson, whose library, images and runs it cannot find: move it to $clone/notebooks and open it there."
	export PATH="$here/outside:$PATH"
fi

exec "$here/bin/gonb" --kernel "$1" "-go_work=$work"
