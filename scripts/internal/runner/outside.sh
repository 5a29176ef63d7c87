#!/bin/sh
# Stands before go for notebooks outside of the lesson: a cell that lacks something is told what.
PATH=${PATH#*:}
[ "$1" = build ] || exec go "$@"
output=$(go "$@" 2>&1) && exit 0
case $output in
*undefined:* | *"no required module"* | *"cannot find module"*) echo "$LESSON_OUTSIDE" ;;
esac
printf '%s\n' "$output"
exit 1
