# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Runs on the web server's host: pair.sh swap|restore|keep|forget FILE…
#
# Beside each FILE, hidden so that a server that reads whole folders does not take them for its own:
#   .NAME.daas-new       what is to be put in place
#   .NAME.daas-old       what was there before, as long as the new one is not proved; empty if there was nothing
#   .NAME.daas-previous  what was there before the last replacement that was proved
set -eu
umask 077
action=$1
shift
count=$#

beside() { printf '%s/.%s.daas-%s' "$(dirname -- "$1")" "$(basename -- "$1")" "$2"; }

# Several files cannot be replaced in one step. The nearest to it: all that takes time, or can fail, is done before, and then there is one
# rename for each file, one right after the other, in a process that does not end when the connection does.
rename() {
  while [ $# -gt 1 ]; do
    mv -fT -- "$1" "$2"
    shift 2
  done
}

case $action in
  swap)
    for file; do
      old=$(beside "$file" old)
      draft=$(beside "$file" draft)
      # One that is there is of a run that was ended before the proof: that pair is the good one, not what is in its place now.
      if [ ! -e "$old" ]; then
        if [ -e "$file" ]; then cp -p -- "$file" "$draft"; else : >"$draft"; fi
        mv -fT -- "$draft" "$old"
      fi
      set -- "$@" "$(beside "$file" new)" "$file"
    done
    shift "$count"
    rename "$@"
    ;;
  restore)
    for file; do
      old=$(beside "$file" old)
      rm -f -- "$(beside "$file" new)" "$(beside "$file" draft)"
      if [ -s "$old" ]; then
        set -- "$@" "$old" "$file"
        echo "put back: $file"
      elif [ -e "$old" ]; then
        rm -f -- "$file" "$old"
        echo "removed: $file"
      fi
    done
    shift "$count"
    rename "$@"
    ;;
  keep | forget)
    for file; do
      old=$(beside "$file" old)
      if [ "$action" = keep ] && [ -s "$old" ]; then
        mv -fT -- "$old" "$(beside "$file" previous)"
      else
        rm -f -- "$old"
      fi
      if [ "$action" = forget ]; then rm -f -- "$(beside "$file" previous)"; fi
    done
    ;;
  *)
    echo "pair.sh: $action is not known" >&2
    exit 2
    ;;
esac
