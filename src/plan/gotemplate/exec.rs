//! Walking a parsed template: what is written, and what the control structures choose.

use std::rc::Rc;

use super::MissingKey;
use super::error::{TemplateError, Trouble};
use super::heap::{DEPTH, Heap, Value};
use super::print::print;
use super::syntax::{Branch, MAIN, Node, Pipe, Template};

/// Bytes of text that one template may give: no Application is larger.
const OUTPUT: usize = 2 * 1024 * 1024;

/// One evaluation.
pub(super) struct State<'a> {
    pub(super) heap: &'a mut Heap,
    pub(super) template: Rc<Template>,
    pub(super) missing: MissingKey,
    /// Variables, innermost last.
    pub(super) variables: Vec<(Rc<str>, Value)>,
    /// Levels of nodes, expressions and templates inside one another.
    pub(super) depth: usize,
    /// Templates that `tpl` began inside one another.
    pub(super) texts: usize,
    out: String,
}

/// How a walk went on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'a> State<'a> {
    pub(super) fn new(
        heap: &'a mut Heap,
        template: Rc<Template>,
        missing: MissingKey,
        depth: usize,
        texts: usize,
    ) -> Self {
        Self {
            heap,
            template,
            missing,
            variables: Vec::new(),
            depth,
            texts,
            out: String::new(),
        }
    }

    /// The text that the template gives for this value.
    pub(super) fn run(mut self, dot: &Value) -> Result<String, TemplateError> {
        let Some(body) = self.template.definitions.get(MAIN).cloned() else {
            return Ok(String::new());
        };
        self.variables.push((Rc::from("$"), dot.clone()));
        self.walk(&body, dot)?;
        Ok(self.out)
    }

    /// Runs one level deeper; hostile templates end here, not on the stack.
    pub(super) fn deeper<T>(
        &mut self,
        line: u32,
        inner: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.depth >= DEPTH {
            return Err(Trouble::Limit("200 levels inside one another").at(line));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn write(&mut self, text: &str, line: u32) -> Result<(), TemplateError> {
        if self.out.len() + text.len() > OUTPUT {
            return Err(Trouble::Limit("2 MiB of text").at(line));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn walk(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, TemplateError> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, TemplateError> {
        match node {
            Node::Text(text) => self.write(text, 0)?,
            Node::Action(pipe) => {
                let value = self.pipeline(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.print(&value, pipe.line)?;
                }
            }
            Node::If(branch) => return self.choose(branch, dot, false),
            Node::With(branch) => return self.choose(branch, dot, true),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Template { line, name, pipe } => self.call(*line, name, pipe.as_ref(), dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn print(&mut self, value: &Value, line: u32) -> Result<(), TemplateError> {
        if let Value::Invalid = value {
            return self.write("<no value>", line);
        }
        let text = print(self.heap, value).map_err(|trouble| trouble.at(line))?;
        self.write(&text, line)
    }

    fn choose(
        &mut self,
        branch: &Branch,
        dot: &Value,
        sets_dot: bool,
    ) -> Result<Flow, TemplateError> {
        let scope = self.variables.len();
        let value = self.pipeline(&branch.pipe, dot)?;
        let flow = if self.heap.truth(&value) {
            let inner = if sets_dot { &value } else { dot };
            self.deeper(branch.pipe.line, |state| state.walk(&branch.body, inner))
        } else if let Some(otherwise) = &branch.otherwise {
            self.deeper(branch.pipe.line, |state| state.walk(otherwise, dot))
        } else {
            Ok(Flow::On)
        };
        self.variables.truncate(scope);
        flow
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Result<Flow, TemplateError> {
        let line = branch.pipe.line;
        let scope = self.variables.len();
        let value = self.pipeline(&branch.pipe, dot)?;
        let turns = match &value {
            Value::Int(_) | Value::Int64(_) | Value::Byte(_) if branch.pipe.variables.len() > 1 => {
                return Err(Trouble::Failed(
                    "a number cannot be ranged over with two variables".to_owned(),
                )
                .at(line));
            }
            Value::Int(count) | Value::Int64(count) => usize::try_from(*count).unwrap_or_default(),
            Value::Byte(count) => usize::from(*count),
            Value::List(id) => self.heap.items(*id).len(),
            Value::Map(id) => self.heap.size(*id),
            Value::Invalid | Value::Null => 0,
            other => {
                let name = self.heap.type_name(other);
                return Err(Trouble::Failed(format!("range cannot iterate over {name}")).at(line));
            }
        };
        let keys: Vec<Rc<str>> = match &value {
            Value::Map(id) => self.heap.dict(*id).map(|(key, _)| Rc::clone(key)).collect(),
            _ => Vec::new(),
        };
        let inside = self.variables.len();
        for turn in 0..turns {
            self.heap.spend(1).map_err(|trouble| trouble.at(line))?;
            let (index, element) = self.turn(&value, &keys, turn);
            self.bind(branch, index, &element, line)?;
            let flow = self.deeper(line, |state| state.walk(&branch.body, &element))?;
            self.variables.truncate(inside);
            if flow == Flow::Break {
                break;
            }
        }
        let mut flow = Flow::On;
        if turns == 0
            && let Some(otherwise) = &branch.otherwise
        {
            flow = self.deeper(line, |state| state.walk(otherwise, dot))?;
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    /// Key and element of one turn.
    fn turn(&self, value: &Value, keys: &[Rc<str>], turn: usize) -> (Value, Value) {
        let number = i64::try_from(turn).unwrap_or(i64::MAX);
        match value {
            Value::List(id) => (
                Value::Int(number),
                self.heap
                    .items(*id)
                    .get(turn)
                    .cloned()
                    .unwrap_or(Value::Invalid),
            ),
            Value::Map(id) => keys
                .get(turn)
                .map_or((Value::Invalid, Value::Invalid), |key| {
                    let element = self.heap.entry(*id, key).cloned();
                    (
                        Value::Text(Rc::clone(key)),
                        element.unwrap_or(Value::Invalid),
                    )
                }),
            Value::Int64(_) => (Value::Invalid, Value::Int64(number)),
            Value::Byte(_) => (
                Value::Invalid,
                Value::Byte(u8::try_from(turn).unwrap_or_default()),
            ),
            _ => (Value::Invalid, Value::Int(number)),
        }
    }

    /// Gives the variables of a range their values for one turn.
    fn bind(
        &mut self,
        branch: &Branch,
        index: Value,
        element: &Value,
        line: u32,
    ) -> Result<(), TemplateError> {
        let names = &branch.pipe.variables;
        let (key, item) = match names.as_slice() {
            [key, item, ..] => (Some(key), Some(item)),
            [item] => (None, Some(item)),
            [] => (None, None),
        };
        for (name, value) in [(key, index), (item, element.clone())] {
            if let Some(name) = name {
                self.assign(name, value, line)?;
            }
        }
        Ok(())
    }

    /// Gives an existing variable another value.
    pub(super) fn assign(
        &mut self,
        name: &str,
        value: Value,
        line: u32,
    ) -> Result<(), TemplateError> {
        match self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| **known == *name)
        {
            Some((_, held)) => {
                *held = value;
                Ok(())
            }
            None => Err(Trouble::Failed(format!("undefined variable: {name}")).at(line)),
        }
    }

    fn call(
        &mut self,
        line: u32,
        name: &str,
        pipe: Option<&Pipe>,
        dot: &Value,
    ) -> Result<(), TemplateError> {
        let Some(body) = self.template.definitions.get(name).cloned() else {
            return Err(Trouble::Failed(format!("template `{name}` is not defined")).at(line));
        };
        let dot = match pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Value::Invalid,
        };
        let outer = std::mem::replace(&mut self.variables, vec![(Rc::from("$"), dot.clone())]);
        let result = self.deeper(line, |state| state.walk(&body, &dot));
        self.variables = outer;
        result.map(|_| ())
    }
}
