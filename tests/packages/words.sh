#!/usr/bin/env bash
# The manual page and the completions that are installed below $1 are what its program prints, man and the
# shells take them without complaint, and each shell completes a command with them.
set -euo pipefail
program=$1/bin/skeleta
share=$1/share
bash_script=$share/bash-completion/completions/skeleta
zsh_folder=$(echo "$share"/zsh/*)
fish_script=$share/fish/vendor_completions.d/skeleta.fish

"$program" completion bash | cmp - "$bash_script"
"$program" completion zsh | cmp - "$zsh_folder/_skeleta"
"$program" completion fish | cmp - "$fish_script"
"$program" manual | cmp - <(zcat -f "$share"/man/man1/skeleta.1*)

# expect WHAT TEXT: TEXT, on standard input, is among the offers
expect() { grep -qw -- "$2" || { echo "$1 does not offer $2" >&2; exit 1; }; }

bash --norc -c 'source "$0"; COMP_WORDS=(skeleta est); COMP_CWORD=1; _skeleta; echo "${COMPREPLY[@]}"' \
  "$bash_script" | expect bash estimate
if command -v zsh >/dev/null; then
  zsh -f -c 'fpath=($1 $fpath); autoload -Uz compinit; compinit -D -u; compadd() { print -- "$@" }
             _files() { }; words=(skeleta linear ""); CURRENT=3; _skeleta' zsh "$zsh_folder" |
    expect zsh critical-points
fi
if command -v fish >/dev/null; then
  fish --no-config -c 'source $argv[1]; complete -C "skeleta estimate --rel"' "$fish_script" |
    expect fish --rel-tol
fi
if command -v man >/dev/null; then
  complaints=$(LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -E UTF-8 -l -Tutf8 -Z <("$program" manual) 2>&1 >/dev/null)
  [ -z "$complaints" ] || { echo "$complaints" >&2; exit 1; }
fi
