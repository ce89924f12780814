//! The worker's other end: starts it, hands it rules and objects, replaces it when it dies.
//!
//! A policy can loop, recurse or allocate until its process dies; then exactly the batch that was
//! asked is without an answer, which is an error and never a pass, and the next batch finds a new
//! worker.

use std::time::Duration;

use crate::finding::Blame;
use crate::gate::policy::{PolicySource, Problem};
use crate::gate::wire::{
    self, Answer, Batch, Eval, Load, Loaded, Request, Response, TestResult, Tests, WIRE_VERSION,
};
use crate::sandbox::{Limits, Sandbox, SandboxError, Worker};

/// Why something could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The policies or schemas cannot be used, or a batch cannot be judged with them.
    #[error("the policies cannot be used")]
    Refused(Vec<Problem>),
    /// The worker died or ran out of time or memory.
    #[error("policies and schemas could not be evaluated: {0}")]
    Process(SandboxError),
    /// The worker answered something else than was asked.
    #[error("the worker's answer cannot be read: {0}")]
    Protocol(String),
}

impl JudgeError {
    /// What is wrong with the policies, where that is the reason.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Refused(problems) => problems,
            Self::Process(_) | Self::Protocol(_) => &[],
        }
    }

    /// Policies and the machine are the operator's; an author cannot mend them in a pull request,
    /// because the base's policies judge.
    pub fn blame(&self) -> Blame {
        Blame::Operator
    }
}

/// A worker with its rules loaded.
#[derive(Debug)]
pub struct Judge {
    sandbox: Sandbox,
    limits: Limits,
    load: Vec<u8>,
    loaded: Loaded,
    /// `None` after it died, until the next batch.
    worker: Option<Worker>,
}

impl Judge {
    /// How long one batch may take: the largest application seen, 2,000 objects under 15 rules,
    /// takes about a second.
    const BATCH_LIMIT: Duration = Duration::from_mins(1);

    /// Starts a worker and loads what it judges with.
    pub fn start(sandbox: &Sandbox, load: Load) -> Result<Self, JudgeError> {
        Self::start_within(sandbox, load, Self::BATCH_LIMIT)
    }

    /// The same with another limit for each batch.
    pub fn start_within(
        sandbox: &Sandbox,
        load: Load,
        limit: Duration,
    ) -> Result<Self, JudgeError> {
        let limits = limits(limit);
        let load = encode(&Request::Load(load))?;
        let (worker, loaded) = start(sandbox, &limits, &load)?;
        Ok(Self {
            sandbox: sandbox.clone(),
            limits,
            load,
            loaded,
            worker: Some(worker),
        })
    }

    /// What was loaded.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Judges the objects of one application. After an error nothing of the batch was judged.
    pub fn judge_batch(&mut self, batch: &Batch) -> Result<Answer, JudgeError> {
        let mut worker = match self.worker.take() {
            Some(worker) => worker,
            None => start(&self.sandbox, &self.limits, &self.load)?.0,
        };
        let request = encode(&Request::Judge(batch.clone()))?;
        let response = ask(&mut worker, &request)?;
        self.worker = Some(worker);
        match response {
            Response::Answer(answer) if answer.items.len() == batch.items.len() => Ok(answer),
            Response::Answer(_) => Err(JudgeError::Protocol("objects are missing".to_owned())),
            Response::Refused(problems) => Err(JudgeError::Refused(problems)),
            Response::Loaded(_) | Response::Tested(_) | Response::Evaluated { .. } => {
                Err(unexpected())
            }
        }
    }
}

/// How long one rule may take on one object where nobody says otherwise: rules take microseconds,
/// so what takes five seconds does not end.
pub const RULE_LIMIT: Duration = Duration::from_secs(5);

/// Runs the `test_` rules of these sources in a worker of its own.
pub fn run_tests(
    sandbox: &Sandbox,
    sources: Vec<PolicySource>,
    now_ns: i64,
) -> Result<Vec<TestResult>, JudgeError> {
    let request = Request::Test(Tests {
        version: WIRE_VERSION,
        sources,
        now_ns,
        rule_limit_ms: milliseconds(RULE_LIMIT),
    });
    match ask_once(sandbox, &request)? {
        Response::Tested(results) => Ok(results),
        Response::Refused(problems) => Err(JudgeError::Refused(problems)),
        _ => Err(unexpected()),
    }
}

/// Evaluates one query in a worker of its own; gives the result in the shape of `opa eval`, and what
/// was printed.
pub fn evaluate_query(
    sandbox: &Sandbox,
    source: PolicySource,
    query: &str,
    input: Option<serde_json::Value>,
    now_ns: i64,
) -> Result<(serde_json::Value, Vec<String>), JudgeError> {
    let request = Request::Eval(Eval {
        version: WIRE_VERSION,
        source,
        query: query.to_owned(),
        input,
        now_ns,
        rule_limit_ms: milliseconds(RULE_LIMIT),
    });
    match ask_once(sandbox, &request)? {
        Response::Evaluated { result, prints } => Ok((result, prints)),
        Response::Refused(problems) => Err(JudgeError::Refused(problems)),
        _ => Err(unexpected()),
    }
}

fn ask_once(sandbox: &Sandbox, request: &Request) -> Result<Response, JudgeError> {
    let mut worker =
        Worker::start(sandbox, &limits(Judge::BATCH_LIMIT)).map_err(JudgeError::Process)?;
    ask(&mut worker, &encode(request)?)
}

fn limits(time: Duration) -> Limits {
    Limits {
        time,
        output: wire::FRAME_LIMIT as usize,
        ..Limits::default()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn start(sandbox: &Sandbox, limits: &Limits, load: &[u8]) -> Result<(Worker, Loaded), JudgeError> {
    let mut worker = Worker::start(sandbox, limits).map_err(JudgeError::Process)?;
    match ask(&mut worker, load)? {
        Response::Loaded(loaded) => Ok((worker, loaded)),
        Response::Refused(problems) => Err(JudgeError::Refused(problems)),
        Response::Answer(_) | Response::Tested(_) | Response::Evaluated { .. } => Err(unexpected()),
    }
}

/// One question, one answer.
fn ask(worker: &mut Worker, request: &[u8]) -> Result<Response, JudgeError> {
    worker.send(request).map_err(JudgeError::Process)?;
    let bytes = worker.receive().map_err(JudgeError::Process)?;
    wire::decode(&bytes).map_err(|error| JudgeError::Protocol(error.to_string()))
}

fn encode(request: &Request) -> Result<Vec<u8>, JudgeError> {
    wire::encode(request).map_err(|error| JudgeError::Protocol(error.to_string()))
}

fn unexpected() -> JudgeError {
    JudgeError::Protocol("it answers another question".to_owned())
}
