//! The engine against Go: each row is a template and what `text/template` makes of it.

mod go;
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

/// Where Go gives up or says something else, on purpose.
#[test]
fn what_is_not_known_ends_no_list() {
    check(&[
        ("{{.None}} {{print .None 1}} {{.None.x.y}}", "N/A N/A 1 N/A"),
        ("{{len .None}} {{index .None 1}} {{slice .None 1}}", "0 N/A N/A"),
        ("{{lt .None 5}} {{gt .None 5}} {{eq .None 5}} {{eq .None nil}}", "false false false true"),
        ("{{upper .None}} {{lower .None}} {{title .None}} {{truncate .None 1}}", "N/A N/A N/A N/A"),
        ("{{printf \"%d|%5s|%v\" .None .None .None}}", "N/A|  N/A|N/A"),
        ("{{join .None \",\"}}|{{range split .None \",\"}}x{{end}}|{{json .None}}", "||null"),
        ("{{range .None}}x{{else}}none{{end}} {{.Labels.nope}} {{.Nested.nope.x}}", "none N/A N/A"),
        ("{{pad .None 1 1}}|{{html .None}}|{{urlquery .None}}", " N/A |N/A|N%2FA"),
    ]);
}

#[test]
fn docker_s_functions_take_any_value() {
    check(&[
        ("{{upper .Size}} {{truncate .Size 2}} {{split .Ratio \".\"}}", "5600000 56 [1 5]"),
        (
            "{{truncate \"éé\" 1}} {{join .Labels \",\"}} {{join .Parts \";\"}}",
            "é bar,c map[Os:linux Size:7];map[Os:windows Size:-9]",
        ),
        ("a\\t{{.Zero}}\\nb", "a\t0\nb"),
        ("a\\t{{- .Zero}}", "a0"),
        (
            "{{json .Labels}} {{json .Nested.big}}",
            r#"{"a.b":"c","foo":"bar"} 18446744073709551615"#,
        ),
    ]);
    let whole = serde_json::to_string(&Part { os: "linux", size: 1 }).unwrap();
    let template = Template::parse("{{json .}} {{$ | json}} {{$r := .}}{{json $r}}").unwrap();
    let text = template.render(&Part { os: "linux", size: 1 }).unwrap();
    assert_eq!(text, [whole.as_str(); 3].join(" "));
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
        ("{{1x}}", (1, 3), "bad number"),
        ("{{017}}", (1, 3), "bad number"),
        ("{{'a'}}", (1, 3), "double quotes"),
        ("{{\u{1b}}}", (1, 3), "unexpected character '\\u{1b}'"),
        ("{{.Tag.x}}", (1, 3), "can't evaluate field x in type string"),
        ("{{range .Tag}}{{end}}", (1, 9), "can't iterate over a string"),
        ("{{eq 1 \"a\"}}", (1, 3), "eq: cannot compare a int with a string"),
        ("{{lt 1 1.5}}", (1, 3), "lt: cannot compare"),
        ("{{index .Layers 2}}", (1, 3), "index out of range: 2"),
        ("{{index .Layers -1}}", (1, 3), "index out of range: -1"),
        ("{{len 3}}", (1, 3), "a int has no length"),
        ("{{slice .Tag 3 1}}", (1, 3), "invalid slice index: 3 > 1"),
        ("{{slice \"é\" 1}}", (1, 3), "inside a character"),
        ("{{truncate .Tag -1}}", (1, 3), "out of range"),
        ("{{range 100000000000}}{{end}}", (1, 9), "runs for too long"),
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
            error.ends_with("can't evaluate field Nope; possible fields: Tag, Layers"),
            "{error}"
        );
    }
}
