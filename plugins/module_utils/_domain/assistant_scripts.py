# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on an instance: POSIX sh and the program openssl, nothing else. Pure. PRIVATE to the collection.

Cloud Assistant keeps each command's text and output, so that neither may hold a secret. A script says what it found as lines
"name=value"; free text is Base64. Every value that comes from outside is quoted here, and nowhere else.
"""

from __future__ import annotations

import posixpath
import shlex

from .envelope import BITS, BLOCK, MAC, WRAPPED

PREVIOUS = ".daas-previous"  # what is put back is beside the file: a hidden one with its name and this
FOLDER = "daas-https."  # a folder of ours begins so

_HEAD = r"""#!/bin/sh
set -u
umask 077
LC_ALL=C
PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}"
export LC_ALL PATH
say() { printf '%s=%s\n' "$1" "$2"; }
stop() { say result "$1"; exit 1; }
command -v openssl >/dev/null 2>&1 || stop no_openssl
there() { [ -e "$1" ] || [ -L "$1" ]; }
fingerprint() { openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null | sed 's/^.*=//; s/://g' | tr A-F a-f; }
sha256() { openssl dgst -sha256 | sed 's/^.*= *//'; }
pair() {
  pair_of=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null)
  [ -n "$pair_of" ] && [ "$pair_of" = "$(openssl pkey -in "$2" -pubout 2>/dev/null </dev/null)" ]
}
"""

_PROBE = r"""
[ -d "$(dirname "$cert")" ] && [ -d "$(dirname "$key")" ] || stop no_folder
say fingerprint "$(fingerprint "$cert")"
say chain "$(sha256 2>/dev/null <"$cert")"
if pair "$cert" "$key"; then say pair yes; else say pair no; fi
say certificate_attributes "$(stat -L -c '%a %U %G %u %g' "$cert" 2>/dev/null)"
say key_attributes "$(stat -L -c '%a %U %G %u %g' "$key" 2>/dev/null)"
if there "$cert_old" || there "$key_old"; then say backup yes; else say backup no; fi
say result seen
"""

# What an earlier run left behind because it was killed goes first: its key opens nothing that is still of use, and need not stay.
_KEY_PAIR = r"""
find "$work" -maxdepth 1 -type d -name "$name*" -mmin +1440 -exec rm -rf {} + 2>/dev/null
folder=$(mktemp -d "$work/${name}XXXXXXXXXX" 2>/dev/null) || stop no_work_folder
openssl genrsa -out "$folder/own.key" "$bits" 2>/dev/null || { rm -rf "$folder"; stop no_key_pair; }
say folder "$folder"
say public_key "$(openssl rsa -in "$folder/own.key" -pubout -outform DER 2>/dev/null | openssl base64 -A)"
say result made
"""

_USE = r"""
# The output of a command, without any line of the private key, should the command have printed that.
run() {
  run_name=$1; shift
  "$@" >"$folder/out" 2>&1 </dev/null; run_code=$?
  say "$run_name" "$run_code"
  say "${run_name}_output" "$(clean <"$folder/out" | tail -c 1500 | openssl base64 -A)"
  return "$run_code"
}
put_back() {
  back=yes
  put_one "$cert" "$cert_old" || back=no
  put_one "$key" "$key_old" || back=no
  say put_back "$back"
  [ "$back" = yes ]
}
put_one() { if there "$2"; then mv -f "$2" "$1"; else rm -f "$1"; fi; }
clean() { without "$key" | without "$folder/private"; }
without() { if [ -s "$1" ]; then grep -v -F -f "$1"; else cat; fi; }
"""

_INSTALL = r"""
stage=begun new_cert= new_key=
# Also when the command is ended from outside.
leave() {
  if [ "$stage" = swapping ]; then put_back; fi
  if [ -n "$new_cert" ]; then rm -f "$new_cert"; fi
  if [ -n "$new_key" ]; then rm -f "$new_key"; fi
  rm -rf "$folder"
}
trap leave EXIT
trap 'exit 143' HUP INT TERM
set_aside() {
  rm -f "$2"
  if there "$1"; then ln "$1" "$2" 2>/dev/null || cp -p "$1" "$2" || stop no_backup; fi
}
place() {
  chown "$owner:$group" "$1" 2>/dev/null || stop no_owner
  chmod "$2" "$1" || stop no_owner
}
cut() { dd if="$1" of="$2" bs=1 skip="$3" count="$4" 2>/dev/null; }

cd "$folder" || stop no_envelope
[ -s envelope ] || stop no_envelope
cut envelope wrapped 0 "$wrapped"
openssl pkeyutl -decrypt -inkey own.key -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in wrapped -out secret 2>/dev/null \
  || stop tampered
cut secret passphrase 0 "$block"
cut secret inner "$block" "$block"
cut secret outer $((2 * block)) "$block"
tail -c +$((wrapped + mac + 1)) envelope >sealed
cat inner sealed | openssl dgst -sha256 -binary >inner.hash
said=$(dd if=envelope bs=1 skip="$wrapped" count="$mac" 2>/dev/null)
[ -n "$said" ] && [ "$said" = "$(cat outer inner.hash | sha256)" ] || stop tampered
openssl enc -d -aes-256-cbc -md sha256 -pass file:passphrase -in sealed -out both 2>/dev/null || stop tampered
head -n "$lines" both >chain
tail -n +$((lines + 1)) both >private
[ "$(fingerprint chain)" = "$wanted" ] && pair chain private || stop no_pair

new_cert=$(mktemp "$cert_old.XXXXXX") && new_key=$(mktemp "$key_old.XXXXXX") || stop no_folder
cat chain >"$new_cert" && cat private >"$new_key" || stop no_space
place "$new_cert" "$cert_mode"
place "$new_key" "$key_mode"
set_aside "$cert" "$cert_old"
set_aside "$key" "$key_old"
stage=swapping
mv -f "$new_key" "$key" && mv -f "$new_cert" "$cert" || stop no_space
"""

_INSTALL_USE = r"""
if ! validate; then put_back; stage=ended; stop refused; fi
if ! reload; then
  put_back; stage=ended
  if ! again; then say reload_old no; fi
  stop not_reloaded
fi
stage=ended
"""

_RESTORE = r"""
now=$(fingerprint "$cert")
if [ "$now" = "$wanted" ] && { [ -n "$now" ] || ! there "$cert"; }; then say fingerprint "$now"; say result already; exit 0; fi
[ "$now" = "$installed" ] || stop changed_since
if [ -n "$wanted" ]; then [ "$(fingerprint "$cert_old")" = "$wanted" ] && there "$key_old" || stop no_backup; fi
put_back || stop no_space
if ! validate; then stop refused; fi
if ! reload; then stop not_reloaded; fi
"""

_SCRATCH = r"""
folder=$(mktemp -d) || stop no_work_folder
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM
"""

_KEPT = r"""
if ! validate; then stop refused; fi
if ! reload; then stop not_reloaded; fi
"""

_DROP = r"""
rm -f "$cert_old" "$key_old" || stop no_space
"""

_TELL = r"""
say fingerprint "$(fingerprint "$cert")"
if pair "$cert" "$key"; then say pair yes; else say pair no; fi
say result done
"""


def probe(pair):
    """Looks at the files, and changes nothing."""
    return _HEAD + _paths(pair) + _PROBE


def key_pair(work_folder):
    """Makes a fresh key pair in a folder of its own that only root can enter, and tells the public half."""
    return _HEAD + _values(work=work_folder, name=FOLDER, bits=BITS) + _KEY_PAIR


def install(pair, folder, wanted, lines):
    """Opens the envelope in ``folder``, checks, replaces, validates, reloads; puts the old pair back when one of these fails.

    wanted: fingerprint of the leaf. lines: how many lines of the envelope's text are certificates.
    """
    values = _values(folder=folder, wanted=wanted, lines=lines, wrapped=WRAPPED, mac=MAC, block=BLOCK, owner=pair.owner, group=pair.group,
                     cert_mode=pair.certificate_mode, key_mode=pair.private_key_mode)
    drop = "" if pair.keep_backup else _DROP
    return _HEAD + _paths(pair) + values + _USE + _commands(pair) + _INSTALL + _INSTALL_USE + drop + _TELL


def keep(pair, use, drop):
    """For a pair that is right: have it used (validate, reload) and, or, remove the old one."""
    return _HEAD + _paths(pair) + _SCRATCH + _USE + _commands(pair) + (_KEPT if use else "") + (_DROP if drop else "") + _TELL


def restore(pair, installed, wanted):
    """Puts the old pair back. installed, wanted: fingerprints of what must be there now and of the old one, '' for none."""
    values = _values(installed=installed, wanted=wanted)
    return _HEAD + _paths(pair) + values + _SCRATCH + _USE + _commands(pair) + _RESTORE + _TELL


def remove(folder):
    """Removes the fresh key pair, and what came after it, when the rest of a run does not."""
    return "rm -rf %s\n" % shlex.quote(folder)


def _paths(pair):
    return _values(cert=pair.certificate, key=pair.private_key, cert_old=_beside(pair.certificate), key_old=_beside(pair.private_key))


def _beside(path):
    """Hidden, because a web server that reads a whole folder leaves such files out."""
    return posixpath.join(posixpath.dirname(path), "." + posixpath.basename(path) + PREVIOUS)


def _values(**values):
    return "".join("%s=%s\n" % (name, shlex.quote(str(value))) for name, value in values.items())


def _commands(pair):
    """The functions validate, reload and again (the old pair). A command is run without a shell, word by word; none is always well."""
    def call(name, words):
        return "run %s %s" % (name, " ".join(shlex.quote(word) for word in words)) if words else ":"

    return "validate() { %s; }\nreload() { %s; }\nagain() { %s; }\n" % (
        call("validate", pair.validate_command), call("reload", pair.reload_command), call("reload_again", pair.reload_command))
