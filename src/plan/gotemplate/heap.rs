//! The values of one evaluation. Lists and maps live in one place and are named by number: maps are
//! shared and change as Go's do, and no value, however deep, is dropped recursively.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::data::Data;
use super::error::Trouble;
use super::functions::Version;

/// Steps of one evaluation: calls, nodes and visited values. A million take about a second.
const STEPS: u64 = 1_000_000;
/// Bytes that one evaluation may make. An Application has 1.5 MiB at most, and a function seldom
/// copies its argument more than a few times.
const BYTES: u64 = 16 * 1024 * 1024;
/// Values inside one another, when a function or the output walks them.
pub(super) const DEPTH: usize = 200;

/// A value with its Go type.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// No value: what a missing key gives.
    Invalid,
    /// A nil of type `interface {}`: what a key with `null` gives.
    Null,
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `uint8`: an indexed text.
    Byte(u8),
    /// `float64`.
    Float(f64),
    /// `string`.
    Text(Rc<str>),
    List(ListId),
    Map(MapId),
    /// `*semver.Version`.
    Version(Rc<Version>),
}

/// A list's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListId(usize);

/// A map's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MapId(usize);

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Items {
    Any,
    Texts,
    Ints,
    Lists,
    /// No list of anything: empty, and `null` in JSON.
    NoAny,
    /// No list of texts.
    NoTexts,
}

/// What a map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries {
    Any,
    Texts,
}

/// A map's content, by key.
pub(super) type Dict = BTreeMap<Rc<str>, Value>;

pub(super) struct Heap {
    lists: Vec<(Items, Vec<Value>)>,
    maps: Vec<(Entries, Dict)>,
    steps: Cell<u64>,
    bytes: Cell<u64>,
}

impl Heap {
    /// An empty heap, for at most this many steps and never more than one evaluation may take.
    pub(super) fn new(steps: u64) -> Self {
        Self {
            lists: Vec::new(),
            maps: Vec::new(),
            steps: Cell::new(steps.min(STEPS)),
            bytes: Cell::new(BYTES),
        }
    }

    /// Steps that may still be taken.
    pub(super) fn steps_left(&self) -> u64 {
        self.steps.get()
    }

    /// Counts work.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Trouble> {
        let left = self
            .steps
            .get()
            .checked_sub(u64::try_from(steps).unwrap_or(u64::MAX));
        self.steps.set(left.unwrap_or_default());
        left.map(|_| ()).ok_or(Trouble::Limit("a million steps"))
    }

    /// Counts memory, before it is taken.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), Trouble> {
        let left = self
            .bytes
            .get()
            .checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.bytes.set(left.unwrap_or_default());
        left.map(|_| ()).ok_or(Trouble::Limit("16 MiB of memory"))
    }

    /// Bytes that may still be made.
    pub(super) fn bytes_left(&self) -> usize {
        usize::try_from(self.bytes.get()).unwrap_or(usize::MAX)
    }

    pub(super) fn text(&self, text: impl AsRef<str>) -> Result<Value, Trouble> {
        let text = text.as_ref();
        self.reserve(text.len())?;
        Ok(Value::Text(text.into()))
    }

    pub(super) fn list(&mut self, of: Items, items: Vec<Value>) -> Result<Value, Trouble> {
        self.reserve(64 + items.len().saturating_mul(size_of::<Value>()))?;
        self.lists.push((of, items));
        Ok(Value::List(ListId(self.lists.len() - 1)))
    }

    pub(super) fn texts<T: AsRef<str>>(
        &mut self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Value, Trouble> {
        let items = texts
            .into_iter()
            .map(|text| self.text(text))
            .collect::<Result<Vec<_>, _>>()?;
        self.list(Items::Texts, items)
    }

    pub(super) fn map(&mut self, of: Entries, entries: Dict) -> Result<Value, Trouble> {
        let keys: usize = entries.keys().map(|key| key.len() + 64).sum();
        self.reserve(128 + keys)?;
        self.maps.push((of, entries));
        Ok(Value::Map(MapId(self.maps.len() - 1)))
    }

    pub(super) fn items(&self, id: ListId) -> &[Value] {
        self.lists.get(id.0).map_or(&[], |(_, items)| items)
    }

    pub(super) fn items_of(&self, id: ListId) -> Items {
        self.lists.get(id.0).map_or(Items::Any, |(of, _)| *of)
    }

    /// True for a list that is none.
    pub(super) fn is_no_list(&self, value: &Value) -> bool {
        matches!(value, Value::List(id) if matches!(self.items_of(*id), Items::NoAny | Items::NoTexts))
    }

    pub(super) fn dict(&self, id: MapId) -> impl Iterator<Item = (&Rc<str>, &Value)> {
        self.maps.get(id.0).into_iter().flat_map(|(_, map)| map)
    }

    pub(super) fn size(&self, id: MapId) -> usize {
        self.maps.get(id.0).map_or(0, |(_, map)| map.len())
    }

    pub(super) fn entry(&self, id: MapId, key: &str) -> Option<&Value> {
        self.maps.get(id.0).and_then(|(_, map)| map.get(key))
    }

    pub(super) fn entries_of(&self, id: MapId) -> Entries {
        self.maps.get(id.0).map_or(Entries::Any, |(of, _)| *of)
    }

    /// Changes a map, for everyone who holds it.
    pub(super) fn insert(&mut self, id: MapId, key: Rc<str>, value: Value) -> Result<(), Trouble> {
        self.reserve(key.len() + 64)?;
        if let Some((_, map)) = self.maps.get_mut(id.0) {
            map.insert(key, value);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, id: MapId, key: &str) {
        if let Some((_, map)) = self.maps.get_mut(id.0) {
            map.remove(key);
        }
    }

    /// Takes a parameter in.
    pub(super) fn import(&mut self, data: &Data) -> Result<Value, Trouble> {
        self.spend(1)?;
        Ok(match data {
            Data::Null => Value::Null,
            Data::Bool(bool) => Value::Bool(*bool),
            Data::Number(number) => Value::Float(*number),
            Data::Text(text) => self.text(text)?,
            Data::List(items) => {
                let items = items
                    .iter()
                    .map(|item| self.import(item))
                    .collect::<Result<Vec<_>, _>>()?;
                self.list(Items::Any, items)?
            }
            Data::Texts(texts) => self.texts(texts)?,
            Data::Map(map) => {
                let mut entries = Dict::new();
                for (key, value) in map {
                    entries.insert(key.as_str().into(), self.import(value)?);
                }
                self.map(Entries::Any, entries)?
            }
            Data::TextMap(map) => {
                let mut entries = Dict::new();
                for (key, value) in map {
                    entries.insert(key.as_str().into(), self.text(value)?);
                }
                self.map(Entries::Texts, entries)?
            }
        })
    }

    /// What Go prints for the type.
    pub(super) fn type_name(&self, value: &Value) -> &'static str {
        match value {
            Value::Invalid | Value::Null => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Byte(_) => "uint8",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(id) => match self.items_of(*id) {
                Items::Any | Items::NoAny => "[]interface {}",
                Items::Texts | Items::NoTexts => "[]string",
                Items::Ints => "[]int",
                Items::Lists => "[][]interface {}",
            },
            Value::Map(id) => match self.entries_of(*id) {
                Entries::Any => "map[string]interface {}",
                Entries::Texts => "map[string]string",
            },
            Value::Version(_) => "*semver.Version",
        }
    }

    /// Go's truth: not the zero value of its type.
    pub(super) fn truth(&self, value: &Value) -> bool {
        match value {
            Value::Invalid | Value::Null => false,
            Value::Bool(bool) => *bool,
            Value::Int(int) | Value::Int64(int) => *int != 0,
            Value::Byte(byte) => *byte != 0,
            Value::Float(float) => *float != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(id) => !self.items(*id).is_empty(),
            Value::Map(id) => self.size(*id) > 0,
            Value::Version(_) => true,
        }
    }

    /// How much there is to walk for a function that is given this.
    pub(super) fn weight(&self, value: &Value) -> usize {
        match value {
            Value::Text(text) => text.len() / 32,
            Value::List(id) => self.items(*id).len(),
            Value::Map(id) => self.size(*id),
            _ => 0,
        }
    }
}
