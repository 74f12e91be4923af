//! What a tree of YAML says, and what is refused.

use super::*;

fn parse(text: &str) -> Yaml<'_> {
    Yaml::parse(text).unwrap()
}

/// The value of a path of keys, and the bytes of the file that it is made of.
fn value(text: &str, path: &[&str]) -> (String, Option<String>) {
    let yaml = parse(text);
    let id = path.iter().fold(yaml.roots[0], |id, key| yaml.get(id, key).unwrap());
    let value = yaml.text(id, 0).unwrap();
    let trimmed = value.trim();
    let written = trimmed.edit("?").ok().flatten();
    (value.value.clone(), written.map(|e| text[e.at..e.at + e.len].to_owned()))
}

#[test]
fn every_style_knows_its_bytes() {
    let text = "\u{feff}# é\r\na: plain é x # a\r\nb: \"dq\" # dq\r\nc: 'sq'\r\nd: |\r\n  lit:1\r\n\
                e: &anchor anchor\r\nf: !!str tagged\r\ng: {h: [i, flow:1]}\r\nj: >-\r\n  fold\r\n";
    for (path, expected) in [
        (vec!["a"], "plain é x"),
        (vec!["b"], "dq"),
        (vec!["c"], "sq"),
        (vec!["e"], "anchor"),
        (vec!["f"], "tagged"),
        (vec!["j"], "fold"),
    ] {
        assert_eq!(value(text, &path), (expected.into(), Some(expected.into())), "{path:?}");
    }
    assert_eq!(value(text, &["d"]), ("lit:1\n".into(), Some("lit:1".into())));
    let yaml = parse(text);
    let e = yaml.get(yaml.roots[0], "e").unwrap();
    assert_eq!(&text[yaml.start(e) - 8..yaml.start(e)], "&anchor ");
}

#[test]
fn escapes_have_no_bytes() {
    assert_eq!(value(r#"a: "x\u0031""#, &["a"]), ("x1".into(), None));
    assert_eq!(value("a: 'it''s'", &["a"]), ("it's".into(), None));
    assert_eq!(value("a: b\n  c", &["a"]), ("b c".into(), None));
    assert_eq!(value(r#"{"a": "x\/y"}"#, &["a"]), ("x/y".into(), None));
}

#[test]
fn aliases_and_merges() {
    let text =
        "x: &x {image: a, k: 1}\ny: &y\n  k: 2\n  j: 3\nz:\n  <<: [*x, *y]\n  own: 4\nw: *x\n";
    let yaml = parse(text);
    let root = yaml.roots[0];
    let (x, z, w) = (yaml.get(root, "x"), yaml.get(root, "z").unwrap(), yaml.get(root, "w"));
    assert_eq!(x, w);
    let entries = yaml.entries(z);
    let texts: Vec<_> = entries.iter().map(|(k, v)| (*k, yaml.scalar(*v).unwrap())).collect();
    assert_eq!(texts, [("own", "4"), ("image", "a"), ("k", "1"), ("j", "3")]);
    assert_eq!(yaml.get(z, "image"), yaml.get(x.unwrap(), "image"));
    // A mapping that merges itself has nothing more to say.
    let yaml = parse("a: &a\n  <<: *a\n  b: 1\n");
    assert_eq!(yaml.entries(yaml.get(yaml.roots[0], "a").unwrap()).len(), 1);
}

#[test]
fn several_documents_and_nulls() {
    let yaml = parse("a: 1\n---\nb:\n---\n~\n");
    assert_eq!(yaml.roots.len(), 3);
    assert!(yaml.is_null(yaml.get(yaml.roots[1], "b").unwrap()));
    assert!(yaml.is_null(yaml.roots[2]));
    assert_eq!(yaml.text(yaml.roots[2], 0), None);
    assert!(!parse("'null'").is_null(0));
}

#[test]
fn a_literal_block_is_written_line_by_line() {
    let text = "f: |\r\n    FROM a:1\r\n      # x\r\n\r\n    RUN b\r\n";
    let yaml = parse(text);
    let id = yaml.get(yaml.roots[0], "f").unwrap();
    let value = yaml.text(id, 0).unwrap();
    assert_eq!(value.value, "FROM a:1\n  # x\n\nRUN b\n");
    let tag = value.slice(7..8);
    assert_eq!(&text[tag.start()..tag.end()], "1");
    let run = value.slice(value.value.find("RUN").unwrap()..value.value.len());
    assert_eq!(&text[run.start()..run.start() + 3], "RUN");
}

#[test]
fn hostile_texts_are_refused() {
    let anchors: String = (0..100_000).map(|n| format!("a{n}: &a{n} x\n")).collect();
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    (1..40).for_each(|n| bomb += &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1));
    let deep: String = (0..10_000).map(|n| format!("{}a:\n", " ".repeat(n.min(3000)))).collect();
    for (text, what) in [
        (anchors, "anchors"),
        (bomb, "aliases"),
        (deep, "nested"),
        ("[".repeat(10_000), "recursion"),
        ("- ".repeat(10_000), "nested"),
        ("- x\n".repeat(400_000), "values"),
        ("a:\n\t- b: c\n\t  d: [".to_owned(), "YAML"),
    ] {
        let fault = Yaml::parse(&text).err().unwrap();
        assert!(fault.what.contains(what), "{fault:?}");
    }
}

/// As every other reader of these files takes them.
#[test]
fn lists_and_quotes_may_end_below_their_key() {
    let text = "é: x\na:\n  test: [\n      \"CMD\",\n      # é\n  ]\n  low: {\n b: c:1,\nd: 'e:1'\n  }\n  \
                single: 'it''s\n so'\n  quoted: \"x\n y\\\" '\n z\"\n  image: app:1.2\n";
    assert_eq!(value(text, &["a", "image"]), ("app:1.2".into(), Some("app:1.2".into())));
    assert_eq!(value(text, &["a", "low", "b"]), ("c:1".into(), Some("c:1".into())));
    assert_eq!(value(text, &["a", "low", "d"]), ("e:1".into(), Some("e:1".into())));
    assert_eq!(value(text, &["a", "quoted"]), ("x y\" ' z".into(), None));
    let yaml = parse(text);
    let image = yaml.get(yaml.get(yaml.roots[0], "a").unwrap(), "image").unwrap();
    assert_eq!(yaml.start(image), text.find("app:1.2").unwrap());
    // A list without an end.
    let fault = Yaml::parse("a:\n  b: [x\n  c: y\nd: {e: f}\n").err().unwrap();
    assert_eq!((fault.at, &*fault.what), (14, "invalid YAML: illegal placement of ':' indicator"));
    let many = format!("a:\n  b: [\n{}  ]\n", "x,\n".repeat(300_000));
    assert!(Yaml::parse(&many).is_err());
}
