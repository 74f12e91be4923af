//! What holds for all tags and ranges, tried on nasty ones made at random.

use super::*;

/// A small generator (SplitMix64), so that every run shuffles alike.
pub(in crate::tags) struct Random(pub(in crate::tags) u64);

impl Random {
    pub(in crate::tags) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    pub(in crate::tags) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// Nasty tags: pieces that mean something to the parser, put together at random.
pub(in crate::tags) fn nasty(random: &mut Random) -> String {
    const PIECES: [&str; 44] = [
        "0",
        "1",
        "9",
        "10",
        "007",
        "255",
        "256",
        "224",
        "99999999999999999999",
        "4f2a9c1",
        "deadbee",
        "2024",
        "01",
        "15",
        "20240115",
        "v",
        "V",
        ".",
        ".",
        "-",
        "-",
        "_",
        "+",
        "rc",
        "RC",
        "beta",
        "b",
        "a",
        "m",
        "M",
        "u",
        "r",
        "x",
        "*",
        "alpine",
        "dev",
        "ea",
        "post",
        "build",
        "T",
        "Z",
        "é",
        "\0",
        "latest",
    ];
    (0..random.below(8)).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

#[test]
fn order_is_total() {
    let mut random = Random(1);
    for _ in 0..200_000 {
        let (a, b, c) = (nasty(&mut random), nasty(&mut random), nasty(&mut random));
        let (ab, bc, ac) = (compare(&a, &b), compare(&b, &c), compare(&a, &c));
        assert_eq!(ab, compare(&b, &a).reverse(), "{a:?} {b:?}");
        assert_eq!(ab == Ordering::Equal, a == b, "{a:?} {b:?}");
        if ab == bc {
            assert_eq!(ac, ab, "{a:?} {b:?} {c:?}");
        }
        assert_eq!(compare(&a, &a), Ordering::Equal, "{a:?}");
    }
}

#[test]
fn both_sorts_agree() {
    let mut random = Random(2);
    let mut tags: Vec<String> = (0..5_000).map(|_| nasty(&mut random)).collect();
    let mut compared = tags.clone();
    compared.sort_by(|a, b| compare(a, b));
    sort_newest_first(&mut tags);
    let differ = tags.iter().zip(&compared).find(|(a, b)| a != b);
    assert_eq!((differ, tags.len()), (None, compared.len()));
    assert!(newest_first(0, |_| "").is_empty());
}

/// What a key says must be what the accessors say: a greater number is printed first.
#[test]
fn keys_order_numbers() {
    let mut random = Random(3);
    for _ in 0..50_000 {
        let mut number = || {
            let length = 1 + random.below(25);
            let digits = (0..length).map(|_| char::from(b'0' + random.below(10) as u8));
            // Behind a component no number is a date.
            format!("1.{}", digits.collect::<String>())
        };
        let (a, b) = (number(), number());
        let (left, right) = (Version::parse(&a).expect(&a), Version::parse(&b).expect(&b));
        let order = compare_padded(left.components(), right.components(), usize::MAX)
            .reverse()
            .then_with(|| a.cmp(&b));
        assert_eq!(compare(&a, &b), order, "{a} {b}");
    }
}

/// Nothing panics, and a range that names a version has it.
#[test]
fn ranges_take_anything() {
    let mut random = Random(4);
    let (mut ranges, mut own) = (0, 0);
    for _ in 0..100_000 {
        let operator = ["", "^", "~", ">", ">=", "<", "<=", "!=", "=", " - ", "||"];
        let tag = nasty(&mut random);
        let operand = nasty(&mut random);
        let first = operator[random.below(operator.len())];
        let second = operator[random.below(operator.len())];
        let Ok(range) = format!("{first}{tag} {second}{operand}").parse::<Range>() else {
            continue;
        };
        ranges += 1;
        let Some(version) = Version::parse(&tag) else { continue };
        let _ = (range.matches(&version), range.contains(&version, true));
        for operator in ["", "=", "^", "~", ">=", "<="] {
            let Ok(range) = format!("{operator}{tag}").parse::<Range>() else { continue };
            own += 1;
            // In a range `-0` is not a revision and `.x` no suffix.
            let differs = tag.contains("-0") || tag.contains(".x");
            assert!(differs || range.matches(&version), "{operator}{tag:?}");
        }
    }
    assert!(ranges > 1_000 && own > 1_000, "{ranges} {own}");
}
