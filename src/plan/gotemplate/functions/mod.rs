//! The functions that templates of ApplicationSets may call: Go's own, Sprig's, and the
//! controller's. Each states its argument types, because a wrong type fails the deployer as well.

mod argo;
mod casts;
mod decimal;
mod dicts;
mod encode;
mod floats;
mod formatting;
mod json;
mod letters;
mod lists;
mod logic;
mod numbers;
mod paths;
mod pieces;
mod regexes;
mod text;
mod urls;
mod versions;
mod yaml;

pub(in crate::plan) use argo::normalize;
pub(in crate::plan) use paths::{base, dir};
pub(super) use versions::{Version, version_field};

use std::rc::Rc;

use super::error::Trouble;
use super::heap::{Heap, MapId, Value};

/// The type of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    /// Anything; no value becomes nil.
    Any,
    /// Anything, no value stays none.
    Reflect,
    Text,
    Int,
    Float,
    Bool,
    /// A map of anything.
    Map,
}

/// What a function does with arguments of its types.
type Run = fn(&mut Heap, &[Value]) -> Result<Value, Trouble>;

/// A function.
pub(super) struct Function {
    /// Types of its arguments.
    pub(super) params: &'static [Param],
    /// The type of any further ones.
    pub(super) rest: Option<Param>,
    pub(super) run: Run,
}

const fn fixed(params: &'static [Param], run: Run) -> Function {
    Function {
        params,
        rest: None,
        run,
    }
}

const fn open(params: &'static [Param], rest: Param, run: Run) -> Function {
    Function {
        params,
        rest: Some(rest),
        run,
    }
}

/// Functions whose result depends on the clock or on chance.
const UNSTABLE: [&str; 24] = [
    "ago",
    "bcrypt",
    "date",
    "dateInZone",
    "date_in_zone",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "uuidv4",
];

/// Functions that exist and are not evaluated here.
const UNSUPPORTED: [&str; 12] = [
    "buildCustomCert",
    "dateModify",
    "date_modify",
    "decryptAES",
    "derivePassword",
    "durationRound",
    "mustDateModify",
    "mustToDate",
    "must_date_modify",
    "shuffle",
    "toDate",
    "unixEpoch",
];

/// True for a name that a template may call.
pub(super) fn exists(name: &str) -> bool {
    UNSTABLE.contains(&name) || UNSUPPORTED.contains(&name) || find(name).is_some()
}

/// Why a function that exists is not here.
pub(super) fn absent(name: &str) -> Trouble {
    if UNSTABLE.contains(&name) {
        return Trouble::Unstable(name.to_owned());
    }
    if UNSUPPORTED.contains(&name) {
        return Trouble::Unsupported(name.to_owned());
    }
    Trouble::Failed(format!("`{name}` is not a defined function"))
}

pub(super) fn find(name: &str) -> Option<Function> {
    // `fooBar` and `mustFooBar` differ in Go by how they fail; here both fail the action.
    let must = name.strip_prefix("must").and_then(|rest| {
        let first = rest.chars().next()?.to_ascii_lowercase();
        Some(format!("{first}{}", rest.get(1..)?))
    });
    let known = |name: &str| {
        logic::find(name)
            .or_else(|| formatting::find(name))
            .or_else(|| text::find(name))
            .or_else(|| pieces::find(name))
            .or_else(|| letters::find(name))
            .or_else(|| lists::find(name))
            .or_else(|| dicts::find(name))
            .or_else(|| numbers::find(name))
            .or_else(|| floats::find(name))
            .or_else(|| encode::find(name))
            .or_else(|| json::find(name))
            .or_else(|| regexes::find(name))
            .or_else(|| paths::find(name))
            .or_else(|| urls::find(name))
            .or_else(|| versions::find(name))
            .or_else(|| argo::find(name))
    };
    if let Some(plain) = must {
        return HAVE_MUST
            .contains(&plain.as_str())
            .then(|| {
                json::must(&plain)
                    .or_else(|| regexes::must(&plain))
                    .or_else(|| known(&plain))
            })
            .flatten();
    }
    known(name)
}

/// Functions that have a `must…` form.
const HAVE_MUST: [&str; 28] = [
    "append",
    "chunk",
    "compact",
    "deepCopy",
    "first",
    "fromJson",
    "has",
    "initial",
    "last",
    "merge",
    "mergeOverwrite",
    "prepend",
    "push",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "regexSplit",
    "rest",
    "reverse",
    "slice",
    "toJson",
    "toPrettyJson",
    "toRawJson",
    "uniq",
    "without",
    "dateModify",
];

/// Arguments that do not have the types that calls check.
fn mismatch() -> Trouble {
    Trouble::Failed("wrong arguments".to_owned())
}

fn text(args: &[Value], index: usize) -> Result<&str, Trouble> {
    match args.get(index) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(mismatch()),
    }
}

fn shared(args: &[Value], index: usize) -> Result<Rc<str>, Trouble> {
    match args.get(index) {
        Some(Value::Text(text)) => Ok(Rc::clone(text)),
        _ => Err(mismatch()),
    }
}

fn int(args: &[Value], index: usize) -> Result<i64, Trouble> {
    match args.get(index) {
        Some(Value::Int(int)) => Ok(*int),
        _ => Err(mismatch()),
    }
}

fn map(args: &[Value], index: usize) -> Result<MapId, Trouble> {
    match args.get(index) {
        Some(Value::Map(id)) => Ok(*id),
        _ => Err(mismatch()),
    }
}

fn any(args: &[Value], index: usize) -> Result<&Value, Trouble> {
    args.get(index).ok_or_else(mismatch)
}
