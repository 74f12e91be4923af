//! Columns by spaces, as docker prints its tables.
//!
//! Docker uses Go's `text/tabwriter` with a minimum width of ten and a padding of three. This is
//! the part of it that docker's tables need; the last cell of a line is not padded, and no line
//! ends in blanks.

use std::io::{self, Write};

const MIN_WIDTH: usize = 10;
const PADDING: usize = 3;

/// Writes lines of cells so that the cells of a column start at the same place. As in Go, a column
/// is a run of neighbouring lines that have a further cell after it; widths are in characters.
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
}
