//! The loop inside the confined child: frames in, frames out, nothing else.
//!
//! The child may die at any frame (a policy can overflow its stack or ask for more memory than there
//! is); whoever waits for the answer reads that as "could not be judged".

mod batch;
mod querying;
mod testing;

use std::io::{self, Read, Write};
use std::time::Duration;

use super::policy::{Code, Conditions, Policies, Problem};
use super::schema::Schemas;
use super::wire::{self, Load, Loaded, Request, Response, WIRE_VERSION};

/// Serves requests until the input ends. An error is a frame that could not be read or written.
pub fn serve_worker(mut requests: impl Read, mut answers: impl Write) -> io::Result<()> {
    let mut worker = Worker::default();
    while let Some(frame) = wire::read_frame(&mut requests)? {
        let response = match wire::decode::<Request>(&frame) {
            Ok(request) => worker.answer(request),
            Err(error) => refuse(format!("the request cannot be read: {error}")),
        };
        wire::write_frame(&mut answers, &wire::encode(&response)?)?;
    }
    Ok(())
}

fn refuse(message: String) -> Response {
    Response::Refused(vec![Problem::of_file("worker", Code::Evaluation, message)])
}

/// What is loaded.
#[derive(Default)]
struct Worker {
    policies: Option<Policies>,
    schemas: Vec<Schemas>,
    threads: usize,
}

impl Worker {
    fn answer(&mut self, request: Request) -> Response {
        let version = match &request {
            Request::Load(load) => load.version,
            Request::Test(tests) => tests.version,
            Request::Eval(eval) => eval.version,
            Request::Judge(_) => WIRE_VERSION,
        };
        if version != WIRE_VERSION {
            return refuse(format!(
                "the request is of version {version}, this worker speaks {WIRE_VERSION}"
            ));
        }
        match request {
            Request::Load(load) => self.load(&load),
            Request::Judge(batch) => match &self.policies {
                Some(policies) => batch::judge(policies, &self.schemas, self.threads, &batch),
                None => refuse("nothing is loaded".to_owned()),
            },
            Request::Test(tests) => testing::run(&tests),
            Request::Eval(eval) => querying::evaluate(&eval),
        }
    }

    fn load(&mut self, load: &Load) -> Response {
        *self = Self::default();
        let conditions = Conditions {
            now_ns: load.now_ns,
            rule_limit: Duration::from_millis(load.rule_limit_ms),
        };
        match Policies::load(&load.sources, conditions) {
            Ok(policies) => {
                let loaded = Loaded {
                    rules: policies.rules(),
                    ignored: policies.ignored(),
                };
                self.schemas = load.schemas.iter().map(batch::schemas).collect();
                self.threads = usize::try_from(load.threads).unwrap_or(1).max(1);
                self.policies = Some(policies);
                Response::Loaded(loaded)
            }
            Err(problems) => Response::Refused(problems),
        }
    }
}
