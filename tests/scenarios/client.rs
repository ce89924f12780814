//! The GitHub client speaks what GitHub documents, and sends each write once.

use drydock::clients::github::{
    Annotation, AnnotationLevel, CheckContent, CheckStatus, Conclusion, DeploymentState, GitHub,
    GitHubError, GitHubOptions, NewDeployment, NewDeploymentStatus, Permission, RepositoryRef,
};
use drydock::finding::Retry;
use drydock::ids::{CommitSha, PrNumber, RepositoryId};
use secrecy::SecretString;

use crate::github::{self, Fault, FaultKind, State};

fn client(fake: &github::GitHub) -> GitHub {
    GitHub::new(&GitHubOptions {
        api: fake.api(),
        app_id: fake.app_id(),
        private_key: SecretString::from(github::private_key_pem()),
    })
    .unwrap()
}

fn reference(id: u64) -> RepositoryRef {
    RepositoryRef {
        id: RepositoryId(id),
        name: "demo/shop".parse().unwrap(),
        installation: State::INSTALLATION,
    }
}

fn content(annotations: usize) -> CheckContent {
    let annotation = |number: usize| Annotation {
        path: "a.yaml".into(),
        start_line: u32::try_from(number).unwrap() + 1,
        end_line: u32::try_from(number).unwrap() + 1,
        start_column: Some(3),
        end_column: Some(5),
        annotation_level: AnnotationLevel::Failure,
        message: "is wrong".into(),
        title: Some("schema".into()),
    };
    CheckContent {
        status: CheckStatus::Completed,
        conclusion: Some(Conclusion::Failure),
        title: "2 findings block".into(),
        summary: "text".into(),
        text: Some("more".into()),
        annotations: (0..annotations).map(annotation).collect(),
        details_url: None,
    }
}

async fn start() -> (github::GitHub, GitHub, RepositoryRef, CommitSha) {
    let fake = github::GitHub::start().await;
    let id = fake.create_repository("demo/shop", &[("a.yaml", Some("a: 1\n"))]);
    let head = fake.commit(
        "demo/shop",
        "change/x",
        Some("main"),
        &[("a.yaml", Some("a: 2\n"))],
    );
    fake.open_pull("demo/shop", "change/x", "main");
    let client = client(&fake);
    (fake, client, reference(id), head.parse().unwrap())
}

#[tokio::test]
async fn the_app_reads_what_it_was_given() {
    let (fake, client, repository, head) = start().await;
    assert_eq!(client.fetch_app().await.unwrap().slug, State::SLUG);
    assert_eq!(
        client.fetch_installations().await.unwrap(),
        [State::INSTALLATION]
    );
    let origins = client
        .fetch_repositories(State::INSTALLATION)
        .await
        .unwrap();
    assert_eq!(origins[0].name.to_string(), "demo/shop");
    let pull = client.fetch_pull(&repository, PrNumber(1)).await.unwrap();
    assert_eq!(
        (&pull.head.sha, pull.open, pull.is_from_fork()),
        (&head, true, false)
    );
    assert_eq!(client.fetch_open_pulls(&repository).await.unwrap(), [pull]);
    let comparison = client
        .fetch_comparison(&repository, "main", &head)
        .await
        .unwrap();
    assert_eq!(comparison.base_tip, comparison.merge_base);
    let permission = client
        .fetch_permission(&repository, "octocat")
        .await
        .unwrap();
    assert!(permission >= Permission::Write);
    let stranger = client
        .fetch_permission(&repository, "stranger")
        .await
        .unwrap();
    assert_eq!(stranger, Permission::None);
    let gone = client
        .fetch_pull(&repository, PrNumber(9))
        .await
        .unwrap_err();
    assert!(gone.is_gone(), "{gone}");
    fake.assert_contract_kept();
}

#[tokio::test]
async fn annotations_beyond_a_batch_are_appended() {
    let (fake, client, repository, head) = start().await;
    let wanted = content(120);
    let mut check = client
        .create_check_run(&repository, "drydock", &head, "r1", &wanted)
        .await
        .unwrap();
    while check.output.annotations_count < wanted.annotations.len() {
        let from = check.output.annotations_count;
        check = client
            .update_check_run(&repository, check.id, &wanted, from)
            .await
            .unwrap();
    }
    let found = client
        .fetch_check_runs(&repository, "drydock", &head)
        .await
        .unwrap();
    assert_eq!(
        (found.len(), found[0].external_id.as_deref()),
        (1, Some("r1"))
    );
    let lines = fake.look(|state| {
        let check = state
            .repository("demo/shop")
            .newest_check(head.as_str())
            .unwrap();
        check
            .annotations
            .iter()
            .map(|note| note["start_line"].as_u64().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(lines, (1..=120).collect::<Vec<_>>());
    assert_eq!(fake.look(|state| state.writes.len()), 3);
    fake.assert_contract_kept();
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once() {
    let (fake, client, repository, _) = start().await;
    for kind in [FaultKind::LoseAnswer, FaultKind::Refuse(502)] {
        fake.inject(Fault {
            method: "POST",
            path: "/comments",
            kind,
        });
        let error = client
            .create_comment(&repository, PrNumber(1), "hello")
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                GitHubError::NoAnswer { .. } | GitHubError::Failed { status: 502, .. }
            ),
            "{error}"
        );
        assert!(matches!(error.retry(), Retry::After(_)));
    }
    let comments = client
        .fetch_comments(&repository, PrNumber(1))
        .await
        .unwrap();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].is_by(fake.app_id(), State::SLUG));
    client
        .update_comment(&repository, comments[0].id, "edited")
        .await
        .unwrap();
    assert_eq!(fake.look(|state| state.writes.len()), 2);
    fake.assert_contract_kept();
}

#[tokio::test]
async fn deployments_are_found_again_by_their_job() {
    let (fake, client, repository, head) = start().await;
    let new = NewDeployment {
        sha: head.to_string(),
        environment: "production / eu".into(),
        description: "d".repeat(200),
        job: "run-1".into(),
        production: true,
    };
    let made = client.create_deployment(&repository, &new).await.unwrap();
    let found = client
        .fetch_deployments(&repository, &head, "production / eu")
        .await
        .unwrap();
    assert_eq!(
        (found[0].id, found[0].job()),
        (made.id, Some("run-1".into()))
    );
    for state in [DeploymentState::InProgress, DeploymentState::Success] {
        let status = NewDeploymentStatus {
            state,
            description: "rolls out".into(),
            log_url: None,
        };
        client
            .create_deployment_status(&repository, made.id, &status)
            .await
            .unwrap();
    }
    let statuses = client
        .fetch_deployment_statuses(&repository, made.id)
        .await
        .unwrap();
    assert_eq!(statuses[0].state, "success");
    fake.assert_contract_kept();
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once() {
    let (fake, client, repository, _) = start().await;
    client.fetch_pull(&repository, PrNumber(1)).await.unwrap();
    fake.inject(Fault {
        method: "GET",
        path: "/pulls/1",
        kind: FaultKind::Refuse(401),
    });
    client.fetch_pull(&repository, PrNumber(1)).await.unwrap();
    let lost = RepositoryRef {
        installation: 5,
        ..repository
    };
    let error = client.fetch_pull(&lost, PrNumber(1)).await.unwrap_err();
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error}");
}

#[tokio::test]
async fn credentials_never_show_in_debug_output() {
    let (_fake, client, repository, _) = start().await;
    let token = client
        .mint_token(&repository, drydock::clients::github::Scope::Review)
        .await
        .unwrap();
    let options = GitHubOptions {
        api: "https://example.com".into(),
        app_id: 1,
        private_key: SecretString::from(github::private_key_pem()),
    };
    let shown = format!("{client:?} {token:?} {options:?}");
    assert!(
        !shown.contains("ghs_") && !shown.contains("PRIVATE"),
        "{shown}"
    );
}
