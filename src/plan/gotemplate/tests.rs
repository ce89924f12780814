//! The engine against the real one, its limits, and what `helm template` cannot show.

mod helm;
mod limits;
mod options;

use super::*;

/// The parameters of all tables.
fn params() -> BTreeMap<String, Data> {
    let value: serde_json::Value = serde_json::from_str(include_str!("tests/params.json")).unwrap();
    let Data::Map(params) = Data::of_json(&value) else {
        panic!("the parameters are a map");
    };
    params
}

/// The engine for one template alone.
fn render(
    text: &str,
    params: &BTreeMap<String, Data>,
    missing: MissingKey,
) -> Result<String, TemplateError> {
    parse(text)?.render(params, missing, &Cell::new(u64::MAX))
}

fn rendered(text: &str) -> Result<String, TemplateError> {
    render(text, &params(), MissingKey::Default)
}
