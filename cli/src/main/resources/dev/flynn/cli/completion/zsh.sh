#compdef flynn
# Completes flynn's commands and options, and the names of apps and clusters, in zsh.
# Made by: flynn completion zsh

_flynn_words() {
  case "$1" in
@CASES@
    *) return 1 ;;
  esac
}

_flynn() {
  local at=2 before=${words[CURRENT-1]} program=${words[1]}
  local seen= longer= found=
  local -a cluster offered
  while (( at < CURRENT )); do
    case "${words[at]}" in
      -c)
        cluster=(-c "${words[at+1]}")
        (( at += 2 ))
        ;;
      -a) (( at += 2 )) ;;
      -*) (( at += 1 )) ;;
      *) break ;;
    esac
  done
  if (( at > CURRENT )); then
    case "$before" in
      -a) found=$("$program" "${cluster[@]}" apps 2>/dev/null | sed -n '2,$s/^[^ ]* *//p') ;;
      -c) found=$("$program" cluster 2>/dev/null | sed -n '2,$s/ .*//p') ;;
    esac
  else
    while (( at < CURRENT )); do
      longer="${seen:+$seen }${words[at]}"
      _flynn_words "$longer" >/dev/null && seen=$longer
      (( at += 1 ))
    done
    found=$(_flynn_words "$seen")
  fi
  offered=(${=found})
  compadd -a offered || _files
}

if [[ $zsh_eval_context[-1] = loadautofunc ]]; then
  _flynn "$@"
else
  compdef _flynn flynn
fi
