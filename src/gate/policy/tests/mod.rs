mod refusals;
mod semantics;

use super::*;
use crate::gate::policy::authoring::evaluate_query;

/// A source of one file `p.rego`.
fn source(text: &str) -> PolicySource {
    let mut source = PolicySource::new("test", Dialect::Auto);
    source.files.push(PolicyFile {
        path: "p.rego".to_owned(),
        text: text.to_owned(),
        rego: RegoVersion::V1,
    });
    source
}

/// The problems of a source that has to be refused.
fn refusal(text: &str) -> Vec<Problem> {
    match Policies::load(&[source(text)], Conditions::default()) {
        Ok(_) => panic!("this was accepted: {text}"),
        Err(problems) => problems,
    }
}

/// The value of one query over a text.
fn value(text: &str, query: &str, input: &str) -> serde_json::Value {
    let input = serde_json::from_str(input).unwrap();
    let (result, _) =
        evaluate_query(&source(text), Conditions::default(), query, Some(&input)).unwrap();
    result
        .pointer("/result/0/expressions/0/value")
        .cloned()
        .unwrap_or(serde_json::Value::Null)
}

/// The answer about one object that is created.
fn judge(text: &str, object: &str) -> PolicyAnswer {
    let mut policies = Policies::load(&[source(text)], Conditions::default()).unwrap();
    let object: serde_json::Value = serde_json::from_str(object).unwrap();
    let subject = Subject {
        object: Some(engine_value(&object).unwrap()),
        old: None,
        operation: Operation::Create,
        role: "object".to_owned(),
    };
    policies.judge(&Surroundings::new(None, None), &subject)
}

fn messages(answer: &PolicyAnswer) -> Vec<&str> {
    answer
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect()
}
