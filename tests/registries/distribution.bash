# distribution 3 with a configuration of its own; sourced by the scripts that run it.
version=v3.1.2
program=$(go_program distribution "$version")

install() { go_install github.com/distribution/distribution/v3 ./cmd/registry; }

# start_distribution [LINE...]: with these lines in the configuration.
start_distribution() {
    local address config
    address=127.0.0.1:$(free_port)
    config=$dir/${address#*:}
    mkdir "$config"
    {
        printf 'version: 0.1\nlog: {level: warn}\n'
        printf 'storage: {filesystem: {rootdirectory: "%s/storage"}, delete: {enabled: true}}\n' "$config"
        printf 'http: {addr: "%s"}\n' "$address"
        if [[ $# -gt 0 ]]; then printf '%s\n' "$@"; fi
    } >"$config/config.yml"
    OTEL_TRACES_EXPORTER=none launch "$address" "$program" serve "$config/config.yml"
    printf 'address=%s\nstorage=%s\n' "$address" "$config/storage"
}
