//! The marks of a character set, and the names of frames.

use crate::capture::is_line;
use crate::net::{FrameRef, escape_text};
use crate::source::FileInfo;

/// The marks of a character set.
#[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "for the screen"))]
pub(crate) struct Glyphs {
    pub out_of_service: &'static str,
    pub unknown: &'static str,
    pub in_service: &'static str,
    /// In service, and at risk.
    pub at_risk: &'static str,
    pub arrow: &'static str,
    pub dash: &'static str,
    pub bullet: &'static str,
    pub more: &'static str,
    pub section: &'static str,
    /// Across the screen.
    pub rule: &'static str,
    /// Before what is open, and before what is not.
    folds: [&'static str; 2],
    /// Whether there is more than ASCII.
    pub unicode: bool,
}

const UNICODE: Glyphs = Glyphs {
    out_of_service: "✗",
    unknown: "!",
    in_service: "✓",
    at_risk: "▲",
    arrow: "→",
    dash: "–",
    bullet: "•",
    more: "…",
    section: "§",
    rule: "─",
    folds: ["▾", "▸"],
    unicode: true,
};
const ASCII: Glyphs = Glyphs {
    out_of_service: "X",
    unknown: "!",
    in_service: "+",
    at_risk: "^",
    arrow: "->",
    dash: "-",
    bullet: "*",
    more: "~",
    section: "section ",
    rule: "-",
    folds: ["-", "+"],
    unicode: false,
};

impl Glyphs {
    /// Those of Unicode, or of ASCII.
    pub(crate) const fn of(unicode: bool) -> &'static Self {
        if unicode { &UNICODE } else { &ASCII }
    }

    /// The mark before what is open, or closed.
    #[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "for the screen"))]
    pub(crate) const fn fold(&self, open: bool) -> &'static str {
        let [opened, closed] = self.folds;
        if open { opened } else { closed }
    }
}

/// Names frames: `#12`, or `2:#12` when there are several files; and lines of logs: `server.log:12`.
#[derive(Clone, Copy)]
pub(crate) struct Frames<'a> {
    files: &'a [FileInfo],
}

impl<'a> Frames<'a> {
    pub(crate) const fn of(files: &'a [FileInfo]) -> Self {
        Self { files }
    }

    pub(crate) fn name(self, frame: FrameRef) -> String {
        let file = self.files.get(usize::from(frame.file().0));
        if let Some(file) = file.filter(|_| is_line(self.files, frame)) {
            let name = file.path.file_name().unwrap_or(file.path.as_os_str());
            format!("{}:{}", escape_text(&name.to_string_lossy()), frame.number())
        } else if self.files.len() > 1 {
            format!("{}:#{}", usize::from(frame.file().0) + 1, frame.number())
        } else {
            format!("#{}", frame.number())
        }
    }
}
