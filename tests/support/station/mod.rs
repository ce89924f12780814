//! A host of charts on 127.0.0.1: files over HTTP, as a chart repository is, and a registry that
//! speaks the OCI distribution protocol, with tokens or basic authentication. The real Helm pulls
//! from it and pushes to it. Every request is written down; faults can be set for any path.

mod registry;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;

pub(crate) use registry::Registry;

/// What a path answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Bytes(Vec<u8>),
    Status(u16),
    /// A status and where to.
    Redirect(u16, String),
    /// More bytes than anybody wants, without an end.
    Endless,
    /// Half a file, and then nothing.
    Stuck,
}

/// Who may ask.
#[derive(Debug, Clone, Default)]
pub(crate) enum Login {
    #[default]
    Nobody,
    /// Name and password with each request.
    Basic(&'static str, &'static str),
    /// A token from this station, given to everybody or to who has this name and password.
    Token(Option<(&'static str, &'static str)>),
    /// A token from elsewhere.
    TokenOf(String),
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) replies: BTreeMap<String, Reply>,
    pub(crate) registry: Registry,
    pub(crate) login: Login,
    pub(crate) seen: Vec<Seen>,
}

pub(crate) struct Station {
    pub(crate) address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Station {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let router = Router::new()
            .fallback(answer)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state((Arc::clone(&shelf), address));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let serving = axum::serve(listener, router);
                tokio::select! {
                    _ = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            shelf,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `oci://127.0.0.1:PORT` and the path.
    pub(crate) fn oci(&self, path: &str) -> String {
        format!("oci://{}{path}", self.address)
    }

    pub(crate) fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }

    /// Sets what a path answers.
    pub(crate) fn put(&self, path: &str, reply: Reply) {
        self.shelf().replies.insert(path.to_owned(), reply);
    }

    pub(crate) fn put_bytes(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, Reply::Bytes(bytes.into()));
    }

    /// What was asked for since the last call.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shelf().seen)
    }

    /// The request lines since the last call.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.take_seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A request in the form that the registry reads.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

type Shared = (Arc<Mutex<Shelf>>, SocketAddr);

async fn answer(State((shelf, address)): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let query = parts.uri.query().unwrap_or_default();
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers,
        body,
    };
    let authorization = asked
        .headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    let mut shelf = shelf.lock().unwrap();
    shelf.seen.push(Seen {
        line: format!("{} {}", asked.method, parts.uri),
        authorization: authorization.clone(),
    });
    if asked.path == "/token" {
        return give_token(&mut shelf, authorization.as_deref());
    }
    if let Some(refused) = refuse(&shelf, authorization.as_deref(), address, &asked.path) {
        return refused;
    }
    match shelf.replies.get(&asked.path).cloned() {
        Some(reply) => send(reply),
        None if asked.path.starts_with("/v2/") => shelf.registry.answer(&asked),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn send(reply: Reply) -> Response {
    match reply {
        Reply::Bytes(bytes) => bytes.into_response(),
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Redirect(status, to) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [(header::LOCATION, to)]).into_response()
        }
        Reply::Endless => {
            let piece = Bytes::from(vec![0_u8; 64 * 1024]);
            let pieces = futures::stream::repeat(Ok::<_, std::convert::Infallible>(piece));
            Body::from_stream(pieces).into_response()
        }
        Reply::Stuck => {
            use futures::StreamExt as _;
            let half = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from("half"))]);
            Body::from_stream(half.chain(futures::stream::pending())).into_response()
        }
    }
}

fn basic(name: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    format!("Basic {pair}")
}

fn give_token(shelf: &mut Shelf, authorization: Option<&str>) -> Response {
    let is_known = match &shelf.login {
        Login::Token(Some((name, password))) => authorization == Some(&basic(name, password)),
        _ => true,
    };
    if !is_known {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    axum::Json(serde_json::json!({ "token": "opaque-token", "expires_in": 300 })).into_response()
}

/// The challenge for who has not said who they are.
fn refuse(
    shelf: &Shelf,
    authorization: Option<&str>,
    address: SocketAddr,
    path: &str,
) -> Option<Response> {
    let realm = match &shelf.login {
        Login::Nobody => return None,
        Login::Basic(name, password) => {
            if authorization == Some(&basic(name, password)) {
                return None;
            }
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"station\"")];
            return Some((StatusCode::UNAUTHORIZED, challenge).into_response());
        }
        Login::Token(_) => format!("http://{address}/token"),
        Login::TokenOf(realm) => realm.clone(),
    };
    if authorization == Some("Bearer opaque-token") || !path.starts_with("/v2/") {
        return None;
    }
    let name = path.trim_start_matches("/v2/");
    let name = ["/manifests/", "/blobs/", "/tags/"]
        .into_iter()
        .find_map(|part| name.split_once(part))
        .map_or(name, |(name, _)| name);
    let challenge =
        format!("Bearer realm=\"{realm}\",service=\"station\",scope=\"repository:{name}:pull\"");
    let challenge = [(header::WWW_AUTHENTICATE, challenge)];
    Some((StatusCode::UNAUTHORIZED, challenge).into_response())
}
