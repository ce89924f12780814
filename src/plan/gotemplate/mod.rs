//! Go's text templates with the functions of ApplicationSets, evaluated here and without effects:
//! no file, network, clock or environment can be reached, and work, memory and depth have limits.
//!
//! What the deployer's engine refuses fails here, too. Functions whose result depends on the clock
//! or on chance are refused by a reason of their own.

mod call;
mod data;
mod error;
mod eval;
mod exec;
mod functions;
mod heap;
mod lexer;
mod number;
mod outline;
mod parser;
mod print;
mod printf;
mod syntax;
mod token;

pub(in crate::plan) use data::Data;
pub use error::TemplateError;
pub(in crate::plan) use functions::{base, dir, normalize};
pub(in crate::plan) use outline::{Definition, Outline};

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use exec::State;
use heap::{Heap, Value};

/// What a key that does not exist gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::plan) enum MissingKey {
    /// `<no value>`.
    #[default]
    Default,
    /// The zero value: the empty text for maps of texts, nothing for others.
    Zero,
    /// The template fails.
    Error,
}

/// A template, read once for any number of parameter sets.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Parsed(Rc<syntax::Template>);

/// Reads a template.
pub(in crate::plan) fn parse(text: &str) -> Result<Parsed, TemplateError> {
    parser::parse(text, None).map(|template| Parsed(Rc::new(template)))
}

impl Parsed {
    /// The text that the template gives for these parameters. `steps` are what all templates of one
    /// set may take together; what this one takes is counted off.
    pub(in crate::plan) fn render(
        &self,
        params: &BTreeMap<String, Data>,
        missing: MissingKey,
        steps: &Cell<u64>,
    ) -> Result<String, TemplateError> {
        let mut heap = Heap::new(steps.get());
        let granted = heap.steps_left();
        let result = import(&mut heap, params)
            .map_err(|trouble| trouble.at(1))
            .and_then(|dot| State::new(&mut heap, Rc::clone(&self.0), missing, 0, 0).run(&dot));
        let taken = granted.saturating_sub(heap.steps_left());
        steps.set(steps.get().saturating_sub(taken));
        result
    }
}

fn import(heap: &mut Heap, params: &BTreeMap<String, Data>) -> Result<Value, error::Trouble> {
    let mut entries = heap::Dict::new();
    for (key, value) in params {
        entries.insert(key.as_str().into(), heap.import(value)?);
    }
    heap.map(heap::Entries::Any, entries)
}

/// A value as Go's `%v` prints it; `None` beyond the limits.
pub(in crate::plan) fn display(data: &Data) -> Option<String> {
    let mut heap = Heap::new(u64::MAX);
    let value = heap.import(data).ok()?;
    print::print(&heap, &value).ok()
}

#[cfg(test)]
mod tests;
