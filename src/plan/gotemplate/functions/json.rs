//! JSON as Go writes and reads it.

use std::rc::Rc;

use super::super::data::Data;
use super::super::error::{Trouble, failed};
use super::super::heap::{DEPTH, Heap, Value};
use super::super::print::float_json;
use super::{Function, Param, any, fixed, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Text};
    Some(match name {
        // What cannot be written or read gives nothing.
        "toJson" => fixed(&[Any], |heap, args| written(heap, args, true, None, false)),
        "toPrettyJson" => fixed(&[Any], |heap, args| {
            written(heap, args, true, Some(0), false)
        }),
        "toRawJson" => fixed(&[Any], |heap, args| written(heap, args, false, None, true)),
        "fromJson" => fixed(&[Text], |heap, args| match read(text(args, 0)?) {
            Some(data) => heap.import(&data),
            None => Ok(Value::Null),
        }),
        _ => return None,
    })
}

/// The forms that fail instead.
pub(super) fn must(name: &str) -> Option<Function> {
    use Param::{Any, Text};
    Some(match name {
        "toJson" => fixed(&[Any], |heap, args| written(heap, args, true, None, true)),
        "toPrettyJson" => fixed(&[Any], |heap, args| {
            written(heap, args, true, Some(0), true)
        }),
        "fromJson" => fixed(&[Text], |heap, args| match read(text(args, 0)?) {
            Some(data) => heap.import(&data),
            None => failed("the text is not JSON"),
        }),
        _ => return None,
    })
}

fn read(text: &str) -> Option<Data> {
    serde_json::from_str(text)
        .ok()
        .map(|value| Data::of_json(&value))
}

fn written(
    heap: &mut Heap,
    args: &[Value],
    escapes_html: bool,
    indent: Option<usize>,
    must: bool,
) -> Result<Value, Trouble> {
    let mut out = String::new();
    let mut writer = Writer {
        heap,
        out: &mut out,
        escapes_html,
    };
    match writer.value(any(args, 0)?, indent, 0) {
        Ok(()) => heap.text(out),
        Err(Trouble::Failed(_)) if !must => heap.text(""),
        Err(trouble) => Err(trouble),
    }
}

/// The JSON of a value, keys sorted, without spaces.
pub(super) fn to_json(heap: &Heap, value: &Value) -> Result<String, Trouble> {
    let mut out = String::new();
    let mut writer = Writer {
        heap,
        out: &mut out,
        escapes_html: false,
    };
    writer.value(value, None, 0)?;
    Ok(out)
}

struct Writer<'a> {
    heap: &'a Heap,
    out: &'a mut String,
    escapes_html: bool,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, indent: Option<usize>, depth: usize) -> Result<(), Trouble> {
        self.heap.spend(1)?;
        if depth > DEPTH {
            return Err(Trouble::Limit("200 values inside one another"));
        }
        if self.out.len() > self.heap.bytes_left() {
            return self.heap.reserve(self.out.len());
        }
        match value {
            Value::Invalid | Value::Null => self.out.push_str("null"),
            list if self.heap.is_no_list(list) => self.out.push_str("null"),
            Value::Bool(bool) => self.out.push_str(if *bool { "true" } else { "false" }),
            Value::Int(int) | Value::Int64(int) => self.out.push_str(&int.to_string()),
            Value::Byte(byte) => self.out.push_str(&byte.to_string()),
            Value::Float(float) => match float_json(*float) {
                Some(text) => self.out.push_str(&text),
                None => return failed("a number that JSON does not have"),
            },
            Value::Text(text) => self.text(text),
            Value::Version(version) => self.text(&version.to_string()),
            Value::List(id) => {
                let items = self.heap.items(*id).iter();
                let items: Vec<(Option<Rc<str>>, Value)> =
                    items.map(|item| (None, item.clone())).collect();
                self.many(['[', ']'], &items, indent, depth)?;
            }
            Value::Map(id) => {
                let entries = self.heap.dict(*id);
                let entries: Vec<(Option<Rc<str>>, Value)> = entries
                    .map(|(key, value)| (Some(Rc::clone(key)), value.clone()))
                    .collect();
                self.many(['{', '}'], &entries, indent, depth)?;
            }
        }
        Ok(())
    }

    fn many(
        &mut self,
        [open, close]: [char; 2],
        entries: &[(Option<Rc<str>>, Value)],
        indent: Option<usize>,
        depth: usize,
    ) -> Result<(), Trouble> {
        self.out.push(open);
        let inner = indent.map(|indent| indent + 2);
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.line(inner);
            if let Some(key) = key {
                self.text(key);
                self.out.push_str(if indent.is_some() { ": " } else { ":" });
            }
            self.value(value, inner, depth + 1)?;
        }
        if !entries.is_empty() {
            self.line(indent);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, indent: Option<usize>) {
        if let Some(indent) = indent {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(indent));
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '<' | '>' | '&' if self.escapes_html => self.escape(c),
                '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => self.escape(c),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, c: char) {
        self.out.push_str(&format!("\\u{:04x}", u32::from(c)));
    }
}
