# Completion of docker-tags for elvish. Add to rc.elv:
#   eval (docker-tags completion elvish | slurp)

use math
use str

set edit:completion:arg-completer[docker-tags] = {|@words|
    var flag = ''
    if (and (str:has-prefix $words[-1] -) (str:contains $words[-1] =)) {
        set flag = (str:split &max=2 = $words[-1] | take 1)=
    }
    var answer = []
    try {
        set answer = [(e:env DOCKER_TAGS_ACTIVE_HELP=0 $words[0] __complete $@words[1..] 2>/dev/null)]
    } catch { }
    if (> (count $answer) 0) {
        var directive = (num (str:trim-prefix $answer[-1] :))
        var suffix = ' '
        # Bit 1: more may follow.
        if (== 1 (% (exact-num (math:floor (/ $directive 2))) 2)) { set suffix = '' }
        for line $answer[..-1] {
            var parts = [(str:split &max=2 "\t" $line)]
            var shown = (str:join '  ' $parts)
            edit:complex-candidate &code-suffix=$suffix &display=$shown $flag$parts[0]
        }
    }
}
