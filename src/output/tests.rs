//! Every format, through the writer.

use std::collections::BTreeMap;

use super::*;

const COLUMNS: &[Column] = &[
    Column { key: "Tag", header: "TAG" },
    Column { key: "Digest", header: "DIGEST" },
    Column { key: "Size", header: "SIZE" },
    Column { key: "Created", header: "CREATED" },
    Column { key: "Labels", header: "LABELS" },
];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagRow {
    tag: String,
    digest: String,
    size: Option<u64>,
    created: Option<Timestamp>,
    labels: BTreeMap<String, String>,
}

impl Row for TagRow {
    const COLUMNS: &'static [Column] = COLUMNS;

    fn cells(&self, look: &Look) -> Vec<String> {
        vec![
            self.tag.clone(),
            look.digest(&self.digest),
            self.size.map(human::size).unwrap_or_default(),
            look.age(self.created),
            self.labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(","),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.tag)
    }
}

fn look() -> Look {
    Look { now: "2025-06-15T12:00:00Z".parse().unwrap(), no_trunc: false, width: None }
}

fn rows() -> Vec<TagRow> {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    vec![
        TagRow {
            tag: "1.27-alpine".into(),
            digest: digest.clone(),
            size: Some(5_600_000),
            created: Some("2025-06-01T12:00:00Z".parse().unwrap()),
            labels: BTreeMap::from([("a.b".into(), "c".into()), ("foo".into(), "bar".into())]),
        },
        TagRow {
            tag: "evil\n\x1b[2J\u{202e}".into(),
            digest,
            size: None,
            created: None,
            labels: BTreeMap::new(),
        },
    ]
}

fn write(format: &str, look: Look, columns: Option<&[&str]>) -> String {
    let format = if format == "plain" { Format::Plain } else { Format::parse(format).unwrap() };
    let mut writer = Writer::new(Vec::new(), &format, look).unwrap();
    if let Some(columns) = columns {
        writer = writer.with_columns(columns);
    }
    for row in rows() {
        assert_fits(&row, &look);
        writer.write_row(&row).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

#[test]
fn plain_lines() {
    assert_eq!(write("plain", look(), None), "1.27-alpine\nevil\\u{a}\\u{1b}[2J\\u{202e}\n");
}

#[test]
fn tables() {
    assert_eq!(
        write("table", look(), Some(&["Tag", "Digest", "Size", "Created"])),
        "TAG                          DIGEST                SIZE      CREATED\n\
         1.27-alpine                  sha256:0123456789ab   5.6MB     2 weeks ago\n\
         evil\\u{a}\\u{1b}[2J\\u{202e}   sha256:0123456789ab             N/A\n"
    );
    let full = write("table", Look { no_trunc: true, ..look() }, Some(&["Size", "Digest"]));
    assert!(full.starts_with("SIZE      DIGEST\n5.6MB     sha256:0123456789abcdef01"), "{full}");
    assert!(write("table", look(), None).contains("2 weeks ago   a.b=c,foo=bar\n"));
}

#[test]
fn json_lines() {
    let digest = "0123456789abcdef".repeat(4);
    let want = format!(
        "{{\"Tag\":\"1.27-alpine\",\"Digest\":\"sha256:{digest}\",\"Size\":5600000,\
         \"Created\":\"2025-06-01T12:00:00Z\",\"Labels\":{{\"a.b\":\"c\",\"foo\":\"bar\"}}}}\n\
         {{\"Tag\":\"evil\\n\\u001b[2J\\u202e\",\"Digest\":\"sha256:{digest}\",\"Size\":null,\
         \"Created\":null,\"Labels\":{{}}}}\n"
    );
    assert_eq!(write("json", look(), None), want);
    assert_eq!(write("{{json .}}", look(), None), want);
}

#[test]
fn templates_see_raw_values() {
    assert_eq!(
        write("{{.Tag}}\\t{{.Size}}\\t{{.Created}}", look(), None),
        "1.27-alpine\t5600000\t2025-06-01T12:00:00Z\n\
         evil\\u{a}\\u{1b}[2J\\u{202e}\tN/A\tN/A\n"
    );
    assert_eq!(write("{{index .Labels \"a.b\"}}", look(), None), "c\n\n");
}

#[test]
fn table_templates_see_texts_for_people() {
    assert_eq!(
        write("table {{truncate .Tag 4}}\\t{{.Size}}\\t{{.Digest}}", look(), None),
        "TAG       SIZE      DIGEST\n\
         1.27      5.6MB     sha256:0123456789ab\n\
         evil                sha256:0123456789ab\n"
    );
    assert_eq!(
        write(
            "table {{index .Labels \"foo\"}}\t{{upper .Created}} {{printf \"%d\" .Size}}",
            look(),
            None
        ),
        "LABELS    CREATED SIZE\n\
         bar       2 WEEKS AGO %!d(string=5.6MB)\n\
         \u{20}         N/A %!d(string=)\n"
    );
}

#[test]
fn tables_without_rows_have_headers() {
    for (format, want) in [
        ("table", "TAG       DIGEST    SIZE      CREATED   LABELS\n"),
        ("table {{.Tag}} {{json .Size}}\t{{join .Labels \",\"}}", "TAG SIZE   LABELS\n"),
        (
            "table {{range .Labels}}{{.}}{{end}}\t{{.Labels.foo}}{{if eq .Tag 5}}{{end}}x",
            "LABELS    LABELS\n",
        ),
        ("json", ""),
        ("{{.Tag}}", ""),
    ] {
        let format = Format::parse(format).unwrap();
        let writer = Writer::<TagRow, _>::new(Vec::new(), &format, look()).unwrap();
        assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap(), want);
    }
}

#[test]
fn unknown_fields_fail_before_any_row() {
    for text in ["{{.Nope}}", "table {{.Nope}}", "{{range .Labels}}{{$.Nope}}{{end}}"] {
        let format = Format::parse(text).unwrap();
        let error = Writer::<TagRow, _>::new(Vec::new(), &format, look()).err().unwrap();
        assert!(
            error.to_string().ends_with(
                "can't evaluate field Nope; possible fields: Tag, Digest, Size, Created, Labels"
            ),
            "{error}"
        );
    }
}

#[test]
fn format_texts() {
    let name = |text: &str| match Format::parse(text) {
        Ok(Format::Plain) => "plain",
        Ok(Format::Table) => "table",
        Ok(Format::Json) => "json",
        Ok(Format::Template(_)) => "template",
        Ok(Format::TableTemplate(_)) => "table template",
        Err(FormatError::Unknown(_)) => "unknown",
        Err(FormatError::Template(_)) => "bad template",
    };
    for (text, want) in [
        ("table", "table"),
        (" table ", "table"),
        ("json", "json"),
        ("{{.Tag}}", "template"),
        ("x {{.Tag}}", "template"),
        ("table {{.Tag}}", "table template"),
        ("table{{.Tag}}", "table template"),
        ("table\\t{{.Tag}}", "table template"),
        ("tables {{.Tag}}", "template"),
        ("table json", "unknown"),
        ("table Tag", "unknown"),
        ("yaml", "unknown"),
        ("", "unknown"),
        ("{{", "bad template"),
        ("table {{if}}", "bad template"),
    ] {
        assert_eq!(name(text), want, "{text:?}");
    }
    let error = Format::parse("ya\x1bml\n").unwrap_err().to_string();
    assert!(error == "unknown format \"ya\\u{1b}ml\\u{a}\"", "{error}");
    let error = Format::parse("{{nope}}").unwrap_err().to_string();
    assert_eq!(error, "bad template at 1:3: function \"nope\" not defined");
}

#[test]
fn quiet_wins() {
    assert!(matches!(Format::choose(None, true, Format::Table), Ok(Format::Plain)));
    assert!(matches!(Format::choose(Some("json"), true, Format::Table), Ok(Format::Plain)));
    assert!(matches!(Format::choose(Some("json"), false, Format::Table), Ok(Format::Json)));
    assert!(matches!(Format::choose(Some(""), false, Format::Table), Ok(Format::Table)));
    assert!(Format::choose(Some("yaml"), true, Format::Table).is_err());
}

/// A pipe whose reader has gone after some bytes.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0 = self.0.saturating_sub(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_stays_a_closed_pipe() {
    for text in ["plain", "json", "{{.Tag}}", "table", "table {{.Tag}}"] {
        let format = if text == "plain" { Format::Plain } else { Format::parse(text).unwrap() };
        let mut writer = Writer::new(Pipe(1), &format, look()).unwrap();
        let result = rows().iter().try_for_each(|row| writer.write_row(row));
        match result.and_then(|()| writer.finish().map(|_| ())) {
            Err(WriteError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_failing_row_leaves_no_half_record() {
    let format = Format::parse("{{.Tag}} {{slice .Tag 0 20}}").unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, &format, look()).unwrap();
    let error = rows().iter().try_for_each(|row| writer.write_row(row)).unwrap_err();
    assert!(matches!(error, WriteError::Template(_)), "{error}");
    assert_eq!(error.to_string(), "bad template at 1:12: slice: index out of range: 20");
    assert!(out.is_empty());
}

/// Headers stand over rows, or over an answer that there are none; over a failure they do not.
#[test]
fn a_failure_without_rows_has_no_headers() {
    let failed = || Err(WriteError::Io(io::ErrorKind::TimedOut.into()));
    for text in ["table", "table {{.Tag}}"] {
        let format = Format::parse(text).unwrap();
        let mut out = Vec::new();
        Writer::<TagRow, _>::new(&mut out, &format, look()).unwrap().end(failed()).unwrap_err();
        assert!(out.is_empty(), "{text}");
        let writer = Writer::<TagRow, _>::new(&mut out, &format, look()).unwrap();
        writer.end(Ok::<(), WriteError>(())).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1, "{text}");
        out.clear();
        let mut writer = Writer::new(&mut out, &format, look()).unwrap();
        writer.write_row(&rows()[0]).unwrap();
        writer.end(failed()).unwrap_err();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 2, "{text}");
    }
}
