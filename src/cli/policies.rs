//! Policies named on the command line of `check`.

use super::CommandError;
use super::check::PolicyArgs;
use super::policy::{Selection, load_source};
use crate::gate::policy::{Dialect, Namespaces, RegoVersion};
use crate::run::pipeline::PolicyChoice;

/// What the flags say.
pub(super) fn choose(args: &PolicyArgs) -> Result<PolicyChoice, CommandError> {
    let namespaces = match (args.all_policy_namespaces, args.policy_namespace.is_empty()) {
        (true, _) => Namespaces::All,
        (false, true) => Namespaces::Main,
        (false, false) => Namespaces::Named(args.policy_namespace.clone()),
    };
    let selection = Selection {
        paths: Vec::new(),
        dialect: crate::config::repo::Dialect::find(&args.dialect).map(Dialect::from),
        namespaces: namespaces.clone(),
        rego: RegoVersion::find(&args.rego_version).unwrap_or_default(),
        data: args.data.clone(),
    };
    let wrong = |error: super::policy::SourceError| CommandError::new(error.to_string());
    let mut sources = Vec::new();
    for path in &args.policies {
        sources.push(
            load_source(&Selection {
                paths: vec![path.clone()],
                ..selection.clone()
            })
            .map_err(wrong)?,
        );
    }
    let data = super::policy::load_data(&args.data).map_err(wrong)?;
    Ok(PolicyChoice {
        sources,
        namespaces,
        rego: selection.rego,
        data,
    })
}
