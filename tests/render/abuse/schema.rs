//! Schemas of values: they may refer elsewhere, to themselves, and take long.

use super::case::{Case, chart, value};

const SCHEMA: &str = "chart/values.schema.json";

pub(super) fn cases() -> Vec<Case> {
    let schema = |name, schema: &str, values: &str| {
        chart(name, &value(".Values.a | toJson | quote"))
            .file("chart/values.schema.json", schema)
            .file("chart/values.yaml", values)
    };
    let deep = format!(
        "a: {}{}\n",
        "{a: ".repeat(200),
        "1".to_owned() + &"}".repeat(200)
    );
    let doubling = "{\"definitions\": {\"n\": {\"anyOf\": [{\"properties\": {\"a\": {\"$ref\": \"#/definitions/n\"}}, \"required\": [\"b\"]}, {\"properties\": {\"a\": {\"$ref\": \"#/definitions/n\"}}, \"required\": [\"c\"]}]}}, \"$ref\": \"#/definitions/n\"}";
    let expression = format!("a: {}!\n", "a".repeat(60));
    vec![
        schema("http-ref", "{\"$ref\": \"@URL@/schema.json\"}", "a: 1\n").refused(SCHEMA, "operation not permitted"),
        schema("http-ref-deep", "{\"properties\": {\"a\": {\"$ref\": \"@URL@/schema.json#/a\"}}}", "a: 1\n").refused(SCHEMA, "operation not permitted"),
        schema("file-ref", "{\"$ref\": \"file://@OUTSIDE@/values.schema.json\"}", "a: 1\n").refused(SCHEMA, "permission denied"),
        schema("file-ref-to-passwd", "{\"$ref\": \"file:///etc/passwd\"}", "a: 1\n").refused(SCHEMA, "permission denied"),
        schema("relative-ref", "{\"$ref\": \"../../@NAME@/values.schema.json\"}", "a: 1\n").refused(SCHEMA, "no such file"),
        schema("http-metaschema", "{\"$schema\": \"@URL@/meta.json\"}", "a: 1\n").refused(SCHEMA, "operation not permitted"),
        schema("ref-to-itself", "{\"$ref\": \"#\"}", "a: 1\n").refused(SCHEMA, "reference cycle"),
        schema("refs-in-a-circle", "{\"definitions\": {\"x\": {\"$ref\": \"#/definitions/y\"}, \"y\": {\"$ref\": \"#/definitions/x\"}}, \"$ref\": \"#/definitions/x\"}", "a: 1\n").refused(SCHEMA, "reference cycle"),
        schema("choices-that-double", doubling, &deep).refused(SCHEMA, ""),
        schema("expression-that-backtracks", "{\"properties\": {\"a\": {\"pattern\": \"^(a+)+$\"}}}", &expression).refused(SCHEMA, "does not match pattern"),
    ]
}
