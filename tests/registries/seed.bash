# Content for a registry, pushed with curl through its own API, so that the registry has checked it. Sourced by `run`.
# It is made once, in $content; the digests are in the files' names' variables below.

oci_manifest=application/vnd.oci.image.manifest.v1+json
oci_index=application/vnd.oci.image.index.v1+json
docker_manifest=application/vnd.docker.distribution.manifest.v2+json

digest_of() { printf 'sha256:%s\n' "$(sha256sum <"$1" | cut -d' ' -f1)"; }
size_of() { stat -c %s -- "$1"; }

# descriptor TYPE FILE [MEMBERS]
descriptor() {
    jq -cn --arg type "$1" --arg digest "$(digest_of "$2")" --argjson size "$(size_of "$2")" --argjson more "${3:-"{}"}" \
        '{mediaType: $type, digest: $digest, size: $size} + $more'
}

# make_image NAME MANIFEST-TYPE CONFIG-TYPE LAYER-TYPE PLATFORM: NAME.json, NAME.config, NAME.layer in $content.
make_image() {
    local file=$content/$1
    printf 'a layer of %s\n' "$1" | gzip -n >"$file.layer"
    jq -cn --argjson platform "$5" --arg diff "$(printf 'a layer of %s\n' "$1" | sha256sum | cut -d' ' -f1)" '
        $platform + {created: "2026-10-01T12:00:00Z", author: "somebody",
        config: {Env: ["PATH=/usr/bin", "NAME=value"], Cmd: ["/bin/true"], Labels: {"org.example.one": "1", "two": "zwei ü"}},
        rootfs: {type: "layers", diff_ids: ["sha256:" + $diff]},
        history: [{created: "2026-10-01T12:00:00Z", created_by: "COPY . /"}]}' >"$file.config"
    # Two spaces and a final line break: bytes that a registry or a client would change if it wrote the JSON anew.
    jq -n --indent 2 --arg type "$2" --argjson config "$(descriptor "$3" "$file.config")" \
        --argjson layer "$(descriptor "$4" "$file.layer")" \
        '{schemaVersion: 2, mediaType: $type, config: $config, layers: [$layer]}' >"$file.json"
}

make_content() {
    local name layer=application/vnd.oci.image.layer.v1.tar+gzip config=application/vnd.oci.image.config.v1+json
    make_image amd64 "$oci_manifest" "$config" "$layer" '{"architecture":"amd64","os":"linux"}'
    make_image arm64 "$oci_manifest" "$config" "$layer" '{"architecture":"arm64","os":"linux","variant":"v8"}'
    make_image old "$oci_manifest" "$config" "$layer" '{"architecture":"amd64","os":"linux"}'
    make_image docker "$docker_manifest" application/vnd.docker.container.image.v1+json \
        application/vnd.docker.image.rootfs.diff.tar.gzip '{"architecture":"amd64","os":"linux"}'
    jq -n --arg type "$oci_index" \
        --argjson amd64 "$(descriptor "$oci_manifest" "$content/amd64.json" '{"platform":{"architecture":"amd64","os":"linux"}}')" \
        --argjson arm64 "$(descriptor "$oci_manifest" "$content/arm64.json" '{"platform":{"architecture":"arm64","os":"linux","variant":"v8"}}')" \
        '{schemaVersion: 2, mediaType: $type, manifests: [$amd64, $arm64]}' >"$content/index.json"
    # A signature of `amd64`, the way of OCI 1.1: a manifest with a subject.
    printf '{}' >"$content/empty"
    printf 'a signature\n' >"$content/signature.layer"
    jq -n --arg type "$oci_manifest" --argjson config "$(descriptor application/vnd.oci.empty.v1+json "$content/empty")" \
        --argjson layer "$(descriptor text/plain "$content/signature.layer")" \
        --argjson subject "$(descriptor "$oci_manifest" "$content/amd64.json")" '
        {schemaVersion: 2, mediaType: $type, artifactType: "application/vnd.example.signature", config: $config,
        layers: [$layer], subject: $subject, annotations: {"org.example.by": "alice"}}' >"$content/signature.json"
    jq -n --arg type "$oci_index" --argjson signature "$(descriptor "$oci_manifest" "$content/signature.json" \
        '{"artifactType":"application/vnd.example.signature","annotations":{"org.example.by":"alice"}}')" \
        '{schemaVersion: 2, mediaType: $type, manifests: [$signature]}' >"$content/fallback.json"
    # The order of `ls`: versions, newest on top, pre-releases below; then other tags by name.
    printf '%s\n' 2.0.0-alpine 1.10.0 1.10.0-docker 1.10.0-rc.1 1.10 1.9.0 v0.9 20250101 UPPER _internal edge latest >"$content/tags.app"
    for ((name = 0; name < 1000; name++)); do printf '1.%d.%d\n' $((name / 50)) $((name % 50)); done >"$content/tags.thousand"
    for ((name = 0; name < 10000; name++)); do printf '%d.%d.%d\n' $((name / 1000)) $((name / 50 % 20)) $((name % 50)); done >"$content/tags.myriad"
}

# What `app` has: a tag and the manifest that it points to.
app_tags=(1.9.0:old 1.10.0:index 1.10:index latest:index 1.10.0-rc.1:arm64 2.0.0-alpine:arm64 v0.9:old 20250101:old
    edge:amd64 UPPER:old _internal:old 1.10.0-docker:docker)

push_curl() { curl -sS -f -m 60 ${user:+-u "$user:$password"} "$@"; }

# push_blob REPOSITORY FILE
push_blob() {
    local location
    location=$(push_curl -X POST -H 'Content-Length: 0' -D - -o /dev/null "http://$seed/v2/$1/blobs/uploads/" |
        tr -d '\r' | sed -n 's/^[Ll]ocation: *//p')
    [[ $location == http* ]] || location=http://$seed$location
    if [[ $location == *\?* ]]; then location+='&'; else location+='?'; fi
    push_curl -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" -o /dev/null \
        "${location}digest=$(digest_of "$2")"
}

# push_manifest REPOSITORY NAME [TAG...]: by digest where no tag is given. Prints the response's headers.
push_manifest() {
    local repository=$1 file=$content/$2.json reference
    shift 2
    for reference in "${@:-$(digest_of "$file")}"; do
        push_curl -X PUT -H "Content-Type: $(jq -r .mediaType "$file")" --data-binary "@$file" -D - -o /dev/null \
            "http://$seed/v2/$repository/manifests/$reference"
    done
}

push_image() {
    local repository=$1 name=$2
    shift 2
    push_blob "$repository" "$content/$name.config"
    push_blob "$repository" "$content/$name.layer"
    push_manifest "$repository" "$name" "$@"
}

# The same manifest under many tags, over one connection.
push_tags() {
    local repository=$1 tags=$2
    push_image "$repository" old >/dev/null
    sed "s|.*|url = \"http://$seed/v2/$repository/manifests/&\"\noutput = \"/dev/null\"|" "$tags" |
        push_curl -m 300 -X PUT -H "Content-Type: $oci_manifest" --data-binary "@$content/old.json" -K - >/dev/null
}

# Everything that the suite looks at. `many` is how long the longest list shall be.
seed_registry() {
    local entry image headers
    for image in amd64 arm64 old docker; do push_image "${prefix}app" "$image" >/dev/null; done
    push_manifest "${prefix}app" index >/dev/null
    for entry in "${app_tags[@]}"; do push_manifest "${prefix}app" "${entry#*:}" "${entry%%:*}" >/dev/null; done
    push_image "${prefix}team/other" amd64 1.0 >/dev/null

    push_image "${prefix}signed" amd64 1.0 >/dev/null
    push_blob "${prefix}signed" "$content/empty"
    push_blob "${prefix}signed" "$content/signature.layer"
    headers=$(push_manifest "${prefix}signed" signature)
    # A registry that does not say that it knows subjects wants the list of referrers under a tag.
    fallback=
    if ! grep -qi '^oci-subject:' <<<"$headers"; then
        fallback=$(digest_of "$content/amd64.json")
        fallback=${fallback/:/-}
        push_manifest "${prefix}signed" fallback "$fallback" >/dev/null
    fi

    push_tags "${prefix}thousand" "$content/tags.thousand"
    if [[ $many -ge 10000 ]]; then push_tags "${prefix}myriad" "$content/tags.myriad"; fi
}
