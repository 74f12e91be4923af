//! Every row of `tests/vectors/challenges.tsv`, and properties that hold for any bytes.

use super::*;
use serde_json::Value;

const REALM: &str = "https://auth.example.com";

fn parse_text(field: &str) -> Vec<Challenge> {
    parse([field.as_bytes()])
}

#[test]
fn vectors() {
    let table = include_str!("../../../tests/vectors/challenges.tsv").replace("{R}", REALM);
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, wire, headers, expected, action, _note] = columns[..] else {
            panic!("not six columns: {line:?}");
        };
        assert_eq!(wire, "utf-8", "{id}");
        let headers: Vec<String> = serde_json::from_str(headers).unwrap();
        let expected: Value = serde_json::from_str(expected).unwrap();
        let action: Value = serde_json::from_str(action).unwrap();
        let found = parse(headers.iter().map(String::as_bytes));
        check_challenges(id, &found, expected["challenges"].as_array().unwrap());
        for (key, have_login) in [("anon", false), ("creds", true)] {
            let chosen = choose(&found, have_login);
            let wanted = expected[key].as_u64().map(|n| usize::try_from(n).unwrap());
            assert_eq!(chosen, wanted, "{id} {key}");
            check_action(id, chosen.map(|index| &found[index]), &action[key]);
        }
        rows += 1;
    }
    assert_eq!(rows, 20);
}

fn check_challenges(id: &str, found: &[Challenge], wanted: &[Value]) {
    assert_eq!(found.len(), wanted.len(), "{id}: {found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found.scheme(), wanted["scheme"], "{id}");
        assert_eq!(found.token68(), wanted["token68"].as_str(), "{id}");
        let parameters = wanted["params"].as_object().unwrap();
        assert_eq!(found.parameters().len(), parameters.len(), "{id}");
        for (name, value) in parameters {
            assert_eq!(found.parameter(name), value.as_str(), "{id} {name}");
        }
    }
}

/// What the chosen challenge leads to, as far as this module decides it.
fn check_action(id: &str, chosen: Option<&Challenge>, action: &Value) {
    match action["do"].as_str().unwrap() {
        "token" => {
            let chosen = chosen.unwrap();
            assert!(chosen.is_bearer(), "{id}");
            assert_eq!(chosen.parameter("realm"), action["realm"].as_str(), "{id}");
            assert_eq!(chosen.parameter("service"), action["service"].as_str(), "{id}");
            let wanted: Vec<&str> =
                action["scope"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
            if wanted == ["repository:{NAME}:pull"] {
                assert!(chosen.scopes().is_empty(), "{id}: the caller's scope is wanted");
            } else {
                assert_eq!(chosen.scopes(), wanted, "{id}");
            }
        }
        "basic" => assert!(chosen.unwrap().is_basic(), "{id}"),
        "fail" => assert!(chosen.is_none(), "{id}"),
        other => panic!("{id}: {other}"),
    }
}

#[test]
fn odd_fields() {
    assert!(parse([&b"Bearer realm=\"x\x01\""[..]]).is_empty(), "control characters");
    assert!(parse_text("realm=\"x\"").is_empty(), "no challenge open");
    let invalid = parse([&b"Bearer realm=\"caf\xe9\""[..]]);
    assert_eq!(invalid[0].parameter("realm"), Some("caf\u{fffd}"));
    let twice = parse_text("Bearer realm=\"https://first/\",realm=\"https://second/\"");
    assert_eq!(twice[0].parameter("realm"), Some("https://first/"));
    let no_comma = parse_text("Basic Bearer realm=\"x\"");
    assert_eq!(no_comma.len(), 2);
    let broken_neighbour = parse([&b"Bearer realm=\"x"[..], &b"Basic realm=\"y\""[..]]);
    assert_eq!(broken_neighbour[1].parameter("realm"), Some("y"));
    let long = format!("Bearer realm=\"x\",service=\"{}\"", "s".repeat(MAX_FIELD));
    assert_eq!(parse_text(&long)[0].parameters().len(), 1, "cut inside the quoted string");
    assert_eq!(parse_text(&"A,".repeat(1000)).len(), MAX_CHALLENGES);
}

/// A small deterministic generator: enough to walk through odd inputs, the same every time.
fn random_bytes(seed: &mut u64, alphabet: &[u8], length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| {
            *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            alphabet[(*seed >> 33) as usize % alphabet.len()]
        })
        .collect()
}

#[test]
fn any_bytes_are_survived() {
    let mut seed = 7;
    for round in 0..20_000 {
        let field = random_bytes(&mut seed, b"aB=\"\\, \t;/\xff:realmscope", round % 60);
        let _ = parse([field.as_slice()]);
    }
    for piece in ["a=\",", "\\\"", "a ", "a=", ",", "a=\"b\" "] {
        let _ = parse_text(&format!("Bearer {}", piece.repeat(MAX_FIELD)));
    }
}

#[test]
fn joining_and_prefixing_change_nothing() {
    let bearer = "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a/b:pull\"";
    let basic = "Basic realm=\"corp\"";
    let alone = [parse_text(bearer), parse_text(basic)].concat();
    assert_eq!(parse_text(&format!("{bearer}, {basic}")), alone);
    assert_eq!(parse_text(&format!("{bearer} {basic}")), alone);
    let prefixed = parse_text(&format!("Unknown x=y, {bearer}"));
    assert_eq!(choose(&prefixed, false), Some(1));
    assert_eq!(prefixed[1], alone[0]);
    assert_eq!(parse_text(&bearer.replace("Bearer realm", "BEARER REALM")), [alone[0].clone()]);
}
