//! Pipelines and operands: how a value is found.

use std::rc::Rc;

use super::MissingKey;
use super::error::{TemplateError, Trouble};
use super::exec::State;
use super::functions;
use super::heap::{Entries, Value};
use super::syntax::{Command, Number, Operand, Pipe};

impl State<'_> {
    /// The value of a pipeline; its variables are declared or assigned.
    pub(super) fn pipeline(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, TemplateError> {
        let line = pipe.line;
        let mut value: Option<Value> = None;
        for command in &pipe.commands {
            self.heap.spend(1).map_err(|trouble| trouble.at(line))?;
            let given = value.take();
            let result = self.deeper(line, |state| state.command(command, dot, given, line))?;
            // A nil inside an interface is no value once it is the value of a pipeline.
            value = Some(match result {
                Value::Null => Value::Invalid,
                other => other,
            });
        }
        let value = value.unwrap_or(Value::Invalid);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone(), line)?;
            } else {
                self.variables.push((Rc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        command: &Command,
        dot: &Value,
        given: Option<Value>,
        line: u32,
    ) -> Result<Value, TemplateError> {
        let arguments = command.arguments.as_slice();
        if let Operand::Function(name) = &command.first {
            return self.function(name, arguments, given, dot, line);
        }
        let has_arguments = !arguments.is_empty() || given.is_some();
        match &command.first {
            Operand::Field(names) => self.fields(dot.clone(), names, has_arguments, line),
            Operand::Variable(name, names) if !names.is_empty() => {
                let value = self.variable(name, line)?;
                self.fields(value, names, has_arguments, line)
            }
            Operand::Chain(inner, names) => {
                let value = self.operand(inner, dot, line)?;
                self.fields(value, names, has_arguments, line)
            }
            _ if has_arguments => {
                Err(Trouble::Failed("what is no function is given arguments".to_owned()).at(line))
            }
            Operand::Nil => Err(Trouble::Failed("nil is not a command".to_owned()).at(line)),
            first => self.operand(first, dot, line),
        }
    }

    /// The value of one word, where any type will do.
    pub(super) fn operand(
        &mut self,
        operand: &Operand,
        dot: &Value,
        line: u32,
    ) -> Result<Value, TemplateError> {
        match operand {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Value::Null),
            Operand::Bool(bool) => Ok(Value::Bool(*bool)),
            Operand::Text(text) => Ok(Value::Text(Rc::clone(text))),
            Operand::Number(number) => ideal(*number).map_err(|trouble| trouble.at(line)),
            Operand::Field(names) => self.fields(dot.clone(), names, false, line),
            Operand::Variable(name, names) => {
                let value = self.variable(name, line)?;
                self.fields(value, names, false, line)
            }
            Operand::Function(name) => self.function(name, &[], None, dot, line),
            Operand::Pipe(pipe) => self.deeper(line, |state| state.pipeline(pipe, dot)),
            Operand::Chain(inner, names) => {
                let value = self.operand(inner, dot, line)?;
                self.fields(value, names, false, line)
            }
        }
    }

    fn variable(&self, name: &str, line: u32) -> Result<Value, TemplateError> {
        self.variables
            .iter()
            .rev()
            .find(|(known, _)| **known == *name)
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Trouble::Failed(format!("undefined variable: {name}")).at(line))
    }

    fn fields(
        &mut self,
        mut value: Value,
        names: &[Rc<str>],
        has_arguments: bool,
        line: u32,
    ) -> Result<Value, TemplateError> {
        for (index, name) in names.iter().enumerate() {
            let last = index + 1 == names.len();
            value = self
                .field(&value, name, last && has_arguments)
                .map_err(|trouble| trouble.at(line))?;
        }
        Ok(value)
    }

    /// One step of a chain.
    fn field(&mut self, value: &Value, name: &str, has_arguments: bool) -> Result<Value, Trouble> {
        self.heap.spend(1)?;
        match value {
            Value::Invalid if self.missing == MissingKey::Error => Err(Trouble::Missing(format!(
                "no entry for key `{name}` where there is nothing"
            ))),
            Value::Invalid => Ok(Value::Invalid),
            Value::Null => Err(Trouble::Failed(format!(
                "`.{name}` of nothing: the value before it is null"
            ))),
            Value::Version(version) => functions::version_field(self.heap, version, name),
            Value::Map(_) if has_arguments => Err(Trouble::Failed(format!(
                "`.{name}` is no function, and is given arguments"
            ))),
            Value::Map(id) => match self.heap.entry(*id, name) {
                Some(value) => Ok(value.clone()),
                None => match self.missing {
                    MissingKey::Default => Ok(Value::Invalid),
                    MissingKey::Zero => Ok(match self.heap.entries_of(*id) {
                        Entries::Any => Value::Null,
                        Entries::Texts => Value::Text(Rc::from("")),
                    }),
                    MissingKey::Error => Err(Trouble::Missing(format!(
                        "the map has no entry for key `{name}`"
                    ))),
                },
            },
            other => Err(Trouble::Missing(format!(
                "`.{name}` of a value of type {}",
                self.heap.type_name(other)
            ))),
        }
    }
}

/// What a constant is where nothing says its type.
fn ideal(number: Number) -> Result<Value, Trouble> {
    if number.looks_fractional {
        return Ok(Value::Float(number.float));
    }
    number
        .int
        .map(Value::Int)
        .ok_or_else(|| Trouble::Failed("a number overflows int".to_owned()))
}
