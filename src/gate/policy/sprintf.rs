//! `sprintf` as OPA has it, which is Go's: a wrong verb or a missing argument shows in the text and
//! never makes the rule vanish.
//!
//! OPA hands Go an `int64`, a big integer or a `float64` for numbers, the text for strings, and the
//! Rego notation of everything else as a string; the exact answers here were taken from it.

mod verbs;

use std::fmt::Write as _;

use anyhow::{Result, bail};
use regorus::Value;
use verbs::{plain, write};

/// An argument as Go sees it.
enum Argument {
    Text(String),
    Int(i128),
    Big(String),
    Float(f64),
}

impl Argument {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.to_string()),
            // To the engine `1.0` and `1e21` are integers; so they print.
            Value::Number(number) => match (number.as_i64(), number.as_big()) {
                (Some(whole), _) => Self::Int(i128::from(whole)),
                (None, Some(big)) => Self::Big(big.to_string()),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            other => Self::Text(notation(other)),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Int(_) => "int64",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
        }
    }
}

/// Rego's own notation of a value.
pub(super) fn notation(value: &Value) -> String {
    let join = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", join(items.iter().map(notation).collect())),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", join(items.iter().map(notation).collect())),
        Value::Object(fields) => format!(
            "{{{}}}",
            join(
                fields
                    .iter_sorted()
                    .map(|(key, value)| format!("{}: {}", notation(key), notation(value)))
                    .collect()
            )
        ),
        Value::Number(_) => match Argument::of(value) {
            Argument::Int(whole) => whole.to_string(),
            Argument::Float(_) => value.to_string(),
            Argument::Big(text) | Argument::Text(text) => text,
        },
        Value::Undefined => "undefined".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Go's five flags are independent of each other"
)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The widest field or longest fraction that is written: a format is a policy's text, and a policy
/// must not make gigabytes with it.
const WIDEST: usize = 4096;

/// `sprintf(format, arguments)`.
pub(super) fn sprintf(format: &Value, arguments: &Value) -> Result<Value> {
    let (Value::String(format), Value::Array(arguments)) = (format, arguments) else {
        bail!("`sprintf` takes a string and an array");
    };
    let arguments: Vec<Argument> = arguments.iter().map(Argument::of).collect();
    let mut printer = Printer {
        format: format.chars().collect(),
        at: 0,
        arguments: &arguments,
        next: 0,
        reordered: false,
        out: String::new(),
    };
    printer.run();
    Ok(Value::from(printer.out))
}

struct Printer<'a> {
    format: Vec<char>,
    at: usize,
    arguments: &'a [Argument],
    next: usize,
    reordered: bool,
    out: String,
}

impl Printer<'_> {
    fn peek(&self) -> Option<char> {
        self.format.get(self.at).copied()
    }

    fn run(&mut self) {
        while let Some(character) = self.peek() {
            self.at += 1;
            if character == '%' {
                self.verb();
            } else {
                self.out.push(character);
            }
        }
        if !self.reordered && self.next < self.arguments.len() {
            let extra: Vec<String> = self
                .arguments
                .iter()
                .skip(self.next)
                .map(|argument| format!("{}={}", argument.type_name(), plain(argument)))
                .collect();
            let _ = write!(self.out, "%!(EXTRA {})", extra.join(", "));
        }
    }

    fn verb(&mut self) {
        let mut flags = Flags::default();
        while let Some(flag) = self.peek() {
            match flag {
                '-' => {
                    flags.minus = true;
                    flags.zero = false;
                }
                '+' => flags.plus = true,
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                '0' => flags.zero = !flags.minus,
                _ => break,
            }
            self.at += 1;
        }
        let mut bad_index = !self.index();
        flags.width = self.count();
        if self.peek() == Some('.') {
            self.at += 1;
            bad_index |= !self.index();
            flags.precision = Some(self.count().unwrap_or(0));
        }
        bad_index |= !self.index();
        let Some(verb) = self.peek() else {
            self.out.push_str("%!(NOVERB)");
            return;
        };
        self.at += 1;
        if verb == '%' {
            self.out.push('%');
        } else if bad_index {
            let _ = write!(self.out, "%!{verb}(BADINDEX)");
        } else if let Some(argument) = self.arguments.get(self.next) {
            self.next += 1;
            self.out.push_str(&write(verb, argument, &flags));
        } else {
            let _ = write!(self.out, "%!{verb}(MISSING)");
        }
    }

    /// `[n]`: false when it leads nowhere.
    fn index(&mut self) -> bool {
        if self.peek() != Some('[') {
            return true;
        }
        self.reordered = true;
        let rest = self.format.get(self.at + 1..).unwrap_or_default();
        let Some(end) = rest.iter().position(|character| *character == ']') else {
            return false;
        };
        let digits: String = rest.iter().take(end).collect();
        self.at += end + 2;
        match digits.parse::<usize>() {
            Ok(index) if index >= 1 && index <= self.arguments.len() => {
                self.next = index - 1;
                true
            }
            _ => false,
        }
    }

    /// A width or precision: digits, or `*` with an integer argument.
    fn count(&mut self) -> Option<usize> {
        if self.peek() == Some('*') {
            self.at += 1;
            let argument = self.arguments.get(self.next);
            self.next += 1;
            if let Some(Argument::Int(count)) = argument {
                return usize::try_from(*count).ok().map(|n| n.min(WIDEST));
            }
            self.out.push_str("%!(BADWIDTH)");
            return None;
        }
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        digits.parse::<usize>().ok().map(|count| count.min(WIDEST))
    }
}
