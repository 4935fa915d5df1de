//! Pictures of the screen as SVG, in `docs/pictures`; `REGSCOPE_BLESS=1` writes them.

use std::fmt::Write as _;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use regscope::tui::Palette;

use crate::session::{Session, case};

/// The pictures: a name, a case, keys, the size.
const PICTURES: [(&str, &str, &str, (u16, u16)); 5] = [
    ("list", "incident", "", (90, 20)),
    ("compare", "incident", "2", (90, 22)),
    ("dn", "incident", "j<Enter>", (90, 24)),
    ("flow", "incident", "jf", (90, 24)),
    ("statistics", "no-answer", "5", (90, 24)),
];

/// Pixels of a cell, and around them all.
const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 12.0;

#[test]
fn the_pictures_in_the_docs_are_those_of_the_program() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    for (name, of, keys, size) in PICTURES {
        let mut session = Session::with(case(of), "input.pcap", size, Palette::CalmDark);
        session.keys(keys);
        let (buffer, _) = session.buffer(size);
        let (svg, path) = (svg(&buffer), directory.join(format!("{name}.svg")));
        if std::env::var_os("REGSCOPE_BLESS").is_some() {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&path, svg).unwrap();
        } else {
            let have = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                have == svg,
                "{name}: REGSCOPE_BLESS=1 cargo test --test tui writes the pictures"
            );
        }
    }
}

fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) =
        (columns.mul_add(CELL.0, 2.0 * MARGIN), rows.mul_add(CELL.1, 2.0 * MARGIN));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>\n"
    );
    let cells: Vec<&Cell> = buffer.content.iter().collect();
    for (y, row) in (0_u32..).zip(cells.chunks(usize::from(buffer.area.width))) {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            put(&mut out, run, (x, y));
            x += run.len();
        }
    }
    out + "</svg>\n"
}

const GROUND: &str = "#1c1c1c";

/// Cells of one style.
fn put(out: &mut String, run: &[&Cell], (x, y): (usize, u32)) {
    let (left, top) = ((x as f64).mul_add(CELL.0, MARGIN), f64::from(y).mul_add(CELL.1, MARGIN));
    let Some(style) = run.first().map(|cell| cell.style()) else { return };
    let width = run.len() as f64 * CELL.0;
    if let Some(ground) = style.bg.filter(|ground| *ground != Color::Reset) {
        let (height, ground) = (CELL.1, hex(ground));
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{ground}\"/>"
        );
    }
    let text: String = run.iter().map(|cell| cell.symbol()).collect();
    let shown = text.trim_end();
    if shown.trim_start().is_empty() {
        return;
    }
    let blanks = shown.chars().take_while(|c| *c == ' ').count();
    let shown = shown.trim_start();
    let left = (blanks as f64).mul_add(CELL.0, left);
    let width = shown.chars().count() as f64 * CELL.0;
    let weight =
        if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace(' ', "\u{a0}");
    let (base, fill) = (CELL.1.mul_add(0.74, top), hex(style.fg.unwrap_or(Color::Reset)));
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{base:.1}\" fill=\"{fill}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\"{weight}>{escaped}</text>"
    );
}

/// One of the 256 colors.
fn hex(color: Color) -> String {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let [r, g, b] = match color {
        Color::Indexed(number @ 16..232) => {
            [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map(level)
        }
        Color::Indexed(number @ 232..) => [8 + 10 * (number - 232); 3],
        _ => [0xbc; 3],
    };
    format!("#{r:02x}{g:02x}{b:02x}")
}
