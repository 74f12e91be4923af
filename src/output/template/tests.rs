//! The engine against Go: each row is a template and what `text/template` makes of it.

mod hostile;

use std::collections::BTreeMap;

use serde::Serialize;

use super::*;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    tag: &'static str,
    size: u64,
    zero: i64,
    ratio: f64,
    empty: &'static str,
    yes: bool,
    none: Option<u8>,
    layers: Vec<&'static str>,
    no_layers: Vec<u8>,
    labels: BTreeMap<&'static str, &'static str>,
    nested: serde_json::Value,
    parts: Vec<Part>,
    evil: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    os: &'static str,
    size: i64,
}

fn data() -> Data {
    Data {
        tag: "1.27",
        size: 5_600_000,
        zero: 0,
        ratio: 1.5,
        empty: "",
        yes: true,
        none: None,
        layers: vec!["a", "b"],
        no_layers: vec![],
        labels: BTreeMap::from([("foo", "bar"), ("a.b", "c")]),
        nested: serde_json::json!({"x": {"y": [1, {"z": null}]}, "big": u64::MAX, "f": 0.25}),
        parts: vec![Part { os: "linux", size: 7 }, Part { os: "windows", size: -9 }],
        evil: "a\n\x1b[31m\u{202e}b",
    }
}

fn render(template: &str) -> Result<String, TemplateError> {
    Template::parse(template)?.render(&data())
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (template, want) in cases {
        assert_eq!(render(template).as_deref(), Ok(*want), "{template}");
    }
}

#[test]
fn values_print_as_in_go() {
    check(&[
        ("{{.Tag}}", "1.27"),
        ("{{.Size}}", "5600000"),
        ("{{.Zero}} {{.Ratio}} {{.Yes}}", "0 1.5 true"),
        ("[{{.Empty}}]", "[]"),
        ("{{.None}}", "<no value>"),
        ("{{.Layers}} {{.NoLayers}}", "[a b] []"),
        ("{{.Labels}}", "map[a.b:c foo:bar]"),
        ("{{.Labels.foo}}", "bar"),
        ("{{.Labels.nope}}", "<no value>"),
        ("{{.Nested}}", "map[big:18446744073709551615 f:0.25 x:map[y:[1 map[z:<nil>]]]]"),
        ("{{.Nested.x.y}}", "[1 map[z:<nil>]]"),
        ("{{.Parts}}", "[{linux 7} {windows -9}]"),
        ("{{$.Tag}}", "1.27"),
        ("{{(index .Parts 1).Os}}", "windows"),
        ("{{9223372036854775807}} {{-5}} {{+7}}", "9223372036854775807 -5 7"),
        ("{{0x10}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{1e3}}", "16 5 15 15 1000 1000"),
        ("{{1.50}} {{.5}} {{1e21}} {{1e-7}} {{100000.0}}", "1.5 0.5 1e+21 1e-07 100000"),
        ("{{'a'}} {{'\\n'}} {{true}} {{false}}", "97 10 true false"),
        ("{{print nil}}", "<nil>"),
    ]);
}

#[test]
fn text_trimming_and_comments() {
    check(&[
        ("", ""),
        ("plain }} text", "plain }} text"),
        ("a {{.Tag}} b", "a 1.27 b"),
        ("a {{- .Tag -}} b", "a1.27b"),
        ("a {{- /* c */ -}} b", "ab"),
        ("{{/* c }} */}}x", "x"),
        ("a\n{{- \"\" -}}\n\n b", "ab"),
        ("a\\t{{.Zero}}\\nb", "a\t0\nb"),
        ("a\\t{{- .Zero}}", "a0"),
        ("{{-5}}", "-5"),
        ("{{ .Tag }}{{\n.Zero\n}}", "1.270"),
        (r#"{{"\u00e9\t\x41\101\\\"\U0001F44D"}}"#, "é\tAA\\\"👍"),
        (r"{{`raw\n`}}", "raw\\n"),
        ("{{`two\nlines`}}", "two\nlines"),
        (r#"{{"{{}}"}}"#, "{{}}"),
        (r#"{{"caf\xc3\xa9"}}"#, "café"),
    ]);
}

#[test]
fn control_structures() {
    check(&[
        ("{{if not .Empty}}y{{end}}", "y"),
        ("{{if .Empty}}a{{else}}b{{end}}", "b"),
        ("{{if .Empty}}a{{else if .Tag}}b{{else}}c{{end}}", "b"),
        ("{{if .Empty}}a{{else if .Zero}}b{{else}}c{{end}}", "c"),
        ("{{if .NoLayers}}a{{else}}b{{end}}{{if .None}}a{{else}}b{{end}}", "bb"),
        ("{{with .Tag}}[{{.}}]{{end}}", "[1.27]"),
        ("{{with .Empty}}x{{else}}{{.Tag}}{{end}}", "1.27"),
        ("{{with .Empty}}x{{else with .Tag}}{{.}}{{end}}", "1.27"),
        ("{{with $x := .Tag}}{{$x}}{{$.Zero}}{{end}}", "1.270"),
        ("{{range .Layers}}{{.}}{{\"\\n\"}}{{end}}", "a\nb\n"),
        ("{{range .Layers}}<{{.}}{{$.Tag}}>{{end}}", "<a1.27><b1.27>"),
        ("{{range .NoLayers}}x{{else}}none{{end}}", "none"),
        ("{{range .None}}x{{else}}none{{end}}", "none"),
        ("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b=c;foo=bar;"),
        ("{{range $k,$v := .Labels}}{{$k}}{{.}};{{end}}", "a.bc;foobar;"),
        ("{{range $i, $v := .Layers}}{{$i}}{{$v}}{{end}}", "0a1b"),
        ("{{range $v := .Layers}}{{$v}}{{end}}", "ab"),
        ("{{range .Parts}}{{.Os}}:{{.Size}} {{end}}", "linux:7 windows:-9 "),
        ("{{range 3}}{{.}}{{end}}{{range -3}}x{{end}}", "012"),
        ("{{range .Layers}}{{.}}{{break}}{{end}}", "a"),
        ("{{range .Layers}}{{if eq . \"a\"}}{{continue}}{{end}}{{.}}{{end}}", "b"),
        ("{{range .Layers}}{{range $.Layers}}{{break}}{{end}}{{.}}{{end}}", "ab"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
        ("{{$n := 0}}{{range $i, $_ := .Layers}}{{$n = $i}}{{end}}{{$n}}", "1"),
        ("{{$p := index .Parts 0}}{{$p.Os}}", "linux"),
        ("{{$x := .Tag | upper}}{{$x}}{{$y := $x}}{{$y}}", "1.271.27"),
    ]);
}

#[test]
fn builtin_functions() {
    check(&[
        ("{{and .Yes .Size}} {{and .Empty .Size}}", "5600000 "),
        ("{{or .Empty \"d\"}} {{or .Zero .Empty .None}}", "d <no value>"),
        ("{{or .Yes (index .Layers 9)}}", "true"),
        ("{{and .Zero (index .Layers 9)}}", "0"),
        ("{{not .Yes}} {{not .None}}", "false true"),
        ("{{eq .Size 5600000}} {{eq .Tag \"1.27\"}} {{eq .Tag \"x\" \"1.27\"}}", "true true true"),
        ("{{ne .Tag \"a\"}} {{eq .None nil}} {{eq .Tag nil}}", "true true false"),
        ("{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge .Size 5600000}}", "true true false true"),
        ("{{lt .Ratio 2.0}} {{lt \"a\" \"b\"}}", "true true"),
        ("{{len .Layers}} {{len .Tag}} {{len .Labels}} {{len \"é\"}}", "2 4 2 2"),
        ("{{index .Labels \"a.b\"}} {{index .Layers 1}} {{index .Layers}}", "c b [a b]"),
        ("[{{index .Labels \"nope\"}}]", "[]"),
        ("{{index .Nested \"x\" \"y\" 0}} {{index .Nested \"nope\"}}", "1 <no value>"),
        ("{{slice .Tag 0 2}} {{slice .Tag 2}} {{slice .Layers 1 2}}", "1. 27 [b]"),
        ("{{print 1 2 \"a\" \"b\" 3}}", "1 2ab3"),
        ("{{print 1 true nil}}", "1 true <nil>"),
        ("{{println \"a\" 1}}|{{println}}", "a 1\n|\n"),
        ("{{html \"<a href='x'>&\\\"\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;"),
        ("{{urlquery \"a b/é\"}}", "a+b%2F%C3%A9"),
        ("{{(index .Labels \"foo\") | printf \"%s!\" | upper}}", "BAR!"),
        ("{{\"x\" | printf \"%s%s\" \"y\"}}", "yx"),
        ("{{if and (gt .Size 1000) (not (eq .Tag \"latest\"))}}y{{end}}", "y"),
    ]);
}

#[test]
fn docker_functions() {
    check(&[
        (
            "{{json .Tag}} {{json .Size}} {{json .None}} {{json .Layers}}",
            r#""1.27" 5600000 null ["a","b"]"#,
        ),
        (
            "{{json .Labels}} {{json .Parts}}",
            r#"{"a.b":"c","foo":"bar"} [{"Os":"linux","Size":7},{"Os":"windows","Size":-9}]"#,
        ),
        ("{{json \"<&>\"}}", "\"<&>\""),
        ("{{join .Layers \", \"}} [{{join .NoLayers \",\"}}]", "a, b []"),
        ("{{join .Labels \",\"}}", "a.b=c,foo=bar"),
        ("{{range split .Tag \".\"}}<{{.}}>{{end}}", "<1><27>"),
        ("{{index (split .Tag \".\") 1}} {{split \"ab\" \"\"}}", "27 [a b]"),
        ("{{join (split .Tag \".\") \"-\" | printf \"%q\"}}", "\"1-27\""),
        (
            "{{lower \"AbC\"}} {{upper \"abc\"}} {{title \"hello wOrld x-y\"}}",
            "abc ABC Hello WOrld X-Y",
        ),
        ("{{.Tag | lower}} {{upper .Size}}", "1.27 5600000"),
        ("[{{pad .Tag 1 2}}] [{{pad .Empty 1 2}}]", "[ 1.27  ] []"),
        ("{{truncate .Tag 2}} {{truncate .Tag 9}} {{truncate \"éé\" 1}}", "1. 1.27 é"),
    ]);
}

#[test]
fn printf_as_in_go() {
    check(&[
        ("{{printf \"%s-%d\" .Tag .Size}}", "1.27-5600000"),
        ("{{printf \"%q %q\" .Tag .Layers}}", "\"1.27\" [\"a\" \"b\"]"),
        ("{{printf \"%v %v %v\" .Layers .Labels .None}}", "[a b] map[a.b:c foo:bar] <nil>"),
        ("{{printf \"%s\" .Layers}}", "[a b]"),
        ("{{printf \"%-20s|%6s|%.2s|\" .Tag .Tag .Tag}}", "1.27                |  1.27|1.|"),
        ("{{printf \"%x %X %x %#x %x\" .Tag .Tag 255 255 -255}}", "312e3237 312E3237 ff 0xff -ff"),
        ("{{printf \"%5d|%-5d|%05d|%+d|%05d\" 42 42 42 42 -42}}", "   42|42   |00042|+42|-0042"),
        (
            "{{printf \"%.2f %f %6.1f|%e %g\" .Ratio .Ratio .Ratio .Ratio .Ratio}}",
            "1.50 1.500000    1.5|1.500000e+00 1.5",
        ),
        ("{{printf \"%.3g %.3g %.3g\" 123456.0 5.6 0.00001234}}", "1.23e+05 5.6 1.23e-05"),
        ("{{printf \"%t %v\" .Yes .Yes}}", "true true"),
        ("{{printf \"100%%\"}} {{printf \"%\"}}", "100% %!(NOVERB)"),
        ("{{printf \"%d\" .Tag}} {{printf \"%s\" 5}}", "%!d(string=1.27) %!s(int=5)"),
        ("{{printf \"%d\"}} {{printf \"a\" 1}}", "%!d(MISSING) a%!(EXTRA int=1)"),
        ("{{printf \"%*d|%-*d|\" 5 1 5 1}}", "    1|1    |"),
        ("{{printf \"%c %U %o %b\" 233 233 8 5}}", "é U+00E9 10 101"),
        ("{{printf \"%T %T %T\" .Tag .Size .Ratio}}", "string int float64"),
        ("{{printf \"%q\" \"a\\n\\\"\"}}", "\"a\\n\\\"\""),
        ("{{printf \"%d\" .Nested.big}}", "18446744073709551615"),
    ]);
}

#[test]
fn errors_say_what_and_where() {
    for (template, at, message) in [
        ("{{.Tag", (1, 1), "no closing }}"),
        ("{{\"a}}", (1, 3), "no closing \""),
        ("{{\"\\q\"}}", (1, 3), "bad escape"),
        ("{{\"\\xff\"}}", (1, 3), "bad escape"),
        ("{{`a}}", (1, 3), "no closing `"),
        ("{{/* a }}", (1, 1), "no closing */"),
        ("{{}}", (1, 3), "a value is missing"),
        ("{{.Tag |}}", (1, 9), "a value is missing"),
        ("a\n é{{nope .Tag}}", (2, 5), "function \"nope\" not defined"),
        ("{{end}}", (1, 1), "unexpected {{end}}"),
        ("{{else}}", (1, 1), "unexpected {{else}}"),
        ("{{if .Tag}}", (1, 1), "has no {{end}}"),
        ("{{if .Tag}}{{else}}{{else}}{{end}}", (1, 20), "second {{else}}"),
        ("{{if}}{{end}}", (1, 5), "a value is missing"),
        ("{{break}}", (1, 1), "break outside range"),
        ("{{define \"x\"}}{{end}}", (1, 1), "define is not supported"),
        ("{{$x}}", (1, 3), "undefined variable \"$x\""),
        ("{{$x = 1}}", (1, 3), "cannot set variable $x"),
        ("{{if true}}{{$y := 1}}{{end}}{{$y}}", (1, 32), "undefined variable"),
        ("{{nil}}", (1, 3), "nil is not a command"),
        ("{{.Tag 5}}", (1, 3), "cannot give arguments"),
        ("{{.Tag | 5}}", (1, 10), "cannot give arguments"),
        ("{{.Tag\"a\"}}", (1, 7), "a space missing"),
        ("{{(.Tag}}", (1, 3), "not closed"),
        ("{{.Tag)}}", (1, 7), "unexpected"),
        ("{{and}}", (1, 3), "at least 1, got 0"),
        ("{{not 1 2}}", (1, 3), "want 1, got 2"),
        ("{{5 | not 1}}", (1, 7), "want 1, got 2"),
        ("{{99999999999999999999}}", (1, 3), "bad number"),
        ("{{1x}} {{08}}", (1, 3), "bad number"),
        ("{{\u{1b}}}", (1, 3), "unexpected character '\\u{1b}'"),
        ("{{.Tag.x}}", (1, 3), "can't evaluate field x in type string"),
        ("{{.None.x}}", (1, 3), "nil has no field x"),
        ("{{range .Parts}}{{.Nope}}{{end}}", (1, 19), "can't evaluate field Nope in type struct"),
        ("{{range .Tag}}{{end}}", (1, 9), "can't iterate over a string"),
        ("{{eq 1 \"a\"}}", (1, 3), "eq: cannot compare a int with a string"),
        ("{{lt 1 1.5}}", (1, 3), "lt: cannot compare"),
        ("{{index .Layers 2}}", (1, 3), "index out of range: 2"),
        ("{{index .Layers -1}}", (1, 3), "index out of range: -1"),
        ("{{index .None 1}}", (1, 3), "nil has no entries"),
        ("{{len 3}}", (1, 3), "a int has no length"),
        ("{{slice .Tag 3 1}}", (1, 3), "invalid slice index: 3 > 1"),
        ("{{slice \"é\" 1}}", (1, 3), "inside a character"),
        ("{{truncate .Tag -1}}", (1, 3), "out of range"),
        ("{{range 100000000000}}{{end}}", (1, 9), "does not come to an end"),
    ] {
        let error = render(template).expect_err(template);
        assert_eq!((error.line, error.column), at, "{template}: {error}");
        assert!(error.message.contains(message), "{template}: {error}");
        assert!(!error.to_string().contains(crate::system::terminal::is_unsafe), "{error}");
    }
}

#[test]
fn fields_of_the_row_are_noted() {
    let keys = ["Tag", "Layers"];
    let check = |template: &str| {
        Template::parse(template).unwrap().check_fields(keys.into_iter()).map_err(|e| e.to_string())
    };
    for template in [
        "{{.Tag}}",
        "{{range .Layers}}{{.Digest}}{{end}}",
        "{{with .Tag}}{{.X}}{{else}}{{.Tag}}{{end}}",
        "{{json .}}",
        "{{$x := .Tag}}{{$x.Y}}",
    ] {
        assert_eq!(check(template), Ok(()), "{template}");
    }
    for template in [
        "{{.Nope}}",
        "{{$.Nope}}",
        "{{if .Tag}}{{.Nope}}{{end}}",
        "{{range .Layers}}{{else}}{{.Nope}}{{end}}",
        "{{range .Layers}}{{$.Nope}}{{end}}",
        "{{len (lower .Nope)}}",
        "{{with .Tag}}{{end}}{{.Nope.x}}",
        "{{range .Nope}}{{end}}",
    ] {
        let error = check(template).expect_err(template);
        assert!(
            error.ends_with("can't evaluate field Nope; the fields are Tag, Layers"),
            "{error}"
        );
    }
}
