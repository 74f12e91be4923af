# Completion of docker-tags for bash (3.2 or newer). Source it, or save it as
# ~/.local/share/bash-completion/completions/docker-tags; `docker-tags install` does that.
# `docker tags` itself is completed by docker's own script: see docker completion --help

_docker_tags() {
    local token line text about out reply
    local i=0 width=0 directive=0 keep rest=${COMP_LINE:0:COMP_POINT}
    local words=() names=() abouts=() help=()
    COMPREPLY=()

    # bash breaks words at ":" and "=", too: what no blank parts on the line is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        token=${COMP_WORDS[i]}
        if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("")
        fi
        [[ $rest == "$token"* ]] || token=$rest
        rest=${rest#"$token"}
        words[${#words[@]} - 1]+=$token
    done
    local last=${words[${#words[@]} - 1]}

    # readline replaces only what follows the last break; inside quotes there is none.
    local tail=$last
    if [[ $last != *[\"\']* ]]; then
        [[ $COMP_WORDBREAKS == *:* ]] && tail=${tail##*:}
        [[ $COMP_WORDBREAKS == *=* ]] && tail=${tail##*=}
    fi
    keep=${last%"$tail"}
    local flag=
    [[ $last == -*=* ]] && flag=${last%%=*}=

    for i in "${!words[@]}"; do
        words[i]=${words[i]//[\"\'\\]/}
    done
    words[0]=${words[0]/#\~\//$HOME/}
    out=$("${words[@]:0:1}" __complete "${words[@]:1}" 2>/dev/null) || return
    while IFS= read -r line; do
        text=${line%%$'\t'*}
        about=
        [[ $line == *$'\t'* ]] && about=${line#*$'\t'}
        case $line in
        :*) directive=${line#:} ;;
        '_activeHelp_ '*) help+=("${line#_activeHelp_ }") ;;
        *)
            names+=("$flag$text")
            abouts+=("$about")
            [[ ${#text} -le $width ]] || width=${#text}
            ;;
        esac
    done <<<"$out"
    [[ $directive == *[!0-9]* ]] && return
    ((directive & 1)) && return

    if [[ ${#names[@]} -eq 0 ]]; then
        if ((directive & 16)); then
            while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -d -- "$tail")
            compopt -o filenames 2>/dev/null
        elif ! ((directive & 4)); then
            while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "$tail")
            compopt -o filenames 2>/dev/null
        elif [[ ${#help[@]} -gt 0 && $COMP_TYPE -eq 63 && ${BASH_VERSINFO[0]} -ge 5 ]]; then
            # The second TAB: say why there is nothing, and show the line again.
            printf '\n%s' "${help[@]}" ''
            printf '%s%s' "${PS1@P}" "$COMP_LINE"
        fi
        return
    fi

    for i in "${!names[@]}"; do
        reply=${names[i]#"$keep"}
        # Descriptions where bash only lists: they must not get onto the line.
        if [[ ${#names[@]} -gt 1 && -n ${abouts[i]} && ($COMP_TYPE -eq 63 || $COMP_TYPE -eq 33) ]]; then
            printf -v reply '%-*s  (%s)' "$width" "$reply" "${abouts[i]}"
            reply=${reply:0:${COLUMNS:-80} - 1}
        fi
        COMPREPLY+=("$reply")
    done
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    ((directive & 32)) && compopt -o nosort 2>/dev/null
    return 0
}

complete -F _docker_tags docker-tags
