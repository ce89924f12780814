use super::*;

fn body(line: &str) -> String {
    format!("package main\nimport rego.v1\ndeny contains m if {{\n  m := \"x\"\n  {line}\n}}\n")
}

#[track_caller]
fn assert_refused(text: &str, code: Code, place: (u32, u32), words: &str) {
    let problems = refusal(text);
    let problem = problems.first().unwrap();
    assert_eq!(problem.code, code, "{problems:?}");
    assert_eq!((problem.line, problem.column), place, "{problems:?}");
    assert!(problem.message.contains(words), "{problems:?}");
}

#[test]
fn an_unknown_function_is_refused_even_where_it_is_never_reached() {
    assert_refused(
        &body("input.kind == \"never\"; foo.bar(1)"),
        Code::Unsupported,
        (5, 26),
        "there is no function `foo.bar`",
    );
    assert_refused(
        &body("startwith(\"a\", \"b\")"),
        Code::Unsupported,
        (5, 3),
        "did you mean `startswith`?",
    );
}

#[test]
fn impure_functions_are_refused_with_the_reason() {
    for call in [
        "http.send({\"url\": \"x\"})",
        "rand.intn(\"a\", 3)",
        "uuid.rfc4122(\"a\")",
        "opa.runtime()",
        "net.lookup_ip_addr(\"a\")",
    ] {
        let problems = refusal(&body(call));
        assert!(
            problems
                .iter()
                .any(|problem| problem.code == Code::Unsupported
                    && problem.message.contains("is refused")),
            "{call}: {problems:?}"
        );
    }
}

#[test]
fn recursion_is_refused() {
    for text in [
        "package main\nimport rego.v1\ndeny contains \"x\" if f(1)\nf(x) := f(x + 1)",
        "package main\nimport rego.v1\ndeny contains \"x\" if a\na if b\nb if a",
        "package main\nimport rego.v1\ndeny contains \"x\" if data.main.a\na if data.main.deny",
    ] {
        let problems = refusal(text);
        assert_eq!(
            problems.first().unwrap().code,
            Code::Recursion,
            "{problems:?}"
        );
    }
}

#[test]
fn a_variable_that_only_a_negation_mentions_is_refused() {
    assert_refused(
        &body("not startswith(input.xs[_], \"x\")"),
        Code::Unsafe,
        (5, 27),
        "`_` under `not`",
    );
    assert_refused(
        &body("not input.xs[i] == 1"),
        Code::Unsafe,
        (5, 16),
        "variable `i`",
    );
}

#[test]
fn walk_in_other_forms_is_refused() {
    for line in [
        "some [p, v] in walk(input)",
        "x := walk(input)[0]; x",
        "every x in walk(input) { x }",
    ] {
        let problems = refusal(&body(line));
        assert_eq!(
            problems.first().unwrap().code,
            Code::Unsupported,
            "{line}: {problems:?}"
        );
    }
}

#[test]
fn a_wrong_number_of_arguments_is_refused() {
    assert_refused(&body("startswith(\"a\")"), Code::Arity, (5, 3), "takes 2");
    assert_refused(
        &body("sprintf(\"a\", [1], 2)"),
        Code::Arity,
        (5, 3),
        "takes 2",
    );
}

#[test]
fn a_deny_that_gives_no_message_is_refused() {
    assert_refused(
        "package main\nimport rego.v1\ndeny if input.a",
        Code::Shape,
        (3, 1),
        "contains message",
    );
    assert_refused(
        "package main\nimport rego.v1\ndeny(x) if x",
        Code::Shape,
        (3, 1),
        "is a function",
    );
    assert_refused(
        "package drydock.a.b\nimport rego.v1\ndeny := [\"x\"] if input.a",
        Code::Shape,
        (3, 1),
        "contains message",
    );
}

#[test]
fn old_syntax_in_a_new_source_is_named() {
    assert_refused(
        "package main\ndeny[msg] { msg := \"x\" }",
        Code::Parse,
        (2, 11),
        "Rego v0 in a source read as v1",
    );
    assert_refused(
        &body("any([true])"),
        Code::Unsupported,
        (5, 3),
        "does not exist in Rego v1",
    );
}

#[test]
fn nothing_to_evaluate_is_refused() {
    assert_eq!(
        refusal("package main\nimport rego.v1\nx := 1")
            .first()
            .unwrap()
            .code,
        Code::Empty
    );
    let other = refusal("package other\nimport rego.v1\ndeny contains \"x\" if input.a");
    assert!(
        other
            .first()
            .unwrap()
            .message
            .contains("packages other were not asked for"),
        "{other:?}"
    );
    assert_eq!(
        refusal("package drydock.a.b\nimport rego.v1\nx := 1")
            .first()
            .unwrap()
            .code,
        Code::Empty
    );
    let empty = Policies::load(
        &[PolicySource::new("policies", Dialect::Auto)],
        Conditions::default(),
    );
    assert_eq!(empty.err().unwrap().first().unwrap().code, Code::Empty);
    let gatekeeper = Policies::load(
        &[PolicySource::new("policies", Dialect::Gatekeeper)],
        Conditions::default(),
    );
    assert_eq!(
        gatekeeper.err().unwrap().first().unwrap().code,
        Code::Unsupported
    );
}

#[test]
fn broken_text_is_refused_with_its_place() {
    assert_refused(
        "package main\nx := {\n",
        Code::Parse,
        (3, 1),
        "expecting expression",
    );
    let long = format!("package main\nx := \"{}\"", "a".repeat(1100));
    assert_eq!(refusal(&long).first().unwrap().code, Code::Parse);
}

#[test]
fn metadata_that_cannot_be_read_is_refused() {
    let text =
        "package main\nimport rego.v1\n# METADATA\n# title: [\ndeny contains \"x\" if input.a";
    assert_eq!(refusal(text).first().unwrap().code, Code::Metadata);
    let text = "package main\nimport rego.v1\n# METADATA\n# custom:\n#   severity: high\ndeny contains \"x\" if input.a";
    assert_refused(text, Code::Metadata, (3, 0), "severity `high`");
}

#[test]
fn a_result_that_is_no_message_is_a_failure() {
    for text in [
        "package main\nimport rego.v1\ndeny contains 1 if input.a",
        "package main\nimport rego.v1\ndeny contains {\"message\": \"x\"} if input.a",
        "package main\nimport rego.v1\ndeny := true if input.a",
    ] {
        let answer = judge(text, r#"{"a": true}"#);
        assert_eq!(
            (answer.findings.len(), answer.failures.len()),
            (0, 1),
            "{text}"
        );
    }
}
