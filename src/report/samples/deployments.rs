//! Deployments under way, and one that failed.

use crate::ids::ClusterName;
use crate::report::model::{DeploymentRow, DeploymentState, FailedDeployment};

use super::pieces::{app_id, sha};

pub(in crate::report) fn deployments() -> Vec<DeploymentRow> {
    let row = |cluster: &str, state, note: Option<&str>| DeploymentRow {
        app: app_id("shop", cluster),
        cluster: ClusterName(cluster.to_owned()),
        commit: sha('7'),
        state,
        since: "2026-11-21T13:14:06Z".to_owned(),
        note: note.map(str::to_owned),
    };
    vec![
        row(
            "production",
            DeploymentState::InProgress,
            Some("3 of 5 objects are ready"),
        ),
        row("staging", DeploymentState::Deployed, None),
        row(
            "edge",
            DeploymentState::Elsewhere,
            Some("Argo CD deploys it"),
        ),
    ]
}

pub(in crate::report) fn failed_deployment() -> FailedDeployment {
    FailedDeployment {
        app: app_id("shop", "production"),
        cluster: ClusterName("production".to_owned()),
        commit: sha('7'),
        merge: true,
        failures: vec![
            "`Deployment shop/web` is not ready after 10 min: `ImagePullBackOff` in 2 of 3 pods"
                .to_owned(),
        ],
        live: vec!["`Deployment shop/web` runs 2 pods of the version before".to_owned()],
        page: None,
    }
}
