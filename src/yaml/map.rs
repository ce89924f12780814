//! One map while it grows: repeated keys, and merges in go-yaml's order.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Key, Node, NodeKind, Pair, Span};

/// Maps up to this size are searched without an index.
const SEARCHED: usize = 16;

/// What the map waits for.
#[derive(Debug)]
enum Pending {
    Key,
    Value(Key),
    Merge,
}

/// A map under construction.
#[derive(Debug)]
pub(super) struct MapBuilder {
    pairs: Vec<Entry>,
    index: HashMap<Arc<str>, usize>,
    pending: Pending,
}

#[derive(Debug)]
struct Entry {
    pair: Pair,
    /// False for what a merge brought in; overwriting it is not a repeated key.
    own: bool,
}

/// A key that was already there.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) key: Arc<str>,
    pub(super) first: Span,
    pub(super) second: Span,
}

impl MapBuilder {
    pub(super) fn new() -> Self {
        Self {
            pairs: Vec::new(),
            index: HashMap::new(),
            pending: Pending::Key,
        }
    }

    pub(super) fn expects_key(&self) -> bool {
        matches!(self.pending, Pending::Key)
    }

    /// The key whose value comes next.
    pub(super) fn pending_key(&self) -> Option<&str> {
        match &self.pending {
            Pending::Value(key) => Some(&key.text),
            Pending::Merge => Some("<<"),
            Pending::Key => None,
        }
    }

    pub(super) fn take_key(&mut self, key: Key) {
        self.pending = Pending::Value(key);
    }

    pub(super) fn take_merge(&mut self) {
        self.pending = Pending::Merge;
    }

    /// Stores a value under the pending key; gives the repetition, if it is one.
    pub(super) fn take_value(
        &mut self,
        value: Node,
        is_alias: bool,
    ) -> Result<Option<Repeated>, &'static str> {
        match std::mem::replace(&mut self.pending, Pending::Key) {
            Pending::Value(key) => Ok(self.insert(key, value)),
            Pending::Merge => self.merge(&value, is_alias).map(|()| None),
            Pending::Key => Err("a value stands where a key should be"),
        }
    }

    fn find(&self, key: &str) -> Option<usize> {
        if self.pairs.len() <= SEARCHED {
            return self
                .pairs
                .iter()
                .position(|entry| *entry.pair.key.text == *key);
        }
        self.index.get(key).copied()
    }

    fn insert(&mut self, key: Key, value: Node) -> Option<Repeated> {
        let pair = Pair { key, value };
        let Some(entry) = self
            .find(&pair.key.text)
            .and_then(|place| self.pairs.get_mut(place))
        else {
            self.push(Entry { pair, own: true });
            return None;
        };
        let repeated = entry.own.then(|| Repeated {
            key: Arc::clone(&pair.key.text),
            first: entry.pair.key.span,
            second: pair.key.span,
        });
        *entry = Entry { pair, own: true };
        repeated
    }

    fn push(&mut self, entry: Entry) {
        if self.pairs.len() == SEARCHED {
            self.index = self
                .pairs
                .iter()
                .enumerate()
                .map(|(place, entry)| (Arc::clone(&entry.pair.key.text), place))
                .collect();
        }
        if self.pairs.len() >= SEARCHED {
            self.index
                .insert(Arc::clone(&entry.pair.key.text), self.pairs.len());
        }
        self.pairs.push(entry);
    }

    /// go-yaml writes merged pairs at the moment it meets `<<`: they replace what stands before, and
    /// what stands behind replaces them. Of a list the first map wins.
    fn merge(&mut self, value: &Node, is_alias: bool) -> Result<(), &'static str> {
        const WANTED: &str = "`<<` needs a map or a list of maps";
        match &value.kind {
            NodeKind::Mapping(pairs) => self.merge_pairs(pairs),
            NodeKind::Sequence(items) if !is_alias => {
                for item in items.iter().rev() {
                    let NodeKind::Mapping(pairs) = &item.kind else {
                        return Err(WANTED);
                    };
                    self.merge_pairs(pairs);
                }
            }
            _ => return Err(WANTED),
        }
        Ok(())
    }

    fn merge_pairs(&mut self, pairs: &[Pair]) {
        for pair in pairs {
            let entry = Entry {
                pair: pair.clone(),
                own: false,
            };
            match self
                .find(&pair.key.text)
                .and_then(|place| self.pairs.get_mut(place))
            {
                Some(found) => *found = entry,
                None => self.push(entry),
            }
        }
    }

    pub(super) fn finish(self) -> Arc<[Pair]> {
        self.pairs.into_iter().map(|entry| entry.pair).collect()
    }
}
