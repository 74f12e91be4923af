//! "Did you mean …?": the known word that is closest to a mistyped one.

/// The candidate that is nearest to `word`, when it is near enough to be what was meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(65).collect();
    let limit = match word.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=64 => 2,
        _ => return None,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.chars().collect::<Vec<_>>()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits from one word to another: insert, delete, replace, swap two neighbours. Case and the
/// choice between `-` and `_` do not count.
fn distance(a: &[char], b: &[char]) -> usize {
    let same = |x: char, y: char| {
        let fold = |c: char| if c == '_' { '-' } else { c.to_ascii_lowercase() };
        fold(x) == fold(y)
    };
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(!same(a[i - 1], b[j - 1]));
                let best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let swapped =
                    i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words() {
        let words = ["password", "password-env", "registry", "hub-api", "work"];
        let cases = [
            ("pasword", Some("password")),
            ("password_env", Some("password-env")),
            ("Registry", Some("registry")),
            ("regsitry", Some("registry")),
            ("wrok", Some("work")),
            ("token", None),
            ("wo", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, words), expected, "{word:?}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }
}
