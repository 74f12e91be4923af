// Writes noproxy.tsv: what Go's own rules say about NO_PROXY, for the unit tests of src/http/proxy.rs.
// The tests need no Go. After a change: cd tests/vectors/noproxy && go run . > ../noproxy.tsv
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

var random = rand.New(rand.NewSource(20261121))

func pick(from ...string) string { return from[random.Intn(len(from))] }

// Entries and targets of a case are drawn from a few hosts, so that they meet often.
var names, v4s, v6s [2]string

func drawHosts() {
	for index := range names {
		names[index], v4s[index], v6s[index] = anyName(), anyV4(), anyV6()
	}
}

func name() string { return pick(names[:]...) }
func v4() string   { return pick(v4s[:]...) }
func v6() string   { return pick(v6s[:]...) }

func anyName() string {
	return pick("quay.io", "cdn.quay.io", "a.cdn.quay.io", "notquay.io", "io", "registry", "reg.corp.example",
		"corp.example", "QUAY.io", "xn--bcher-kva.example", "quay.io.", "corp.example.", "a_b.example", "quay-io")
}

func anyV4() string {
	return pick("10.1.2.3", "10.1.2.4", "10.0.0.0", "11.1.2.3", "192.168.1.1", "127.9.9.9", "0.0.0.0",
		"169.254.0.1", "255.255.255.255")
}

func anyV6() string {
	return pick("fd00::1", "FD00::1", "fd00:0:0::1", "::ffff:10.1.2.3", "::ffff:a01:203", "::ffff:127.0.0.1", "::1",
		"2001:db8::1", "::", "::10.1.2.3", "64:ff9b::a01:203")
}

func port() string {
	return pick("", ":", ":443", ":80", ":5000", ":0443", ":05000", ":8443", ":+443", ":x", ": 443")
}

func entry() string {
	switch random.Intn(14) {
	case 0, 1, 2:
		return name() + port()
	case 3, 4:
		return pick(".", "*.", "*", "..", "*.*.") + name() + port()
	case 5:
		return v4() + port()
	case 6:
		return v6() + pick("", ":443")
	case 7:
		return "[" + v6() + "]" + port()
	case 8:
		return "[" + pick(v4(), name()) + "]" + port()
	case 9:
		return v4() + "/" + pick("0", "8", "08", "16", "24", "31", "32", "33", "+8", "-1", "", "8:443", "255.0.0.0")
	case 10:
		return v6() + "/" + pick("0", "7", "8", "64", "96", "104", "120", "128", "129", "95")
	case 11:
		return pick("localhost", "10.1.2", "010.1.2.3", "10.1.2.3.", "1", "0x0a010203", "10.*", "10.1.2.3-9", "fe80::1%eth0",
			"fd00::1]", "[fd00::1", "[[fd00::1]]:443", "a:b:443", ":443", ":", "[]", "[]:443", "/", "https://quay.io")
	case 12:
		return pick("", " ", ".", "*.", "**", "-")
	default:
		return pick("*", name(), v4(), v6(), name(), v4(), v6())
	}
}

func list() string {
	entries := make([]string, 1+random.Intn(3))
	for index := range entries {
		entries[index] = pick("", "", "", " ", "  ") + entry() + pick("", "", "", " ")
	}
	return strings.Join(entries, ",")
}

func target() string {
	host := pick(name(), name(), name(), name(), v4(), v4(), v4(), "["+v6()+"]", "["+v6()+"]", "["+v6()+"]", "localhost")
	return pick("http", "https") + "://" + host + pick("", "", ":443", ":80", ":5000", ":8443")
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, "# NO_PROXY\tURL\twhether the proxy is used; written by noproxy/main.go")
	seen := map[string]bool{}
	direct := 0
	for len(seen) < 2600 {
		drawHosts()
		list, target := list(), target()
		parsed, err := url.Parse(target)
		if err != nil || seen[list+"\t"+target] {
			continue
		}
		config := httpproxy.Config{HTTPProxy: "http://p:1", HTTPSProxy: "http://p:1", NoProxy: list}
		proxy, err := config.ProxyFunc()(parsed)
		if err != nil {
			panic(err)
		}
		// Most random pairs have nothing to do with each other: keep the halves alike.
		if proxy == nil {
			direct++
		} else if len(seen) > 2*direct+50 {
			continue
		}
		seen[list+"\t"+target] = true
		fmt.Fprintf(out, "%s\t%s\t%t\n", list, target, proxy != nil)
	}
}
