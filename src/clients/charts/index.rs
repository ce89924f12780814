//! The part of a chart repository's `index.yaml` that is about one chart.

use crate::outside::Short;
use crate::yaml::{self, Budget, Node};

/// Bytes of an index are bounded by the settings; its depth and the entry of one chart here. The
/// largest public repositories list some thousand versions of one chart, of about 60 values each.
const BUDGET: Budget = Budget {
    max_bytes: usize::MAX,
    max_documents: 1,
    max_nodes: 1_000_000,
    max_repeated: 0,
    max_depth: Budget::DEPTH,
};

/// One version of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: String,
    /// Where its archive is; relative addresses count from the repository.
    pub(super) url: Option<String>,
    /// As the index has it; empty: it has none.
    pub(super) digest: String,
}

/// Every version of the chart, in the order of the index; `None`: the index has no such chart.
/// Entries without a version are passed over, as Helm does.
pub(super) fn parse(bytes: &[u8], name: &str) -> Result<Option<Vec<Entry>>, Short> {
    let found =
        yaml::read_at(bytes, &["entries", name], &BUDGET).map_err(|error| Short::Unreadable {
            subject: "the repository's `index.yaml`".to_owned(),
            reason: format!("line {}: {error}", error.position.line),
        })?;
    let Some(node) = found else {
        return Ok(None);
    };
    let items = node.as_sequence().ok_or_else(|| Short::Unreadable {
        subject: "the repository's `index.yaml`".to_owned(),
        reason: format!("the entry of `{name}` is not a list"),
    })?;
    let text = |item: &Node, key: &str| {
        item.find(key)
            .and_then(|pair| pair.value.as_str())
            .map(str::to_owned)
    };
    let entries = items.iter().filter_map(|item| {
        let urls = item.find("urls").and_then(|pair| pair.value.as_sequence());
        Some(Entry {
            version: text(item, "version")?,
            url: urls
                .and_then(|urls| urls.first())
                .and_then(|url| url.as_str())
                .map(str::to_owned),
            digest: text(item, "digest").unwrap_or_default(),
        })
    });
    Ok(Some(entries.collect()))
}
