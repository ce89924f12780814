//! Bringing what plans need from outside: plan, fetch, plan again, until nothing is asked for any
//! more. One value serves one judgement, so that everything in it sees the same answers.

use std::collections::BTreeSet;

use crate::clients::supply::Supplier;
use crate::config::settings::Outside;
use crate::outside::{Need, Short, Shortage, Supply};
use crate::plan::outside::{Mounts, Noted};
use crate::plan::{Declared, Plan};
use crate::render::Problem;
use crate::tree::Tree;

/// Rounds of planning: what was fetched may need more, and bases lie ten deep at most.
const ROUND_LIMIT: usize = 10;

/// Fetches for one judgement.
#[derive(Debug)]
pub struct Bringing {
    /// `None`: nothing is fetched, and refusals stay as planning made them.
    outside: Option<Outside>,
    started: Option<Result<Started, Shortage>>,
    mounts: Mounts,
    supply: Supply,
    /// How many needs were asked for.
    asked: usize,
    /// Charts of the repository itself that others need, as far as they are in place.
    local: usize,
}

#[derive(Debug)]
struct Started {
    supplier: Supplier,
    runtime: tokio::runtime::Runtime,
}

/// A plan with everything it needs in its trees.
#[derive(Debug)]
pub struct Brought {
    /// The plan; what did not come is refused with the reason.
    pub plan: Plan,
    /// The state before, with what was fetched.
    pub base: Tree,
    /// The state after, with what was fetched.
    pub head: Tree,
}

impl Bringing {
    /// Fetches within `outside`, unless it allows no host and no cache answers either.
    pub fn new(outside: &Outside) -> Self {
        let is_of_use = !outside.hosts.is_empty() || outside.offline;
        Self {
            outside: is_of_use.then(|| outside.clone()),
            started: None,
            mounts: Mounts::default(),
            supply: Supply::default(),
            asked: 0,
            local: 0,
        }
    }

    /// Plans with `plan` as often as it takes. Blocks; must not be called from a task.
    pub fn plan(
        &mut self,
        base: &Tree,
        head: &Tree,
        mut plan: impl FnMut(&Tree, &Tree) -> Plan,
    ) -> Brought {
        let Ok(brought) = self.try_plan(base, head, |base, head| {
            Ok::<_, std::convert::Infallible>(plan(base, head))
        });
        brought
    }

    /// The same with a way to plan that may fail.
    pub fn try_plan<E>(
        &mut self,
        base: &Tree,
        head: &Tree,
        mut plan: impl FnMut(&Tree, &Tree) -> Result<Plan, E>,
    ) -> Result<Brought, E> {
        for _ in 0..ROUND_LIMIT {
            let mounted = [self.mount(base), self.mount(head)];
            let [now_base, now_head] = &mounted;
            let mut found = plan(now_base, now_head)?;
            self.mounts.settle(&mut found, [now_base, now_head]);
            let Noted { needs, local } = self.mounts.note(&found, [now_base, now_head]);
            let missing = match self.outside {
                Some(_) => self.supply.missing(&needs),
                None => BTreeSet::new(),
            };
            if missing.is_empty() && local == self.local {
                return Ok(self.conclude(found, mounted));
            }
            self.local = local;
            let missing = self.within_limit(missing);
            if !missing.is_empty() {
                self.fetch(&missing);
            }
        }
        let mounted = [self.mount(base), self.mount(head)];
        let [now_base, now_head] = &mounted;
        let mut found = plan(now_base, now_head)?;
        self.mounts.settle(&mut found, [now_base, now_head]);
        Ok(self.conclude(found, mounted))
    }

    /// Declares with `declare` what one tree holds, and what comes from outside into it, as often as it
    /// takes; gives the tree with what was fetched, too. Blocks; must not be called from a task.
    pub fn declare(
        &mut self,
        tree: &Tree,
        mut declare: impl FnMut(&Tree) -> Declared,
    ) -> (Declared, Tree) {
        let mut left_out = Vec::new();
        let brought = self.plan(&Tree::empty(), tree, |_, tree| {
            let found = declare(tree);
            left_out = found.left_out;
            Plan::of_sides(found.apps, tree.revision())
        });
        let apps = brought.plan.apps.into_iter();
        let apps = apps.filter_map(|app| Some((app.id, app.head?))).collect();
        (Declared { apps, left_out }, brought.head)
    }

    fn conclude(&self, mut plan: Plan, [base, head]: [Tree; 2]) -> Brought {
        let fetches = self.outside.is_some();
        self.mounts
            .explain(&mut plan, [&base, &head], &self.supply, fetches);
        Brought { plan, base, head }
    }

    /// What floats in an application, for whoever reports it.
    pub fn mounts(&self) -> (&Mounts, &Supply) {
        (&self.mounts, &self.supply)
    }

    /// Says of problems in what was fetched where the repository refers to it.
    pub fn relocate(&self, problems: &mut [Problem]) {
        for problem in problems {
            problem.message = self.mounts.readable(&problem.message);
            if let Some(place) = problem
                .path
                .as_ref()
                .and_then(|path| self.mounts.relocate(path))
            {
                problem.message = format!("{}: {}", place.fetched, problem.message);
                problem.path = Some(place.path);
                problem.line = place.line;
            }
        }
    }

    fn mount(&self, tree: &Tree) -> Tree {
        if self.supply.is_empty() && self.local == 0 {
            return tree.clone();
        }
        // A tree that cannot be read has its own refusals.
        self.mounts
            .mount(tree, &self.supply)
            .unwrap_or_else(|_| tree.clone())
    }

    /// Those of the needs that may still be asked for, in their order; the rest has its answer.
    fn within_limit(&mut self, mut needs: BTreeSet<Need>) -> BTreeSet<Need> {
        let limit = self.outside.as_ref().map_or(0, |found| found.limits.needs);
        let left = limit.saturating_sub(self.asked);
        if let Some(first) = needs.iter().nth(left).cloned() {
            for need in needs.split_off(&first) {
                let short = Short::TooManyNeeds { limit };
                self.supply.insert(need.clone(), Err(short.of(&need)));
            }
        }
        self.asked += needs.len();
        needs
    }

    fn fetch(&mut self, needs: &BTreeSet<Need>) {
        let outside = self.outside.clone().unwrap_or_default();
        match self.started.get_or_insert_with(|| start(outside)) {
            Ok(started) => {
                let answers = started.runtime.block_on(started.supplier.fetch_all(needs));
                self.supply.extend(answers);
            }
            Err(shortage) => {
                for need in needs {
                    let short = shortage.short.clone();
                    self.supply.insert(need.clone(), Err(short.of(need)));
                }
            }
        }
    }
}

/// Threads of its own: judgements run where no runtime may be waited for.
fn start(outside: Outside) -> Result<Started, Shortage> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| {
            let reason = error.kind().to_string();
            Short::Cache { reason }.of(&"anything")
        })?;
    let supplier = Supplier::new(outside)?;
    Ok(Started { supplier, runtime })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::FetchLimits;
    use crate::finding::Blame;
    use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
    use crate::plan::{AppSide, AppSource, HelmInput, RefusalKind, RendererInput};

    /// An application for each of these charts.
    fn declare(versions: std::ops::Range<u32>) -> Declared {
        let app = |version: u32| {
            let input = RendererInput::Helm(HelmInput::new("a", "b"));
            let source = AppSource {
                repository: Some("https://charts.example".to_owned()),
                chart: Some("web".to_owned()),
                revision: Some(format!("1.0.{version}")),
                ..AppSource::here(RepoPath::root(), input)
            };
            let id = AppId {
                kind: DeclaredBy::ArgoApplication,
                cluster: ClusterName::default(),
                namespace: "argocd".to_owned(),
                name: format!("web-{version}"),
                variant: None,
            };
            let side = AppSide {
                sources: vec![source],
                ..AppSide::default()
            };
            (id, side)
        };
        Declared {
            apps: versions.map(app).collect(),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn no_more_is_asked_for_than_the_limit_whatever_a_change_names() {
        let outside = Outside {
            // Whatever is asked for answers so.
            offline: true,
            limits: FetchLimits {
                needs: 3,
                ..FetchLimits::default()
            },
            ..Outside::default()
        };
        let mut bringing = Bringing::new(&outside);
        let mut count = |versions: std::ops::Range<u32>| {
            let (declared, _) = bringing.declare(&Tree::empty(), |_| declare(versions.clone()));
            let refusals = declared.apps.values().flat_map(|side| &side.refusals);
            let refusals: Vec<_> = refusals.collect();
            let over = refusals.iter().filter(|refusal| {
                refusal.kind == RefusalKind::NotSupplied(Blame::Author)
                    && refusal.text.contains("more than 3 charts, bases and files")
                    && refusal.text.contains("`outside.limits.needs`")
            });
            (refusals.len(), over.count())
        };
        assert_eq!(count(0..2), (2, 0));
        // The same ones, and more: the second round of a judgement counts with the first.
        assert_eq!(count(0..9), (9, 6));
        assert_eq!(count(0..9), (9, 6));
    }
}
