//! `print`, `printf`, `println` and the escapers.

use super::super::error::Trouble;
use super::super::heap::{Heap, Value};
use super::super::print::print;
use super::super::printf::printf;
use super::{Function, Param, fixed, open, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Text};
    Some(match name {
        "print" => open(&[], Any, |heap, args| {
            let text = join(heap, args)?;
            heap.text(text)
        }),
        "println" => open(&[], Any, |heap, args| {
            let mut text = String::new();
            for (index, arg) in args.iter().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(&print(heap, arg)?);
            }
            text.push('\n');
            heap.text(text)
        }),
        "printf" => open(&[Text], Any, |heap, args| {
            let text = printf(heap, text(args, 0)?, args.get(1..).unwrap_or_default())?;
            heap.text(text)
        }),
        "html" => open(&[], Any, |heap, args| {
            let text = shown(heap, args)?;
            heap.text(html(&text))
        }),
        "js" => open(&[], Any, |heap, args| {
            let text = shown(heap, args)?;
            heap.text(js(&text))
        }),
        "urlquery" => open(&[], Any, |heap, args| {
            let text = shown(heap, args)?;
            heap.text(
                url::form_urlencoded::byte_serialize(text.as_bytes())
                    .collect::<String>()
                    .replace('*', "%2A")
                    .replace("%7E", "~"),
            )
        }),
        "squote" => open(&[], Any, |heap, args| {
            let mut texts = Vec::new();
            for arg in args.iter().filter(|arg| !matches!(arg, Value::Null)) {
                texts.push(format!("'{}'", print(heap, arg)?));
            }
            heap.text(texts.join(" "))
        }),
        "quote" => open(&[], Any, |heap, args| {
            let mut texts = Vec::new();
            for arg in args.iter().filter(|arg| !matches!(arg, Value::Null)) {
                texts.push(super::super::print::quote(&print(heap, arg)?));
            }
            heap.text(texts.join(" "))
        }),
        "cat" => open(&[], Any, |heap, args| {
            let mut texts = Vec::new();
            for arg in args.iter().filter(|arg| !matches!(arg, Value::Null)) {
                texts.push(print(heap, arg)?);
            }
            heap.text(texts.join(" "))
        }),
        "toString" => fixed(&[Any], |heap, args| {
            let text = print(heap, super::any(args, 0)?)?;
            heap.text(text)
        }),
        _ => return None,
    })
}

/// Go's `Sprint`: a space between two values when neither is text.
fn join(heap: &Heap, args: &[Value]) -> Result<String, Trouble> {
    let mut text = String::new();
    let mut before_is_text = true;
    for arg in args {
        let is_text = matches!(arg, Value::Text(_));
        if !is_text && !before_is_text {
            text.push(' ');
        }
        text.push_str(&print(heap, arg)?);
        before_is_text = is_text;
    }
    Ok(text)
}

/// What escapers are given: no value is a text of its own.
fn shown(heap: &Heap, args: &[Value]) -> Result<String, Trouble> {
    let args: Vec<Value> = args
        .iter()
        .map(|arg| match arg {
            Value::Null | Value::Invalid => Value::Text("<no value>".into()),
            other => other.clone(),
        })
        .collect();
    join(heap, &args)
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c if c.is_ascii() || super::super::print::is_printable(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04X}", u32::from(c))),
        }
    }
    out
}
