//! One batch: every object of it, on all threads.

use std::sync::Arc;
use std::thread;

use serde_json::Value;

use crate::cluster_facts::KubernetesVersion;
use crate::gate::policy::{
    self, Code, Operation, Policies, Problem, Subject, Surroundings, engine_value, unchanged,
};
use crate::gate::schema::{RawFinding, Schemas, Status};
use crate::gate::wire::{
    Answer, Batch, Item, ItemAnswer, Response, SchemaAnswer, SchemaFinding, SchemaSet,
    SchemaStatus, SideAnswer,
};

/// Stack of a judging thread. Rules cannot recurse, and objects nest at most 128 levels deep.
const STACK: usize = 16 << 20;

/// Builds the schemas of one destination and side.
pub(super) fn schemas(set: &SchemaSet) -> Schemas {
    let (major, minor) = set.kubernetes;
    Schemas::new(
        KubernetesVersion { major, minor },
        set.crds.iter().map(AsRef::as_ref),
        set.openapi.as_ref(),
    )
}

/// Judges all objects of a batch.
pub(super) fn judge(
    policies: &Policies,
    schemas: &[Schemas],
    threads: usize,
    batch: &Batch,
) -> Response {
    match prepare(policies, schemas, batch) {
        Ok(judge) => run(&judge, threads, &batch.items),
        Err(problem) => Response::Refused(vec![problem]),
    }
}

/// Everything that judging one object needs.
struct Judging<'a> {
    base_schemas: Option<&'a Schemas>,
    head_schemas: Option<&'a Schemas>,
    base_policies: Option<Policies>,
    head_policies: Option<Policies>,
    surroundings: Surroundings,
    /// False when a rule reads `data.objects`: then equal objects have unequal surroundings.
    alike: bool,
}

fn prepare<'a>(
    policies: &Policies,
    schemas: &'a [Schemas],
    batch: &Batch,
) -> Result<Judging<'a>, Problem> {
    let find = |index: Option<usize>| match index {
        None => Ok(None),
        Some(index) => schemas.get(index).map(Some).ok_or_else(|| {
            Problem::of_file(
                "worker",
                Code::Evaluation,
                "the batch names schemas that were not loaded",
            )
        }),
    };
    let objects = |side: fn(&Item) -> &Option<Arc<Value>>| {
        batch
            .items
            .iter()
            .filter_map(|item| side(item).as_deref())
            .map(engine_value)
            .collect::<Result<Vec<_>, _>>()
    };
    let reads_objects = batch.policies && policies.reads_objects();
    let (base_policies, head_policies) = if !batch.policies {
        (None, None)
    } else if reads_objects {
        (
            Some(policies.with_objects(&objects(|item| &item.base)?)?),
            Some(policies.with_objects(&objects(|item| &item.head)?)?),
        )
    } else {
        (Some(policies.clone()), Some(policies.clone()))
    };
    Ok(Judging {
        base_schemas: find(batch.base_schemas)?,
        head_schemas: find(batch.head_schemas)?,
        base_policies,
        head_policies,
        surroundings: Surroundings::new(batch.app.as_ref(), batch.cluster.as_deref()),
        alike: !reads_objects && batch.base_schemas == batch.head_schemas,
    })
}

fn run(judging: &Judging<'_>, threads: usize, items: &[Item]) -> Response {
    let size = items.len().div_ceil(threads).max(1);
    let parts: Result<Vec<Answer>, String> = thread::scope(|scope| {
        let mut running = Vec::new();
        for part in items.chunks(size) {
            let thread = thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, move || judging.part(part))
                .map_err(|error| format!("a thread could not be started: {error}"))?;
            running.push(thread);
        }
        running
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "judging was aborted".to_owned()))
            .collect()
    });
    match parts {
        Ok(parts) => {
            let mut whole = Answer::default();
            for part in parts {
                whole.items.extend(part.items);
                whole.prints.extend(part.prints);
            }
            Response::Answer(whole)
        }
        Err(message) => super::refuse(message),
    }
}

impl Judging<'_> {
    fn part(&self, items: &[Item]) -> Answer {
        let mut base = self.base_policies.clone();
        let mut head = self.head_policies.clone();
        let items = items
            .iter()
            .map(|item| self.item(item, base.as_mut(), head.as_mut()))
            .collect();
        let mut prints = Vec::new();
        for policies in [base, head].iter_mut().flatten() {
            prints.extend(policies.prints());
        }
        Answer { items, prints }
    }

    fn item(
        &self,
        item: &Item,
        base_policies: Option<&mut Policies>,
        head_policies: Option<&mut Policies>,
    ) -> ItemAnswer {
        let equal = item.base.is_some() && item.base == item.head;
        let convert = |value| (value, engine_value(value));
        let base = item.base.as_deref().map(convert);
        let head = item.head.as_deref().map(convert);
        let same = equal && self.alike;
        let base_answer = match &base {
            Some((value, converted)) if !same => {
                let subject = converted
                    .clone()
                    .map(|object| unchanged(&object, &item.role));
                Some(side(
                    Some(value),
                    subject,
                    self.base_schemas,
                    base_policies,
                    &self.surroundings,
                ))
            }
            _ => None,
        };
        let operation = match (&base, &head) {
            (_, Some(_)) if equal => Operation::Unchanged,
            (Some(_), Some(_)) => Operation::Update,
            (None, _) => Operation::Create,
            (Some(_), None) => Operation::Delete,
        };
        let converted = |state: &Option<(&Value, Result<regorus::Value, Problem>)>| {
            state.as_ref().map(|(_, value)| value.clone()).transpose()
        };
        let subject = converted(&head).and_then(|object| {
            Ok(Subject {
                object,
                old: converted(&base)?,
                operation,
                role: item.role.clone(),
            })
        });
        let head_answer = side(
            item.head.as_deref(),
            subject,
            self.head_schemas,
            head_policies,
            &self.surroundings,
        );
        ItemAnswer {
            base: base_answer,
            head: Some(head_answer),
            same,
        }
    }
}

fn side(
    object: Option<&Value>,
    subject: Result<Subject, Problem>,
    schemas: Option<&Schemas>,
    policies: Option<&mut Policies>,
    surroundings: &Surroundings,
) -> SideAnswer {
    let schema = match (schemas, object) {
        (Some(schemas), Some(object)) => Some(schema_answer(schemas, object)),
        _ => None,
    };
    let Some(policies) = policies else {
        return SideAnswer {
            schema,
            ..SideAnswer::default()
        };
    };
    let answer = match subject {
        Ok(subject) => policies.judge(surroundings, &subject),
        Err(problem) => policy::PolicyAnswer {
            findings: Vec::new(),
            failures: vec![("policy".to_owned(), problem)],
        },
    };
    SideAnswer {
        schema,
        policy: answer.findings,
        failures: answer.failures,
    }
}

fn schema_answer(schemas: &Schemas, object: &Value) -> SchemaAnswer {
    let judgement = schemas.judge(object);
    SchemaAnswer {
        status: match judgement.status {
            Status::Valid => SchemaStatus::Valid,
            Status::Invalid => SchemaStatus::Invalid,
            Status::NoSchema => SchemaStatus::NoSchema,
            Status::Error => SchemaStatus::Error,
        },
        findings: judgement.findings.into_iter().map(schema_finding).collect(),
        note: judgement.note,
    }
}

fn schema_finding(finding: RawFinding) -> SchemaFinding {
    SchemaFinding {
        pointer: finding.pointer,
        rule: finding.rule.to_owned(),
        message: finding.message,
        fix: finding.fix,
        subject: finding.subject,
        severity: finding.severity.into(),
        at_key: finding.at_key,
    }
}
