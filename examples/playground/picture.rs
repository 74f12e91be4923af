//! The terminal picture of the README, drawn from what the client really prints.
//!
//! `cargo run --example playground -- --picture > examples/playground/picture.svg`; CI compares.

use std::fmt::Write;

/// What is typed in the picture.
pub const COMMANDS: [&str; 4] = [
    "alpine --limit 4",
    "ls nginx --semver '^1.27-alpine' --digests",
    "platforms nginx:1.27.5",
    "digest --platform linux/arm64 --full-ref nginx:1.27.5",
];

const LINE: usize = 20;
const MARGIN: usize = 18;
const WIDTH: usize = 860;

/// Draws commands and what they printed as an SVG document.
pub fn draw(session: &[(&str, String)]) -> String {
    let mut texts = String::new();
    let mut y = MARGIN + LINE;
    for (command, output) in session {
        line(
            &mut texts,
            y,
            &format!("<tspan fill=\"#7ee787\">$</tspan> docker tags {}", escape(command)),
        );
        y += LINE;
        for text in output.lines() {
            line(&mut texts, y, &format!("<tspan fill=\"#adbac7\">{}</tspan>", escape(text)));
            y += LINE;
        }
        y += LINE / 2;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" \
         viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"docker tags in a terminal\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#1c2128\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" \
         font-size=\"14\" fill=\"#f0f6fc\" xml:space=\"preserve\">\n{texts}</g>\n</svg>\n"
    )
}

fn line(texts: &mut String, y: usize, content: &str) {
    writeln!(texts, "<text x=\"{MARGIN}\" y=\"{y}\">{content}</text>")
        .expect("a String takes text");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
