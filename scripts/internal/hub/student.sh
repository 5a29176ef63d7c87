#!/bin/sh
# Starts a student's server, under the student's account: makes what the home folder lacks, then becomes the command
# that follows. LESSON_SHARED is the server's clone, LESSON_CACHES what set-up has filled: both are only read.
set -e
umask 022
cd

if [ ! -d lesson ]; then
	for path in "$LESSON_SHARED" "$LESSON_SHARED/.git"; do # it is another account's: git wants to be told that it is meant
		git config --global --get-all safe.directory | grep -qxF "$path" || git config --global --add safe.directory "$path"
	done
	rm -rf .lesson-new
	git clone --quiet "$LESSON_SHARED" .lesson-new
	mv .lesson-new lesson
fi

# Git keeps outputs of notebooks out of commits as it does at the server: see runner/git.go.
mkdir -p lesson/.lesson/bin
ln -sfn "$LESSON_SHARED/.lesson/bin/runner" lesson/.lesson/bin/runner
git -C "$LESSON_SHARED" config --local --get-regexp '^(filter|merge|rebase)\.' | while read -r name value; do
	git -C lesson config "$name" "$value"
done

# The images: each student's clone sees those of the server's.
for path in "$LESSON_SHARED"/datasets/*; do
	case ${path##*/} in
	README.md | '*') ;;
	*) [ -e "lesson/datasets/${path##*/}" ] || ln -sfn "$path" lesson/datasets/ ;;
	esac
done

# Weights and XLA are the server's; features are a student's own.
cache=${XDG_CACHE_HOME:-$HOME/.cache}
mkdir -p "$cache/defects" "$cache/go-build"
for name in weights datasets pjrt; do
	[ ! -d "$LESSON_CACHES/defects/$name" ] || [ -d "$cache/defects/$name" ] || ln -sfn "$LESSON_CACHES/defects/$name" "$cache/defects/"
done

# What is compiled is the server's, too: links to it. What a student compiles lies beside them, and nobody else runs it.
find "$cache/go-build" -xtype l -delete
cp -Rsn "$LESSON_CACHES"/go-build/[0-9a-f][0-9a-f] "$cache/go-build/"

cd lesson
exec "$@"
