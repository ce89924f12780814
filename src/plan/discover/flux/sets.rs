//! What the Flux Operator declares: sets of objects from templates, whole installations. Neither is
//! evaluated, and each is named.

use super::World;
use super::kustomization::refuse;
use super::objects::Object;
use crate::config::repo::Engine;
use crate::ids::{AppId, ClusterName, DeclaredBy};
use crate::plan::{AppSide, OnRemoval, RefusalKind};

/// The application that stands for this object.
pub(super) fn build(_world: &World<'_, '_>, object: &Object<'_>) -> (AppId, AppSide) {
    let text = format!(
        "the {} `{}/{}`",
        object.kind(),
        object.namespace,
        object.name()
    );
    let kind = if object.kind() == "ResourceSet" {
        DeclaredBy::FluxResourceSet
    } else {
        DeclaredBy::FluxInstance
    };
    let side = AppSide {
        cluster: ClusterName(object.cluster().to_owned()),
        engine: Engine::Flux,
        refusals: vec![refuse(object, RefusalKind::OtherGenerator, text)],
        declaration: Some(object.declaration(&[], OnRemoval::Deleted, false)),
        ..AppSide::default()
    };
    (object.id(kind), side)
}
