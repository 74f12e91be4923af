# Completion of docker-tags for fish (3.1 or newer). Save it as
# ~/.config/fish/completions/docker-tags.fish; `docker-tags install` does that.
# `docker tags` itself is completed by docker's own script: see docker completion --help

function __docker_tags_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l lines (DOCKER_TAGS_ACTIVE_HELP=0 $program __complete $words[2..-1] "$current" 2>/dev/null)
    or return
    set -l directive (string match -r '^:([0-9]+)$' -- $lines[-1])[2]
    or return
    set -e lines[-1]
    # The flag in front of a value belongs to the word.
    set -l flag (string match -r -- '^-[^=]*=' $current)
    if test (count $lines) -gt 0
        string join \n -- "$flag"$lines
    else if test $directive -eq 16
        __fish_complete_directories $current
    else if test $directive -eq 0
        set -l value (string replace -r -- '^-[^=]*=' '' $current)
        for path in (__fish_complete_path $value)
            echo "$flag$path"
        end
    end
end

complete -c docker-tags -e
complete -c docker-tags -k -f -a '(__docker_tags_complete)'
