//! Calls: arguments take the types that the function has, or the call fails as Go's does.

use std::rc::Rc;

use super::error::{TemplateError, Trouble};
use super::exec::State;
use super::functions::{self, Function, Param};
use super::heap::{Dict, Entries, Value};
use super::parser;
use super::syntax::Operand;

/// `tpl` inside `tpl`: as deep as the deployer goes.
const TEXT_DEPTH: usize = 3;

impl State<'_> {
    /// Calls a function with the words behind it and the value that the pipeline hands on.
    pub(super) fn function(
        &mut self,
        name: &str,
        arguments: &[Operand],
        given: Option<Value>,
        dot: &Value,
        line: u32,
    ) -> Result<Value, TemplateError> {
        let Some(function) = functions::find(name) else {
            return Err(functions::absent(name).at(line));
        };
        let count = arguments.len() + usize::from(given.is_some());
        check_count(name, &function, count).map_err(|trouble| trouble.at(line))?;
        if matches!(name, "and" | "or") {
            return self.junction(name == "or", arguments, given, dot, line);
        }
        let mut values = Vec::with_capacity(count);
        for (index, argument) in arguments.iter().enumerate() {
            let param = param_at(&function, index);
            let value = self.deeper(line, |state| state.argument(argument, param, dot, line))?;
            values.push(value);
        }
        if let Some(given) = given {
            let param = param_at(&function, arguments.len());
            values.push(
                self.accept(given, param)
                    .map_err(|trouble| trouble.at(line))?,
            );
        }
        let weight: usize = values.iter().map(|value| self.heap.weight(value)).sum();
        self.heap
            .spend(1 + weight)
            .and_then(|()| match name {
                "tpl" => self.text_template(&values),
                _ => (function.run)(self.heap, &values),
            })
            .map_err(|trouble| named(trouble, name).at(line))
    }

    /// `and` and `or` stop at the first word that decides.
    fn junction(
        &mut self,
        is_or: bool,
        arguments: &[Operand],
        given: Option<Value>,
        dot: &Value,
        line: u32,
    ) -> Result<Value, TemplateError> {
        let mut value = Value::Invalid;
        for argument in arguments {
            value = self.deeper(line, |state| {
                state.argument(argument, Param::Reflect, dot, line)
            })?;
            if self.heap.truth(&value) == is_or {
                return Ok(value);
            }
        }
        Ok(given.unwrap_or(value))
    }

    /// One word as an argument of this type.
    fn argument(
        &mut self,
        operand: &Operand,
        param: Param,
        dot: &Value,
        line: u32,
    ) -> Result<Value, TemplateError> {
        let placed = |result: Result<Value, Trouble>| result.map_err(|trouble| trouble.at(line));
        match (operand, param) {
            (Operand::Nil, Param::Any) => Ok(Value::Null),
            (Operand::Nil, Param::Reflect) => Ok(Value::Invalid),
            (Operand::Nil, _) => placed(self.accept(Value::Invalid, param)),
            (
                Operand::Bool(_) | Operand::Text(_) | Operand::Number(_),
                Param::Any | Param::Reflect,
            )
            | (Operand::Bool(_), Param::Bool)
            | (Operand::Text(_), Param::Text) => self.operand(operand, dot, line),
            (Operand::Number(number), Param::Int) if number.int.is_some() => {
                Ok(Value::Int(number.int.unwrap_or_default()))
            }
            (Operand::Number(number), Param::Float) => Ok(Value::Float(number.float)),
            (Operand::Bool(_) | Operand::Text(_) | Operand::Number(_), _) => placed(Err(
                Trouble::Failed(format!("expected {}, found a constant", type_text(param))),
            )),
            _ => {
                let value = self.operand(operand, dot, line)?;
                placed(self.accept(value, param))
            }
        }
    }

    /// A value where this type is wanted.
    fn accept(&mut self, value: Value, param: Param) -> Result<Value, Trouble> {
        let fits = match (&value, param) {
            (Value::Invalid, Param::Any) => return Ok(Value::Null),
            (Value::Invalid, Param::Map) => return self.heap.map(Entries::Any, Dict::new()),
            (_, Param::Any | Param::Reflect)
            | (Value::Text(_), Param::Text)
            | (Value::Int(_), Param::Int)
            | (Value::Float(_), Param::Float)
            | (Value::Bool(_), Param::Bool) => true,
            (Value::Map(id), Param::Map) => self.heap.entries_of(*id) == Entries::Any,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        Err(Trouble::Failed(format!(
            "wrong type for value: expected {}, got {}",
            type_text(param),
            self.heap.type_name(&value)
        )))
    }

    /// `tpl`: a text as a template of its own, which knows what this one defines.
    fn text_template(&mut self, values: &[Value]) -> Result<Value, Trouble> {
        let [Value::Text(text), dot] = values else {
            return Err(Trouble::Failed("expected a text and a value".to_owned()));
        };
        if self.texts >= TEXT_DEPTH {
            return Err(Trouble::Failed(format!(
                "more than {TEXT_DEPTH} inside one another"
            )));
        }
        let placed = |error: TemplateError| Trouble::Placed(Box::new(error));
        self.heap.spend(text.len())?;
        let template = parser::parse(text, Some(&self.template)).map_err(placed)?;
        let inner = State::new(
            self.heap,
            Rc::new(template),
            self.missing,
            self.depth + 1,
            self.texts + 1,
        );
        let dot = match dot {
            Value::Null => Value::Invalid,
            other => other.clone(),
        };
        let out = inner.run(&dot).map_err(placed)?;
        self.heap.text(out.replace("<no value>", ""))
    }
}

fn check_count(name: &str, function: &Function, count: usize) -> Result<(), Trouble> {
    let fixed = function.params.len();
    let fits = match function.rest {
        Some(_) => count >= fixed,
        None => count == fixed,
    };
    if fits {
        return Ok(());
    }
    let least = if function.rest.is_some() {
        "at least "
    } else {
        ""
    };
    Err(Trouble::Failed(format!(
        "wrong number of arguments for `{name}`: want {least}{fixed}, got {count}"
    )))
}

fn param_at(function: &Function, index: usize) -> Param {
    function
        .params
        .get(index)
        .copied()
        .or(function.rest)
        .unwrap_or(Param::Any)
}

fn type_text(param: Param) -> &'static str {
    match param {
        Param::Any | Param::Reflect => "a value",
        Param::Text => "string",
        Param::Int => "int",
        Param::Float => "float64",
        Param::Bool => "bool",
        Param::Map => "map[string]interface {}",
    }
}

/// A failure with the name of the function.
fn named(trouble: Trouble, name: &str) -> Trouble {
    match trouble {
        Trouble::Failed(reason) => Trouble::Failed(format!("`{name}`: {reason}")),
        other => other,
    }
}
