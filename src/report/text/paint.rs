//! Colour of terminal output. It only supports: nothing is lost without it.

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Off,
    /// ANSI colours.
    On,
}

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Refuses the change.
    Error,
    /// Worth a look.
    Warning,
    /// Fine.
    Good,
    /// Titles.
    Strong,
    /// Frames and what stands aside.
    Faint,
}

impl Colour {
    /// The text in this ink.
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if self == Self::Off || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Error => "1;31",
            Ink::Warning => "1;33",
            Ink::Good => "32",
            Ink::Strong => "1",
            Ink::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
