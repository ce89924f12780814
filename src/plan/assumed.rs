//! Sources that count as this repository although no object of it says so.

use std::collections::BTreeSet;

use super::extend::SideApps;
use super::{AppSide, Refusal, RefusalKind};
use crate::config::repo::Engine;
use crate::ids::AppId;

/// One installation of Flux: a cluster, or where no cluster is named the folder of its bootstrap.
type Instance<'a> = (&'a str, Option<&'a str>);

fn instance<'a>(id: &'a AppId, side: &'a AppSide) -> Instance<'a> {
    (&side.cluster.0, id.variant.as_deref())
}

/// Refuses a source that is only assumed to be this repository where the base did not assume it:
/// nothing in the repository says what another name leads to. The first declarations of an installation
/// have nothing to be compared with but those of the others.
pub(super) fn refuse_assumed(before: &SideApps, after: &mut SideApps) {
    let flux = || {
        let all = before.declared.iter();
        all.filter(|(_, side)| side.engine == Engine::Flux)
    };
    let instances: BTreeSet<Instance<'_>> = flux().map(|(id, side)| instance(id, side)).collect();
    let known: BTreeSet<(Instance<'_>, &str)> = flux()
        .filter_map(|(id, side)| Some((instance(id, side), side.assumed.as_deref()?)))
        .collect();
    if instances.is_empty() {
        return;
    }
    for (id, side) in &mut after.declared {
        let Some(text) = side.assumed.clone() else {
            continue;
        };
        let of = instance(id, side);
        let is_known = if instances.contains(&of) {
            known.contains(&(of, text.as_str()))
        } else {
            known.iter().any(|(_, known)| *known == text)
        };
        if is_known {
            continue;
        }
        let declaration = side.declaration.as_ref();
        side.refusals.push(Refusal {
            kind: RefusalKind::Elsewhere,
            path: declaration
                .and_then(|declaration| declaration.path.clone())
                .unwrap_or_default(),
            line: declaration.map_or(0, |declaration| declaration.line),
            text: format!(
                "{text}, which no object of the repository declares: declare it, or name the source of the other Kustomizations"
            ),
        });
    }
}
