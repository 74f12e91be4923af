//! Each template of `tests/vectors/templates` against what Go made of it.

use serde_json::Value;

use super::Template;

#[test]
fn templates_print_what_go_prints() {
    let row: Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/templates/data.json"))
            .unwrap();
    let expected = include_str!("../../../../tests/vectors/templates/expected.jsonl");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in expected.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = case["template"].as_str().unwrap();
        let ours = Template::parse(source).and_then(|template| template.render(&row));
        let go = case["output"].as_str().unwrap().replace("<no value>", "N/A");
        count += 1;
        let fails = case["fails"] == true;
        match ours {
            Ok(text) if !fails && text == go => {}
            Err(_) if fails => {}
            ours => wrong.push(format!(
                "{source}\n  Go   {}{go:?}\n  ours {ours:?}",
                if fails { "fails " } else { "" }
            )),
        }
    }
    assert!(count >= 900, "only {count} templates");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}
