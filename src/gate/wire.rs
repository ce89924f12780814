//! The frames between Drydock and its worker: mirror types, and nothing else.
//!
//! A frame is four bytes of length (big-endian) and that many bytes of JSON. Both ends are the same
//! binary, and the version says so: another one is refused.

use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::policy::{AppInput, Level, PolicyFinding, PolicySource, Problem, RuleInfo};

/// The version of the frames.
pub const WIRE_VERSION: u32 = 1;

/// The largest frame that is read: 256 MiB, above the largest application's both sides.
pub const FRAME_LIMIT: u32 = 256 << 20;

/// What the worker is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Must come first, and may come again: replaces everything loaded before.
    Load(Load),
    /// Judges objects.
    Judge(Batch),
    /// Runs the `test_` rules of these sources.
    Test(Tests),
    /// Evaluates one query over one source, which need not have any rule.
    Eval(Eval),
}

/// What the worker judges with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// [`WIRE_VERSION`].
    pub version: u32,
    /// Policy sources; none means that no policy is evaluated.
    pub sources: Vec<PolicySource>,
    /// Sets of schemas, named by their place in this list.
    pub schemas: Vec<SchemaSet>,
    /// The time of the evaluation in nanoseconds since 1970.
    pub now_ns: i64,
    /// How long one rule may take on one object, in milliseconds.
    pub rule_limit_ms: u64,
    /// How many threads judge a batch; at least one.
    pub threads: u32,
}

/// The schemas of one destination and side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchemaSet {
    /// Kubernetes version as (major, minor).
    pub kubernetes: (u32, u32),
    /// CustomResourceDefinitions that come with the manifests.
    pub crds: Vec<Arc<Value>>,
    /// The destination's OpenAPI v3 documents by path, where it was asked.
    pub openapi: Option<std::collections::BTreeMap<String, Arc<Value>>>,
}

/// Objects of one application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The application; `None` for files without one.
    pub app: Option<AppInput>,
    /// The destination's name, where there is one.
    pub cluster: Option<String>,
    /// The schemas of the state before, by their place in [`Load::schemas`]; `None`: no schema gate.
    pub base_schemas: Option<usize>,
    /// The schemas of the state after.
    pub head_schemas: Option<usize>,
    /// False leaves the policies out.
    pub policies: bool,
    /// The objects; the answer has one entry for each, in the same order.
    pub items: Vec<Item>,
}

/// One object, both sides; at least one of them is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Before.
    pub base: Option<Arc<Value>>,
    /// After. `None` with `base`: the change removes it.
    pub head: Option<Arc<Value>>,
    /// `object`, `hook`, `crd` or `test`.
    pub role: String,
}

/// What the worker answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// Everything is loaded.
    Loaded(Loaded),
    /// To [`Request::Judge`].
    Answer(Answer),
    /// To [`Request::Test`].
    Tested(Vec<TestResult>),
    /// To [`Request::Eval`].
    Evaluated {
        /// The result in the shape of `opa eval`.
        result: Value,
        /// What `print` wrote.
        prints: Vec<String>,
    },
    /// The request cannot be done; nothing of it was.
    Refused(Vec<Problem>),
}

/// What was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Every rule that will be evaluated.
    pub rules: Vec<RuleInfo>,
    /// (source, package) with rules that nobody asked for.
    pub ignored: Vec<(String, String)>,
}

/// What was found in a batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// One entry for each item, in order.
    pub items: Vec<ItemAnswer>,
    /// What `print` wrote.
    pub prints: Vec<String>,
}

/// What was found about one object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemAnswer {
    /// About the state before; `None` when there is none, or when it is the same as `head`.
    pub base: Option<SideAnswer>,
    /// About the change to it and the state after.
    pub head: Option<SideAnswer>,
    /// True when both states are equal and were judged once: `head` holds for `base` too.
    pub same: bool,
}

/// What was found about one state of one object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SideAnswer {
    /// The schema gate's answer; `None` when it was not asked or the object is removed.
    pub schema: Option<SchemaAnswer>,
    /// Findings of the policies, sorted.
    pub policy: Vec<PolicyFinding>,
    /// Rules that could not be evaluated: (rule id, why). Never a pass.
    pub failures: Vec<(String, Problem)>,
}

/// How an object stands to its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaStatus {
    /// It satisfies its schema.
    Valid,
    /// It does not.
    Invalid,
    /// No schema is known.
    NoSchema,
    /// Its schema could not be used.
    Error,
}

/// The schema gate's answer about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaAnswer {
    /// The object as a whole.
    pub status: SchemaStatus,
    /// What is wrong or worth a look.
    pub findings: Vec<SchemaFinding>,
    /// What was not verified, as a phrase.
    pub note: Option<String>,
}

/// One finding of the schema gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaFinding {
    /// JSON pointer into the object.
    pub pointer: String,
    /// Rule id.
    pub rule: String,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub fix: Option<String>,
    /// The offending value in a normalised form.
    pub subject: String,
    /// How grave.
    pub severity: Level,
    /// True when the key at the pointer is meant rather than its value.
    pub at_key: bool,
}

/// A run of policy tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tests {
    /// [`WIRE_VERSION`].
    pub version: u32,
    /// The sources, with their test files.
    pub sources: Vec<PolicySource>,
    /// The time of the evaluation in nanoseconds since 1970.
    pub now_ns: i64,
    /// How long one test may take, in milliseconds.
    pub rule_limit_ms: u64,
}

/// What one `test_` rule came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// Its package.
    pub package: String,
    /// Its name.
    pub name: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// True when it holds.
    pub passed: bool,
    /// Why it could not be evaluated, or what it printed.
    pub notes: Vec<String>,
}

/// One query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eval {
    /// [`WIRE_VERSION`].
    pub version: u32,
    /// The policies; may be without any file.
    pub source: PolicySource,
    /// The query.
    pub query: String,
    /// The input document; undefined when absent.
    pub input: Option<Value>,
    /// The time of the evaluation in nanoseconds since 1970.
    pub now_ns: i64,
    /// How long it may take, in milliseconds.
    pub rule_limit_ms: u64,
}

/// Encodes a frame's content.
pub fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(message).map_err(io::Error::other)
}

/// Decodes a frame's content.
pub fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    T::deserialize(&mut reader).map_err(io::Error::other)
}

/// Reads one frame; `None` at the end of the stream.
pub fn read_frame(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0_u8; 4];
    let mut filled = 0;
    while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => filled += more,
        }
    }
    let length = u32::from_be_bytes(length);
    if length > FRAME_LIMIT {
        return Err(io::Error::other(format!(
            "a frame of {length} bytes is larger than {FRAME_LIMIT}"
        )));
    }
    let mut bytes = Vec::new();
    reader.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() == length as usize {
        Ok(Some(bytes))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Writes one frame and flushes it.
pub fn write_frame(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    writer.write_all(&length.to_be_bytes())?;
    writer.write_all(bytes)?;
    writer.flush()
}
