//! Rows and templates that mean harm, or come from a fuzzer.

use super::*;

#[test]
fn foreign_text_is_sanitised_and_ours_is_not() {
    const SAFE: &str = "a\\u{a}\\u{1b}[31m\\u{202e}b";
    for template in [
        "{{.Evil}}",
        "{{printf \"%s\" .Evil}}",
        "{{print .Evil}}",
        "{{join (split .Evil \"zzz\") \"\"}}",
        "{{slice .Evil 0}}",
        "{{truncate .Evil 99}}",
        "{{with .Evil}}{{.}}{{end}}",
        "{{$x := .Evil}}{{$x}}",
        "{{or .Evil 1}}",
        "{{pad .Evil 0 0}}",
        "{{printf .Evil}}",
    ] {
        assert_eq!(render(template).as_deref(), Ok(SAFE), "{template}");
    }
    assert_eq!(render("{{json .Evil}}").unwrap(), r#""a\n\u001b[31m\u202eb""#);
    assert_eq!(render("{{printf \"%q\" .Evil}}").unwrap(), r#""a\n\x1b[31m\u202eb""#);
    assert_eq!(render("{{eq .Evil \"a\\n\\x1b[31m\\u202eb\"}}").unwrap(), "true");
    assert_eq!(
        render("{{len .Evil}} {{printf \"%x\" .Evil}}").unwrap(),
        "11 610a1b5b33316de280ae62"
    );
    assert_eq!(render("{{\"\\x1b[1m\"}}{{.Tag}}\x1b[0m").unwrap(), "\x1b[1m1.27\x1b[0m");
}

#[test]
fn depth_is_bounded() {
    for count in [65, 1000, 20_000] {
        for (open, middle, close) in [
            ("{{(", "1", ")}}"),
            ("{{if 1}}", "", "{{end}}"),
            ("{{range .Layers}}", "", "{{end}}"),
            ("{{if 0}}{{else if 0}}", "", "{{end}}"),
        ] {
            let template = match open {
                "{{(" => format!("{{{{{}{middle}{}}}}}", "(".repeat(count), ")".repeat(count)),
                _ => format!("{}{middle}{}", open.repeat(count), close.repeat(count)),
            };
            let error = Template::parse(&template).expect_err("too deep");
            assert!(error.message.contains("too "), "{error}");
        }
        let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(count));
        assert!(Template::parse(&chain).is_err());
    }
    assert_eq!(
        render(&format!("{{{{{}1{}}}}}", "(".repeat(60), ")".repeat(60))).as_deref(),
        Ok("1")
    );
}

#[test]
fn sizes_are_bounded() {
    let doubling = "{{$x := \"ab\"}}{{range 60}}{{$x = print $x $x}}{{end}}{{$x}}";
    assert!(render(doubling).unwrap_err().message.contains("too long"));
    let widths = "{{range 60}}{{printf \"%1000000d\" 1}}{{end}}".repeat(2);
    assert!(render(&widths).unwrap_err().message.contains("runs for too long"));
    assert_eq!(
        render("{{printf \"%99999999999999999999999999999999999999999d\" 1}}").unwrap(),
        "1"
    );
    assert_eq!(render("{{printf \"%.1000000f\" 1.5}}").unwrap().len(), 1102);
}

/// Mutations of the templates above, by a fixed generator: every one ends in text or an error.
#[test]
fn no_template_panics() {
    let seeds = [
        "{{range $k, $v := .Labels}}{{$k}}={{$v | printf \"%-5s|%q\" | upper}}{{else}}x{{end}}",
        "a {{- if and .Tag (not .Empty) -}} b {{else if eq .Size 1 0x2}}{{.Nested.x.y}}{{end}}\\t",
        "{{with $x := index .Layers 1}}{{$x = slice $x 0 1}}{{break}}{{end}}{{/* c */}}{{`r`}}",
        "{{printf \"%+08.3f %#x %*d %v %c\" .Ratio 255 5 6 .Labels 'é'}}{{\"\\u00e9\\x41\"}}",
        "{{json .}}{{join (split .Tag \".\") \",\"}}{{truncate .Evil 3}}{{pad .Tag 1 2}}{{-1e5}}",
    ];
    let pieces = [
        "{{", "}}", "\"", "%", "(", ")", "|", ".", "$", "é", "-", "9", " ", ":=", "=", "\\",
        "{{end}}", "{{else}}", "range", "nil", "'", "`", ",", "*/", "/*", "\u{1b}", "e", "_", "0x",
    ];
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let data = data();
    let (mut good, mut bad) = (0, 0);
    for _ in 0..20_000 {
        let mut template: Vec<char> = seeds[random(seeds.len())].chars().collect();
        for _ in 0..random(5) {
            let at = random(template.len());
            match random(3) {
                0 => drop(template.drain(at..template.len().min(at + 1 + random(4)))),
                1 => drop(template.splice(at..at, pieces[random(pieces.len())].chars())),
                _ => {
                    let other = random(template.len());
                    template.swap(at, other);
                }
            }
            template.push(' ');
        }
        let template: String = template.into_iter().collect();
        match Template::parse(&template).and_then(|parsed| parsed.render(&data)) {
            Ok(text) => {
                assert!(template.contains('\x1b') || !text.contains('\x1b'), "{template:?}");
                good += 1;
            }
            Err(_) => bad += 1,
        }
    }
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad: the mutations are one-sided");
}
