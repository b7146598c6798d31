# Completes flynn's commands and options, and the names of apps and clusters, in bash.
# Made by: flynn completion bash

_flynn_words() {
  case "$1" in
@CASES@
    *) return 1 ;;
  esac
}

_flynn() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
  local at=1 path= longer words=
  local -a cluster=()
  while [ $at -lt "$COMP_CWORD" ]; do
    case "${COMP_WORDS[at]}" in
      -c)
        cluster=(-c "${COMP_WORDS[at + 1]}")
        at=$((at + 2))
        ;;
      -a) at=$((at + 2)) ;;
      -*) at=$((at + 1)) ;;
      *) break ;;
    esac
  done
  if [ $at -gt "$COMP_CWORD" ]; then
    case "$before" in
      -a) words=$("$program" "${cluster[@]}" apps 2>/dev/null | sed -n '2,$s/^[^ ]* *//p') ;;
      -c) words=$("$program" cluster 2>/dev/null | sed -n '2,$s/ .*//p') ;;
    esac
  else
    while [ $at -lt "$COMP_CWORD" ]; do
      longer="${path:+$path }${COMP_WORDS[at]}"
      _flynn_words "$longer" >/dev/null && path=$longer
      at=$((at + 1))
    done
    words=$(_flynn_words "$path")
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -o default -F _flynn flynn
