//! Functions on texts. Go counts bytes; where a cut falls into a character, what is left of it
//! becomes the replacement character, as it does when the deployer writes the result as JSON.

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Value};
use super::{Function, Param, any, fixed, int, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Int, Text};
    const ONE: &[Param] = &[Text];
    const TWO: &[Param] = &[Text, Text];
    Some(match name {
        "hello" => fixed(&[], |heap, _| heap.text("Hello!")),
        "trim" => fixed(ONE, |heap, args| heap.text(text(args, 0)?.trim())),
        "trimall" | "trimAll" => fixed(TWO, |heap, args| {
            let set = text(args, 0)?;
            heap.text(text(args, 1)?.trim_matches(|c| set.contains(c)))
        }),
        "trimSuffix" => fixed(TWO, |heap, args| {
            let whole = text(args, 1)?;
            heap.text(whole.strip_suffix(text(args, 0)?).unwrap_or(whole))
        }),
        "trimPrefix" => fixed(TWO, |heap, args| {
            let whole = text(args, 1)?;
            heap.text(whole.strip_prefix(text(args, 0)?).unwrap_or(whole))
        }),
        "contains" => fixed(TWO, |_, args| {
            Ok(Value::Bool(text(args, 1)?.contains(text(args, 0)?)))
        }),
        "hasPrefix" => fixed(TWO, |_, args| {
            Ok(Value::Bool(text(args, 1)?.starts_with(text(args, 0)?)))
        }),
        "hasSuffix" => fixed(TWO, |_, args| {
            Ok(Value::Bool(text(args, 1)?.ends_with(text(args, 0)?)))
        }),
        "substr" => fixed(&[Int, Int, Text], |heap, args| {
            let whole = text(args, 2)?;
            let (start, end) = (int(args, 0)?, int(args, 1)?);
            let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
            let (start, end) = match (start, end) {
                (..0, end) => (0, end),
                (start, end) if end < 0 || end > length => (start, length),
                both => both,
            };
            heap.text(cut(whole, start, end)?)
        }),
        "trunc" => fixed(&[Int, Text], |heap, args| {
            let whole = text(args, 1)?;
            let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
            let count = int(args, 0)?;
            let (start, end) = match count {
                ..0 if length + count > 0 => (length + count, length),
                0.. if length > count => (0, count),
                _ => (0, length),
            };
            heap.text(cut(whole, start, end)?)
        }),
        "repeat" => fixed(&[Int, Text], |heap, args| {
            let whole = text(args, 1)?;
            let Ok(count) = usize::try_from(int(args, 0)?) else {
                return failed("a negative count");
            };
            heap.reserve(whole.len().saturating_mul(count))?;
            heap.text(whole.repeat(count))
        }),
        "replace" => fixed(&[Text, Text, Text], replace),
        "plural" => fixed(&[Text, Text, Int], |_, args| {
            any(args, usize::from(int(args, 2)? != 1)).cloned()
        }),
        "indent" => fixed(&[Int, Text], |heap, args| indent(heap, args, "")),
        "nindent" => fixed(&[Int, Text], |heap, args| indent(heap, args, "\n")),
        "wrap" => fixed(&[Int, Text], |heap, args| {
            wrap(heap, text(args, 1)?, int(args, 0)?, "\n", false)
        }),
        "wrapWith" => fixed(&[Int, Text, Text], |heap, args| {
            let line = text(args, 1)?;
            let line = if line.is_empty() { "\n" } else { line };
            wrap(heap, text(args, 2)?, int(args, 0)?, line, true)
        }),
        "abbrev" => fixed(&[Int, Text], |heap, args| {
            heap.text(abbreviate(text(args, 1)?, 0, int(args, 0)?)?)
        }),
        "abbrevboth" => fixed(&[Int, Int, Text], |heap, args| {
            let (left, right) = (int(args, 0)?, int(args, 1)?);
            if left > 0 && right < 7 {
                return any(args, 2).cloned();
            }
            heap.text(abbreviate(text(args, 2)?, left, right)?)
        }),
        _ => return None,
    })
}

/// The bytes from `start` up to `end`.
fn cut(whole: &str, start: i64, end: i64) -> Result<String, Trouble> {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let bytes = range.and_then(|(start, end)| whole.as_bytes().get(start..end));
    match bytes {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        None => failed(format!("slice bounds out of range: {start} to {end}")),
    }
}

fn replace(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let (old, new, whole) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    heap.reserve(new.len().saturating_mul(whole.matches(old).count()))?;
    heap.text(whole.replace(old, new))
}

fn indent(heap: &mut Heap, args: &[Value], before: &str) -> Result<Value, Trouble> {
    let Ok(spaces) = usize::try_from(int(args, 0)?) else {
        return failed("a negative count");
    };
    let whole = text(args, 1)?;
    let lines = whole.matches('\n').count() + 1;
    heap.reserve(spaces.saturating_mul(lines))?;
    let pad = " ".repeat(spaces);
    heap.text(format!(
        "{before}{pad}{}",
        whole.replace('\n', &format!("\n{pad}"))
    ))
}

/// Breaks lines at spaces; words longer than a line are cut only on demand.
fn wrap(
    heap: &mut Heap,
    whole: &str,
    width: i64,
    line: &str,
    cuts_words: bool,
) -> Result<Value, Trouble> {
    let width = usize::try_from(width).unwrap_or_default().max(1);
    let bytes = whole.as_bytes();
    let mut out: Vec<u8> = Vec::new();
    let mut at = 0;
    while bytes.len() - at > width {
        heap.spend(1)?;
        heap.reserve(line.len())?;
        if bytes.get(at) == Some(&b' ') {
            at += 1;
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let window = rest.get(..=width).unwrap_or(rest);
        let end = match window.iter().rposition(|byte| *byte == b' ') {
            Some(space) => (space, space + 1),
            None if cuts_words => (width, width),
            None => {
                let behind = rest.get(width..).unwrap_or_default();
                match behind.iter().position(|byte| *byte == b' ') {
                    Some(space) => (width + space, width + space + 1),
                    None => {
                        out.extend(rest);
                        at = bytes.len();
                        continue;
                    }
                }
            }
        };
        out.extend(rest.get(..end.0).unwrap_or_default());
        out.extend(line.as_bytes());
        at += end.1;
    }
    out.extend(bytes.get(at..).unwrap_or_default());
    heap.text(String::from_utf8_lossy(&out))
}

/// Shortens to `width` bytes with dots where something is left out.
fn abbreviate(whole: &str, offset: i64, width: i64) -> Result<String, Trouble> {
    let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    if width < 4 || length <= width {
        return Ok(whole.to_owned());
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return Ok(format!("{}...", cut(whole, 0, width - 3)?));
    }
    if width < 7 {
        return Ok(String::new());
    }
    if offset + width - 3 < length {
        let rest = cut(whole, offset, length)?;
        // A shorter rest of its own, with dots at its end.
        let inner = if width - 3 < 4 {
            String::new()
        } else {
            abbreviate(&rest, 0, width - 3)?
        };
        return Ok(format!("...{inner}"));
    }
    Ok(format!("...{}", cut(whole, length - (width - 3), length)?))
}
