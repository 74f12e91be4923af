# What the scripts under servers/ share: where programs are built, how a server is started, announced and stopped.
# A script sets `version` and `program`, defines `install` and `start`, and ends with `main "$@"`:
#
#   servers/NAME version    prints the version
#   servers/NAME present    whether the program is there
#   servers/NAME install    builds it, where its source can be had
#   servers/NAME            starts it, prints KEY=VALUE lines and `ready`, and stops it when standard input ends
#
# The keys: `address` (HOST:PORT), `seed` (where to push, where that is another), `user` and `password`, `prefix`
# (which a repository's name must have), and `lacks`, a word for each thing that this registry cannot do.
set -euo pipefail
umask 077

cache=${XDG_CACHE_HOME:-$HOME/.cache}/docker-tags-tools
pids=()

# Where a Go program of this name and version is kept. Outside of the checkout: a fresh clone does not build it again.
go_program() { printf '%s/go/bin/%s-%s\n' "$cache" "$1" "$2"; }

# go_install MODULE PACKAGE [FLAG...]: builds inside of the downloaded module, so that its own `replace` lines count.
go_install() {
    local module=$1 package=$2 answer source
    shift 2
    if ! answer=$(GOWORK=off go mod download -json "$module@$version"); then
        jq -r '.Error // empty' <<<"$answer" | tr '\n' ' '
        return 1
    fi
    source=$(jq -r .Dir <<<"$answer")
    mkdir -p "${program%/*}"
    (cd "$source" && GOWORK=off GOFLAGS="${GOFLAGS:--p=2}" CGO_ENABLED="${CGO_ENABLED:-0}" \
        go build -mod=mod -modfile="$(own_modfile "$source")" -trimpath -ldflags=-s -o "$program.new" "$@" "$package")
    mv "$program.new" "$program"
}

# A module in the cache is read-only; go writes missing checksums next to this copy of its go.mod instead.
own_modfile() {
    make_dir
    cp "$1/go.mod" "$dir/go.mod"
    if [[ -e $1/go.sum ]]; then cp "$1/go.sum" "$dir/go.sum"; fi
    chmod u+w "$dir"/go.*
    printf '%s\n' "$dir/go.mod"
}

make_dir() {
    [[ -n ${dir:-} ]] && return
    dir=$(mktemp -d)
}

# A port that no one listens on. `launch` finds out whether it is still free when the server starts.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
}

# launch ADDRESS COMMAND...: starts a server and waits until it answers.
launch() {
    local address=$1 code i
    shift
    "$@" >>"$dir/server.log" 2>&1 </dev/null &
    pids+=($!)
    for ((i = 0; i < 300; i++)); do
        code=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://$address/v2/" || true)
        if ! kill -0 $! 2>/dev/null; then break; fi
        if [[ $code == @(200|401) ]]; then return; fi
        sleep 0.1
    done
    printf '%s does not start:\n' "$1" >&2
    tail -n 20 "$dir/server.log" >&2
    exit 1
}

stop() {
    local status=$?
    trap - EXIT
    if [[ ${#pids[@]} -gt 0 ]]; then
        kill "${pids[@]}" 2>/dev/null || true
        wait "${pids[@]}" 2>/dev/null || true
    fi
    if [[ -n ${dir:-} ]]; then rm -rf -- "$dir"; fi
    exit "$status"
}

# A password for this run, and the file that a registry checks it with.
htpasswd_file() {
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    htpasswd -Bbn -C 4 alice "$password" >"$dir/htpasswd"
}

main() {
    case ${1:-serve} in
    version) printf '%s\n' "$version" ;;
    present) [[ -x $program ]] ;;
    install)
        trap stop EXIT
        [[ -x $program ]] || install
        ;;
    serve)
        trap stop EXIT
        trap 'exit 143' TERM INT
        make_dir
        start
        printf 'ready\n'
        cat <&0 >/dev/null & # wait, unlike cat, is interrupted by a signal
        wait $!
        ;;
    esac
}
