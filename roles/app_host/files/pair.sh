# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Runs on the web server's host: pair.sh look|swap|swap-old|swap-previous|restore|keep|forget FILE…
# The FILEs are certificate and private key, or one file with both, or all three in this order.
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

# Should the host stop between two renames, it shows which ones: only keep and forget begin with the old one of the first FILE. As long as
# that one is there, it counts, and the others go back with it. If only later ones are there, what replaced them has been proved.
first_old=$(beside "$1" old)

finish() {
  if [ -e "$first_old" ]; then return; fi
  for file; do
    old=$(beside "$file" old)
    if [ -s "$old" ]; then mv -fT -- "$old" "$(beside "$file" previous)"; else rm -f -- "$old"; fi
  done
}

# Where a FILE of the pair that is meant is: in its place, the old one, or the previous one; also after such a stop.
where() {
  old=$(beside "$2" old)
  case $1 in
    old) if [ -e "$first_old" ] && [ ! -e "$old" ]; then printf '%s' "$2"; else printf '%s' "$old"; fi ;;
    previous) if [ ! -e "$first_old" ] && [ -s "$old" ]; then printf '%s' "$old"; else beside "$2" previous; fi ;;
    *) printf '%s' "$2" ;;
  esac
}

leaf() { openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//' | tr -d ':' | tr 'A-F' 'a-f'; }

# An encrypted key tells nothing without its passphrase, which the web server alone has.
fits() {
  if grep -q ENCRYPTED -- "$2" 2>/dev/null; then return; fi
  public=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) && [ "$public" = "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]
}

# The fingerprint of the pair that is meant; or in words why it is none.
tell() {
  meant=$1 told=
  shift
  while [ $# -gt 0 ]; do
    certificate=$(where "$meant" "$1")
    if [ $# -gt 1 ]; then shift; fi
    key=$(where "$meant" "$1")
    shift
    if [ ! -s "$certificate" ] && [ ! -s "$key" ]; then said='nothing'
    elif [ ! -s "$certificate" ] || [ ! -s "$key" ]; then said='half a pair'
    elif [ ! -r "$certificate" ] || [ ! -r "$key" ]; then said='a pair that may not be read'
    else
      said=$(leaf "$certificate")
      if [ -z "$said" ]; then said='no certificate that openssl can read'
      elif ! fits "$certificate" "$key"; then said="the certificate $said with a private key that is not its own"; fi
    fi
    if [ -n "$told" ] && [ "$told" != "$said" ]; then said="$told and $said"; fi
    told=$said
  done
  printf '%s' "$told"
}

case $action in
  look)
    command -v openssl >/dev/null || { echo "openssl is not there" >&2; exit 3; }
    printf '{"place": "%s", "old": "%s", "previous": "%s"}\n' "$(tell place "$@")" "$(tell old "$@")" "$(tell previous "$@")"
    ;;
  swap | swap-old | swap-previous)
    finish "$@"
    if [ "$action" != swap ]; then
      for file; do
        new=$(beside "$file" new)
        rm -f -- "$new"
        cp -p -- "$(where "${action#swap-}" "$file")" "$new"
      done
    fi
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
    finish "$@"
    for file; do
      old=$(beside "$file" old)
      rm -f -- "$(beside "$file" new)" "$(beside "$file" draft)"
      if [ -s "$old" ]; then echo "put back: $file"; elif [ -e "$old" ]; then echo "removed: $file"; fi
      # the first one last
      if [ -e "$old" ]; then set -- "$old" "$file" "$@"; fi
    done
    while [ $# -gt "$count" ]; do
      if [ -s "$1" ]; then mv -fT -- "$1" "$2"; else rm -f -- "$2" "$1"; fi
      shift 2
    done
    ;;
  keep | forget)
    finish "$@"
    same=yes
    for file; do
      old=$(beside "$file" old)
      if [ -e "$old" ]; then
        if [ "$(cat -- "$old")" != "$(cat -- "$file")" ]; then same=no; fi
        set -- "$old" "$@"
      fi
    done
    # What is in place again, after a run that was ended, is not what was there before it: the previous pair stays.
    while [ "$same" = yes ] && [ $# -gt "$count" ]; do
      rm -f -- "$1"
      shift
    done
    shift $(($# - count))
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
