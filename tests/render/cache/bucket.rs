//! Entries that several replicas share in a bucket.

use super::*;

/// As much of S3 as two requests need.
fn serve_bucket() -> (String, tokio::runtime::Runtime) {
    use axum::extract::{Path, State};
    use axum::http::StatusCode;
    use axum::routing::get;
    type Objects = Arc<std::sync::Mutex<BTreeMap<String, axum::body::Bytes>>>;
    async fn read(
        State(objects): State<Objects>,
        Path(key): Path<String>,
    ) -> Result<([(&'static str, &'static str); 2], axum::body::Bytes), StatusCode> {
        let found = objects.lock().unwrap().get(&key).cloned();
        let head = [
            ("etag", "\"1\""),
            ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ];
        found
            .map(|bytes| (head, bytes))
            .ok_or(StatusCode::NOT_FOUND)
    }
    async fn write(
        State(objects): State<Objects>,
        Path(key): Path<String>,
        bytes: axum::body::Bytes,
    ) -> [(&'static str, &'static str); 1] {
        objects.lock().unwrap().insert(key, bytes);
        [("etag", "\"1\"")]
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new()
        .route("/{*key}", get(read).put(write))
        .with_state(Objects::default());
    runtime.spawn(async move { axum::serve(listener, routes).await });
    (address, runtime)
}

fn bucket(endpoint: &str) -> Place {
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Place::Bucket {
        url: "s3://drydock/renders".parse().unwrap(),
        options: vec![
            option("AWS_ENDPOINT", endpoint),
            option("AWS_ALLOW_HTTP", "true"),
            option("AWS_REGION", "local"),
            option("AWS_ACCESS_KEY_ID", "key"),
            option("AWS_SECRET_ACCESS_KEY", "secret"),
            option("AWS_SOMETHING_UNKNOWN", "ignored"),
        ],
    }
}

#[test]
fn replicas_share_a_bucket() {
    let (endpoint, runtime) = serve_bucket();
    let repository = sample_chart();
    let (side, tree) = (repository.helm("chart"), repository.tree());
    let folder = Folder::new();
    let mut first = folder.settings();
    first.cache = Some(Cache::open(&bucket(&endpoint), 0).unwrap());
    let cold = render_side(&side, &tree, &first);
    let mut second = folder.dead_settings();
    second.cache = Some(Cache::open(&bucket(&endpoint), 0).unwrap());
    let warm = render_side(&side, &tree, &second);
    assert_eq!(describe(rendering(&warm)), describe(rendering(&cold)));
    // One with another masking key finds nothing, and its own is not mistaken for theirs.
    let mut stranger = folder.settings();
    stranger.cache = Some(Cache::open(&bucket(&endpoint), 0).unwrap());
    stranger.masker = Masker::new([9; 32]);
    render_side(&side, &tree, &stranger);
    assert_eq!(stranger.cache.as_ref().unwrap().counts().found, 0);
    // A task may be the last owner.
    runtime.block_on(async move { drop((first, second, stranger)) });
}

#[test]
fn a_bucket_that_does_not_answer_changes_nothing() {
    let repository = sample_chart();
    let folder = Folder::new();
    let mut settings = folder.settings();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    settings.cache = Some(Cache::open(&bucket(&endpoint), 0).unwrap());
    let (side, tree) = (repository.helm("chart"), repository.tree());
    assert!(render_side(&side, &tree, &settings).rendering().is_some());
}

#[test]
fn an_address_that_is_no_storage_is_refused() {
    for url in ["https://example.com/x", "memory:///", "ftp://a/b"] {
        let place = Place::Bucket {
            url: url.parse().unwrap(),
            options: Vec::new(),
        };
        assert!(Cache::open(&place, 0).is_err(), "{url}");
    }
}
