//! JSON pointers (RFC 6901).

use std::borrow::Cow;

/// Adds one segment to a pointer.
pub fn push(mut pointer: String, segment: &str) -> String {
    pointer.push('/');
    if segment.contains(['~', '/']) {
        pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(segment);
    }
    pointer
}

/// The segments of a pointer, unescaped. A missing first `/` is forgiven.
pub fn segments(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let rest = pointer.strip_prefix('/').unwrap_or(pointer);
    rest.split('/')
        .filter(move |_| !pointer.is_empty())
        .map(|segment| {
            if segment.contains('~') {
                Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
            } else {
                Cow::Borrowed(segment)
            }
        })
}

/// A list index as a pointer writes it: digits without leading zeros.
pub(super) fn parse_index(segment: &str) -> Option<usize> {
    let canonical = segment == "0" || !segment.starts_with(['0', '+']);
    segment.parse().ok().filter(|_| canonical)
}
