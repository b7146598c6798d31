# Completes flynn's commands and options, and the names of apps and clusters, in fish.
# Made by: flynn completion fish

function __flynn_words
  switch "$argv[1]"
@CASES@
    case '*'
      return 1
  end
end

# What may come next; fails where nothing is known, so that fish offers files.
function __flynn_offered
  set -l typed (commandline -opc)
  set -l program $typed[1]
  set -l at 2
  set -l cluster
  set -l seen
  while test $at -le (count $typed)
    switch $typed[$at]
      case -c
        test $at -lt (count $typed); and set cluster -c $typed[(math $at + 1)]
        set at (math $at + 2)
      case -a
        set at (math $at + 2)
      case '-*'
        set at (math $at + 1)
      case '*'
        break
    end
  end
  if test $at -gt (math (count $typed) + 1)
    switch $typed[-1]
      case -a
        $program $cluster apps 2>/dev/null | sed -n '2,$s/^[^ ]* *//p'
      case -c
        $program cluster 2>/dev/null | sed -n '2,$s/ .*//p'
    end
    return 0
  end
  while test $at -le (count $typed)
    set -l longer (string join -- ' ' $seen $typed[$at])
    __flynn_words "$longer" >/dev/null; and set seen "$longer"
    set at (math $at + 1)
  end
  set -l words (string split -n -- ' ' (__flynn_words "$seen"))
  test (count $words) -gt 0; or return 1
  string join -- \n $words
end

complete -c flynn -n '__flynn_offered >/dev/null' -f -a '(__flynn_offered)'
