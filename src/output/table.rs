//! Columns by spaces, as docker prints its tables.
//!
//! Docker uses Go's `text/tabwriter` with a minimum width of ten and a padding of three. This is
//! the part of it that docker's tables need; the last cell of a line is not padded, and no line
//! ends in blanks.

use std::io::{self, Write};

const MIN_WIDTH: usize = 10;
const PADDING: usize = 3;

/// Writes lines of cells so that the cells of a column start at the same place. As in Go, a column
/// is a run of neighboring lines that have a further cell after it; widths are in characters.
/// The cells must be safe to print already.
pub(crate) fn write(out: &mut impl Write, lines: &[Vec<String>]) -> io::Result<()> {
    let widths = widths(lines);
    let mut text = String::new();
    for (cells, widths) in lines.iter().zip(&widths) {
        text.clear();
        for (column, cell) in cells.iter().enumerate() {
            text.push_str(cell);
            let width = widths.get(column).copied().unwrap_or(0);
            let blanks = width.saturating_sub(cell.chars().count());
            text.extend(std::iter::repeat_n(' ', blanks));
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// For each line the widths of all its cells but the last.
fn widths(lines: &[Vec<String>]) -> Vec<Vec<usize>> {
    let padded = |cells: &Vec<String>| cells.len().saturating_sub(1);
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| vec![0; padded(cells)]).collect();
    let columns = lines.iter().map(padded).max().unwrap_or(0);
    for column in 0..columns {
        let mut start = 0;
        while start < lines.len() {
            let run = lines[start..].iter().take_while(|cells| padded(cells) > column).count();
            let block = start..start + run;
            let widest = lines[block.clone()].iter().map(|cells| cells[column].chars().count());
            let width = widest.max().map_or(0, |widest| (widest + PADDING).max(MIN_WIDTH));
            widths[block].iter_mut().for_each(|line| line[column] = width);
            start += run.max(1);
        }
    }
    widths
}

/// Columns that are cut at their end when a table is too wide, by their headers.
const PROSE: [&str; 3] = ["PLATFORMS", "DESCRIPTION", "TAGS"];
/// Columns of names, whose ends tell more than their middle: cut after all of [`PROSE`].
const NAMES: [&str; 12] = [
    "TAG",
    "NAME",
    "IMAGE",
    "REPOSITORY",
    "REGISTRY",
    "WHERE",
    "FIELD",
    "A",
    "B",
    "CURRENT",
    "WANTED",
    "LATEST",
];
/// No column is cut to less.
const MIN_CUT: usize = 12;
/// The width of a tag that is made of a digest, as cosign's `sha256-….sig`.
const DIGEST_TAG: usize = 28;

/// Makes a table fit a terminal: the widest column that may shrink is cut until it does. The
/// first line is the headers. What cannot fit even so is cut at the terminal's edge: a line
/// that is wrapped is not a table any more.
pub(crate) fn fit(lines: &mut [Vec<String>], width: usize) {
    let Some((headers, rows)) = lines.split_first_mut() else { return };
    let position = |names: &[&str]| -> Vec<usize> {
        let is_one = |column: &usize| names.contains(&headers[*column].as_str());
        (0..headers.len()).filter(is_one).collect()
    };
    let (prose, names) = (position(&PROSE), position(&NAMES));
    for &column in &names {
        let cells = rows.iter_mut().filter_map(|cells| cells.get_mut(column));
        cells
            .filter(|cell| is_digest_tag(cell))
            .for_each(|cell| *cell = cut_middle(cell, DIGEST_TAG));
    }
    let mut widths = natural_widths(headers, rows);
    for (columns, cut) in [(prose, cut_end as fn(&str, usize) -> String), (names, cut_middle)] {
        let least = |column: usize| headers[column].chars().count().max(MIN_CUT);
        while needed(&widths) > width {
            let shrinks = columns.iter().copied().filter(|column| widths[*column] > least(*column));
            // Two wide columns take turns, so that none is cut to nothing for the other.
            let Some(widest) = shrinks.max_by_key(|column| widths[*column]) else { break };
            widths[widest] -= 1;
        }
        for cells in rows.iter_mut() {
            for &column in &columns {
                if let Some(cell) = cells.get_mut(column) {
                    *cell = cut(cell, widths[column]);
                }
            }
        }
    }
    for cells in lines {
        let mut start = 0;
        for (cell, column) in cells.iter_mut().zip(&widths) {
            *cell = cut_end(cell, width.saturating_sub(start));
            start += padded(*column);
        }
    }
}

fn is_digest_tag(text: &str) -> bool {
    let digits = text.strip_prefix("sha256-").and_then(|rest| rest.get(..64));
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn natural_widths(headers: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let cells = |column: usize| rows.iter().filter_map(move |cells| cells.get(column));
    let width = |(column, header): (usize, &String)| {
        let widest = cells(column).map(|cell| cell.chars().count()).max();
        widest.unwrap_or(0).max(header.chars().count())
    };
    headers.iter().enumerate().map(width).collect()
}

fn padded(width: usize) -> usize {
    (width + PADDING).max(MIN_WIDTH)
}

/// The columns of the terminal that a table takes; its last column is not padded.
fn needed(widths: &[usize]) -> usize {
    let Some((last, others)) = widths.split_last() else { return 0 };
    others.iter().map(|width| padded(*width)).sum::<usize>() + last
}

/// The text in at most `width` characters, the last of them `…` if something is missing.
pub(crate) fn cut_end(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain((width > 0).then_some('…')).collect()
}

fn cut_middle(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width || width < 3 {
        return cut_end(text, width);
    }
    let tail = (width - 1) / 2;
    let head = text.chars().take(width - 1 - tail);
    head.chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lines: &[&[&str]]) -> String {
        let lines: Vec<Vec<String>> =
            lines.iter().map(|cells| cells.iter().map(|&cell| cell.to_owned()).collect()).collect();
        let mut out = Vec::new();
        write(&mut out, &lines).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_at_least_ten_wide_and_three_apart() {
        assert_eq!(
            table(&[&["TAG", "DIGEST", "SIZE"], &["1.27-alpine", "sha256:0", "5.6MB"]]),
            "TAG           DIGEST     SIZE\n\
             1.27-alpine   sha256:0   5.6MB\n"
        );
        assert_eq!(table(&[&["A", "B"], &["1", "2"]]), "A         B\n1         2\n");
        assert_eq!(table(&[&["äöü4567", "x"], &["12345678", "x"]]), "äöü4567    x\n12345678   x\n");
    }

    #[test]
    fn no_line_ends_in_blanks() {
        assert_eq!(table(&[&["A", "B"], &["1", ""]]), "A         B\n1\n");
        assert_eq!(table(&[&["only"], &[]]), "only\n\n");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn columns_are_runs_of_neighbouring_lines() {
        assert_eq!(
            table(&[&["long-long-long", "x"], &["a break"], &["b", "y"]]),
            "long-long-long   x\na break\nb         y\n"
        );
    }

    fn fitted(width: usize, rows: &[&[&str]]) -> Vec<String> {
        let mut lines: Vec<Vec<String>> =
            rows.iter().map(|cells| cells.iter().map(|&cell| cell.to_owned()).collect()).collect();
        fit(&mut lines, width);
        let mut out = Vec::new();
        write(&mut out, &lines).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    const LONG: [&[&str]; 3] = [
        &["TAG", "DIGEST", "SIZE", "PLATFORMS", "CREATED"],
        &[
            "1.27.3-alpine3.20-perl-otel-slim",
            "sha256:0123456789ab",
            "5.6MB",
            "linux/amd64, linux/arm64/v8, linux/arm/v7, linux/s390x, linux/ppc64le",
            "2 weeks ago",
        ],
        &["1", "sha256:0123456789ab", "5.6MB", "linux/amd64", "2 weeks ago"],
    ];

    #[test]
    fn tables_fit_their_terminal() {
        for width in [40, 60, 80, 100, 120, 160] {
            let lines = fitted(width, &LONG);
            let widest = lines.iter().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width, "{widest} > {width}: {lines:#?}");
        }
        let lines = fitted(120, &LONG);
        assert!(lines[1].starts_with("1.27.3-alpine3.20-perl-otel-slim   "), "{lines:#?}");
        assert!(lines[1].contains("linux/amd64, linux/arm64/v") && lines[1].contains('…'));
        assert!(lines[1].ends_with("2 weeks ago"), "{lines:#?}");
        let lines = fitted(80, &LONG);
        assert!(lines[1].starts_with("1.27.") && lines[1].contains("-slim "), "{lines:#?}");
        assert!(lines[1].ends_with("2 weeks ago"), "{lines:#?}");
        assert!(!fitted(160, &LONG).concat().contains('…'));
        assert_eq!(fitted(30, &LONG)[2].chars().count(), 30, "cut at the edge");
        assert!(fitted(80, &[&["TAG", "SIZE"]]).concat().starts_with("TAG"));
        assert!(fitted(80, &[]).is_empty());
    }

    #[test]
    fn both_sides_of_a_difference_are_seen() {
        let label = "Labels.org.opencontainers.image.version";
        let layers = "sha256:52705c58fe82 sha256:13715002e0aa";
        let lines = fitted(80, &[&["FIELD", "A", "B"], &[label, layers, layers]]);
        assert_eq!(lines[1].matches('…').count(), 3, "{lines:#?}");
        assert_eq!(lines[1].matches("sha256:").count(), 2, "{lines:#?}");
    }

    #[test]
    fn one_signature_does_not_widen_the_table() {
        let signature = format!("sha256-{}.sig", "0123456789abcdef".repeat(4));
        let lines = fitted(200, &[&["TAG", "SIZE"], &["1.0", "5MB"], &[&signature, "1kB"]]);
        assert_eq!(lines[2], "sha256-0123456…789abcdef.sig   1kB");
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!(
            [cut_end("abc", 3), cut_end("abcd", 3), cut_end("äöüß", 3)],
            ["abc", "ab…", "äö…"]
        );
        assert_eq!([cut_end("abc", 1), cut_end("abc", 0)], ["…", ""]);
        assert_eq!([cut_middle("abcdefgh", 5), cut_middle("abcdefgh", 4)], ["ab…gh", "ab…h"]);
    }
}
