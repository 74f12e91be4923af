# What is asked of every registry. Sourced by `run`; each `check_…` runs in a shell of its own that ends at the first
# command that fails, and what it printed is shown. `lacks NAME` says what this registry is known not to have.

ours() { env -i PATH="$PATH" HOME="$home" TERM=dumb "$docker_tags" "$@"; }
lacks() { [[ " $lacks " == *" $1 "* ]]; }
skip() {
    printf '%s\n' "$*"
    exit 77
}
has_command() { ours help "$1" >/dev/null 2>&1 || skip "this build has no command $1"; }
same() {
    if ! diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); then
        printf 'left: expected, right: got\n'
        return 1
    fi
}
# exits CODE TEXT COMMAND...: the command ends with this code and prints this, and no more, on standard error.
exits() {
    local expected=$1 text=$2 status=0
    shift 2
    ours "$@" >"$work/out" 2>"$work/err" || status=$?
    if [[ $status -ne $expected || -s $work/out ]] || ! grep -qF -- "$text" "$work/err"; then
        printf 'docker-tags %s: exit code %s in place of %s, or not "%s":\n' "$*" "$status" "$expected" "$text"
        cat "$work/out" "$work/err"
        return 1
    fi
}
# whole FILE REPOSITORY [OPTION...]: the list has just the names of the file, and says nothing else.
whole() {
    local file=$1 repository=$2
    shift 2
    ours ls "$@" "$address/$prefix$repository" >"$work/out" 2>"$work/err"
    cat "$work/err"
    [[ ! -s $work/err ]]
    same "$(sort "$file")" "$(sort "$work/out")"
}
# The registry's own order: its pages one after the other, as curl gets them.
pages() {
    local url="http://$address/v2/$prefix$1/tags/list${2:-}" next
    while [[ -n $url ]]; do
        curl -sS -f ${user:+-u "$user:$password"} -D "$work/headers" "$url" | jq -r '.tags[]'
        next=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ink: *<\([^>]*\)>.*/\1/p')
        case $next in
        '') url= ;;
        http*) url=$next ;;
        /*) url=http://$address$next ;;
        *) url=http://$address/v2/$prefix$1/tags/$next ;;
        esac
    done
}
app() { printf '%s/%sapp%s\n' "$address" "$prefix" "${1:-}"; }
# The tags of `app` in our order. One registry keeps tags in lower case.
app_list() {
    if lacks case; then grep -vx UPPER "$content/tags.app" && printf 'upper\n'; else cat "$content/tags.app"; fi
}
manifest_of() {
    if [[ $1 == upper ]]; then set -- UPPER; fi

    local entry
    for entry in "${app_tags[@]}"; do
        if [[ $1 == "${entry%%:*}" ]]; then printf '%s/%s.json\n' "$content" "${entry#*:}"; fi
    done
}

check_list() {
    whole <(app_list) app
    same "$(app_list)" "$(ours ls "$(app)")"
}
check_list_thousand() { whole "$content/tags.thousand" thousand; }
check_list_10000() {
    if [[ $many -lt 10000 ]]; then skip 'only with MANY=10000'; fi
    whole "$content/tags.myriad" myriad
}
check_order() {
    same "$(pages app)" "$(ours ls --sort none "$(app)")"
    same "$(pages thousand)" "$(ours ls --sort none "$address/${prefix}thousand")"
    same "$(head -n 3 "$content/tags.app")" "$(ours ls --limit 3 "$(app)")"
}
# Pages of fifty, as curl walks them, are the same list. What a tag points to is for the registry to say, for
# distribution 2.8 has its tags in no order; where it does not know `last`, it is what follows in its whole list.
check_paging() {
    local behind
    if ! lacks links; then same "$(sort "$content/tags.thousand")" "$(pages thousand '?n=50' | sort)"; fi
    behind=$(pages thousand '?last=1.5.7')
    if [[ $(wc -l <<<"$behind") -eq 1000 ]]; then behind=$(pages thousand | sed '1,/^1\.5\.7$/d'); fi
    same "$behind" "$(ours ls --sort none --last 1.5.7 "$address/${prefix}thousand")"
}
check_digest() {
    local tag
    while read -r tag; do
        same "$(digest_of "$(manifest_of "$tag")")" "$(ours digest "$(app ":$tag")")"
    done <"$content/tags.app"
    same "$(digest_of "$content/arm64.json")" "$(ours digest --platform linux/arm64 "$(app :1.10)")"
    ours digest --verify "$(app ":1.9.0@$(digest_of "$content/old.json")")"
}
check_manifest() {
    local tag
    for tag in 1.10 1.9.0 1.10.0-docker; do ours manifest "$(app ":$tag")" | cmp - "$(manifest_of "$tag")"; done
    ours manifest --platform linux/arm64 "$(app :1.10)" | cmp - "$content/arm64.json"
    ours manifest "$(app "@$(digest_of "$content/amd64.json")")" | cmp - "$content/amd64.json"
}
check_platforms() {
    same $'linux/amd64\nlinux/arm64/v8' "$(ours platforms -q "$(app :latest)")"
    same linux/arm64/v8 "$(ours platforms -q "$(app :2.0.0-alpine)")"
}
check_config() {
    ours config "$(app :1.10.0-docker)" | cmp - "$content/docker.config"
    ours config --platform linux/arm64 "$(app :1.10)" | cmp - "$content/arm64.config"
}
check_details() {
    ours ls --format '{{.Tag}} {{.Digest}} {{.Created}}' --no-trunc "$(app)" >"$work/details"
    same "$(while read -r tag; do printf '%s %s\n' "$tag" "$(digest_of "$(manifest_of "$tag")")"; done < <(app_list))" \
        "$(cut -d' ' -f1,2 "$work/details")"
    [[ $(grep -c 2026-10-01 "$work/details") -eq 12 ]]
}
check_inspect() {
    local tag theirs
    command -v skopeo >/dev/null || skip 'no skopeo'
    for tag in 1.9.0 1.10.0-docker latest; do
        theirs=$(skopeo --override-os linux --override-arch amd64 inspect --tls-verify=false \
            ${user:+--creds "$user:$password"} "docker://$(app ":$tag")")
        # What skopeo 1.9 does not print yet is left out; the tags are in whatever order the registry has.
        same "$(jq -S '.RepoTags |= sort | del(.LayersData)' <<<"$theirs")" \
            "$(ours inspect --tags --platform linux/amd64 --format json "$(app ":$tag")" | jq -S '.RepoTags |= sort | del(.LayersData, .Variant)')"
    done
}
check_repos() {
    if lacks catalog; then
        exits 4 "$address does not allow listing repositories" repos "$address"
        return
    fi
    local expected=("${prefix}app" "${prefix}signed" "${prefix}team/other" "${prefix}thousand")
    if [[ $many -ge 10000 ]]; then expected+=("${prefix}myriad"); fi
    if lacks whole-catalog; then
        # Earlier requests are there, and nothing else.
        ours repos "$address" | sort >"$work/repos"
        grep -qx "${prefix}app" "$work/repos"
        same "" "$(comm -13 <(printf '%s\n' "${expected[@]}" | sort) "$work/repos")"
        return
    fi
    same "$(printf '%s\n' "${expected[@]}" | sort)" "$(ours repos "$address" | sort)"
}
check_missing_tag() { exits 3 'tag "nope"' digest "$(app :nope)"; }
check_missing_repository() {
    if lacks not-found; then
        exits 3 'tag "1.0" not found' digest "$address/${prefix}nowhere:1.0"
        ours ls "$address/${prefix}nowhere" >"$work/out"
        [[ ! -s $work/out ]]
        return
    fi
    exits 3 "$address" ls "$address/${prefix}nowhere"
}
check_check() {
    local report
    report=$(ours check "$(app)")
    printf '%s\n' "$report"
    grep -q "^Endpoint: *http://$address" <<<"$report"
    if [[ -n $user ]]; then
        grep -q 'alice' <<<"$report"
        grep -qE '^Challenge: *[Bb](asic|earer)' <<<"$report"
    fi
    [[ -z $password || $report != *"$password"* ]]
}
check_complete() {
    same "$(app_list | sed "s|^|$(app):|")" "$(ours __complete tags digest "$(app):" | sed '/^:[0-9]*$/d')"
}
check_newest() {
    has_command newest
    same "$(app :1.10.0)" "$(ours newest "$(app :1.9.0)")"
    same "$address/${prefix}thousand:1.19.49" "$(ours newest "$address/${prefix}thousand")"
}
check_aliases() {
    has_command aliases
    same $'1.10.0\n1.10' "$(ours aliases -q "$(app :latest)" | sed "s|^$(app):||" | grep -v '^latest$')"
}
check_diff() {
    has_command diff
    ours diff "$(app)" "$(app)"
    local status=0
    ours diff "$(app)" "$address/${prefix}team/other" >"$work/out" || status=$?
    cat "$work/out"
    [[ $status -ne 0 && -s $work/out ]]
}
check_referrers() {
    has_command referrers
    local rows
    rows=$(ours referrers --format json "$address/${prefix}signed:1.0")
    printf '%s\n' "$rows"
    same "$(digest_of "$content/signature.json")" "$(jq -r .Digest <<<"$rows")"
    grep -qF application/vnd.example.signature <<<"$rows"
}
check_anonymous() {
    if [[ -z $user ]]; then
        same "$(app_list)" "$(ours ls --anonymous "$(app)")"
    else
        exits 4 "$address" ls --anonymous "$(app)"
        exits 4 "$address" digest --anonymous "$(app :1.9.0)"
    fi
}
check_password() {
    if [[ -z $user ]]; then skip 'open to everybody'; fi
    same "$(app_list)" "$(HOME=/nonexistent ours ls -u "$user" --password-stdin "$(app)" <<<"$password")"
}
check_wrong_password() {
    if [[ -z $user ]]; then skip 'open to everybody'; fi
    exits 4 "$address" ls -u "$user" --password-stdin "$(app)" <<<"not-$password"
    # With a login that another one in docker's own file would save.
    exits 4 "$address" digest -u nobody --password-stdin "$(app :1.9.0)" <<<"$password"
}

checks=(check list list_thousand list_10000 order paging digest manifest platforms config details inspect repos newest aliases
    diff referrers missing_tag missing_repository anonymous password wrong_password complete)
